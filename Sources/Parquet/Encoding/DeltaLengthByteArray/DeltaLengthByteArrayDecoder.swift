import Columns

/// Reads byte strings whose lengths stand first, all together
/// (Encodings.md, "Delta-length byte array (DELTA_LENGTH_BYTE_ARRAY = 6)").
struct DeltaLengthByteArrayDecoder {
    private var lengths: DeltaBinaryPackedDecoder
    private var at: UnsafeRawPointer
    private let end: UnsafeRawPointer

    init(_ start: UnsafeRawPointer, end: UnsafeRawPointer) throws {
        lengths = try DeltaBinaryPackedDecoder(start, end: end)
        at = try lengths.endOfValues()
        self.end = end
    }

    /// All that the values still to come take.
    var bytesLeft: Int { end - at }

    mutating func decode(_ count: Int, into out: inout ByteValues) throws {
        try next(count) { sizes, bytes in
            let start = out.bytes.count
            out.bytes.append(contentsOf: bytes)
            var offset = start
            for size in sizes {
                offset += Int(size)
                out.offsets.append(UInt32(offset))
            }
        }
    }

    /// Hands over the lengths and the bytes of the next values.
    mutating func next(
        _ count: Int, _ body: (UnsafeMutableBufferPointer<Int64>, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try withUnsafeTemporaryAllocation(of: Int64.self, capacity: max(1, count)) { room in
            guard let base = room.baseAddress else { return }
            try lengths.decode(count, into: base)
            let left = end - at
            var size = 0
            for i in 0..<count {
                guard base[i] >= 0, base[i] <= left - size else {
                    throw ParquetError.truncated("a byte string of \(base[i]) bytes")
                }
                size += Int(base[i])
            }
            try body(
                UnsafeMutableBufferPointer(start: base, count: count), UnsafeRawBufferPointer(start: at, count: size))
            at += size
        }
    }
}
