import Columns

/// Reads values that stand one after the other (Encodings.md, "Plain (PLAIN = 0)").
///
/// The bytes must outlive the decoder.
struct PlainDecoder {
    private var at: UnsafeRawPointer
    private let end: UnsafeRawPointer
    /// The next bit of a page of truth values.
    private var bit = 0

    init(_ start: UnsafeRawPointer, end: UnsafeRawPointer) {
        at = start
        self.end = end
    }

    /// Numbers as 64-bit words: integers, or the bits of a Double.
    mutating func decodeWords(_ count: Int, _ type: PhysicalType, into out: UnsafeMutablePointer<Int64>) throws {
        switch type {
        case .int64, .double:
            try check(count, 8)
            UnsafeMutableRawPointer(out).copyMemory(from: at, byteCount: count &* 8)
            at += count &* 8
        case .int32:
            try check(count, 4)
            for i in 0..<count {
                out[i] = Int64(Int32(littleEndian: at.loadUnaligned(fromByteOffset: i &* 4, as: Int32.self)))
            }
            at += count &* 4
        case .float:
            try check(count, 4)
            for i in 0..<count {
                let bits = UInt32(littleEndian: at.loadUnaligned(fromByteOffset: i &* 4, as: UInt32.self))
                out[i] = Int64(bitPattern: Double(Float(bitPattern: bits)).bitPattern)
            }
            at += count &* 4
        case .boolean:
            guard count <= (end - at) &* 8 &- bit else { throw ParquetError.truncated("a page's values") }
            for i in 0..<count {
                let place = bit &+ i
                out[i] = Int64(at.load(fromByteOffset: place >> 3, as: UInt8.self) >> UInt8(place & 7) & 1)
            }
            bit &+= count
        case .int96, .byteArray, .fixedLengthByteArray: preconditionFailure("not a number")
        }
    }

    /// Byte strings, each with its length before it.
    mutating func decodeBytes(_ count: Int, into out: inout ByteValues) throws {
        var walk = at
        var size = 0
        for _ in 0..<count {
            guard end - walk >= 4 else { throw ParquetError.truncated("a page's values") }
            let length = Int(UInt32(littleEndian: walk.loadUnaligned(as: UInt32.self)))
            walk += 4
            guard length <= end - walk else { throw ParquetError.truncated("a byte string of \(length) bytes") }
            walk += length
            size &+= length
        }
        var source = at
        out.grow(values: count, bytes: size) { offsets, bytes, start in
            var offset = start
            var target = bytes
            for i in 0..<count {
                let length = Int(UInt32(littleEndian: source.loadUnaligned(as: UInt32.self)))
                target.copyMemory(from: source + 4, byteCount: length)
                source += 4 &+ length
                target += length
                offset &+= length
                offsets[i] = UInt32(truncatingIfNeeded: offset)
            }
        }
        at = walk
    }

    /// Byte strings of one length.
    mutating func decodeFixed(_ count: Int, width: Int, into out: inout ByteValues) throws {
        try check(count, width)
        let source = at
        out.grow(values: count, bytes: count * width) { offsets, bytes, start in
            bytes.copyMemory(from: source, byteCount: count * width)
            for i in 0..<count { offsets[i] = UInt32(truncatingIfNeeded: start &+ (i &+ 1) &* width) }
        }
        at += count * width
    }

    private func check(_ count: Int, _ width: Int) throws {
        guard count <= (end - at) / width else { throw ParquetError.truncated("a page's values") }
    }
}

extension ByteValues {
    /// Appends values: `fill` writes their end offsets and their bytes, and is told how many bytes were there before.
    @inline(__always)
    mutating func grow(
        values: Int, bytes size: Int,
        _ fill: (_ offsets: UnsafeMutablePointer<UInt32>, _ bytes: UnsafeMutableRawPointer, _ start: Int) -> Void
    ) {
        guard values > 0 else { return }
        let start = bytes.count
        let first = offsets.count
        offsets.append(contentsOf: repeatElement(UInt32(start), count: values))
        // One byte at least, so that there is an address.
        bytes.append(contentsOf: repeatElement(0, count: max(1, size)))
        offsets.withUnsafeMutableBufferPointer { offsets in
            bytes.withUnsafeMutableBytes { bytes in
                guard let offsets = offsets.baseAddress, let bytes = bytes.baseAddress else { return }
                fill(offsets + first, bytes + start, start)
            }
        }
        if size == 0 { bytes.removeLast() }
    }
}
