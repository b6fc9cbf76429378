import Columns

/// Reads byte strings that share a front part with the one before
/// (Encodings.md, "Delta Strings (DELTA_BYTE_ARRAY = 7)").
struct DeltaByteArrayDecoder {
    private var prefixes: DeltaBinaryPackedDecoder
    private var suffixes: DeltaLengthByteArrayDecoder
    /// The last value, for the next call.
    private var previous: [UInt8] = []
    /// No value can be longer than all suffixes together.
    let maxValueBytes: Int

    init(_ start: UnsafeRawPointer, end: UnsafeRawPointer) throws {
        prefixes = try DeltaBinaryPackedDecoder(start, end: end)
        suffixes = try DeltaLengthByteArrayDecoder(try prefixes.endOfValues(), end: end)
        maxValueBytes = suffixes.bytesLeft
    }

    mutating func decode(_ count: Int, into out: inout ByteValues) throws {
        var previous = self.previous[...]
        try withUnsafeTemporaryAllocation(of: Int64.self, capacity: max(1, count)) { room in
            guard let base = room.baseAddress else { return }
            try prefixes.decode(count, into: base)
            try suffixes.next(count) { sizes, bytes in
                var at = 0
                for i in 0..<count {
                    guard base[i] >= 0, base[i] <= previous.count else {
                        throw ParquetError.page("a byte string begins with \(base[i]) bytes of one of \(previous.count)")
                    }
                    let start = out.bytes.count
                    out.bytes.append(contentsOf: previous.prefix(Int(base[i])))
                    out.bytes.append(contentsOf: bytes[at..<at + Int(sizes[i])])
                    at += Int(sizes[i])
                    out.offsets.append(UInt32(out.bytes.count))
                    previous = out.bytes[start...]
                }
            }
        }
        self.previous = Array(previous)
    }
}
