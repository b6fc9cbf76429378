/// Writes byte strings as the length that each shares with the one before, and the rest
/// (Encodings.md, "Delta Strings (DELTA_BYTE_ARRAY = 7)").
enum DeltaByteArrayEncoder {
    /// Appends values that PLAIN has encoded already: each with its length before it.
    ///
    /// - Parameter suffixes: room for what is left of the values; is overwritten.
    static func append(plain: UnsafeRawBufferPointer, count: Int, suffixes: ByteBuffer, to out: ByteBuffer) {
        guard let base = plain.baseAddress else { return }
        suffixes.removeAll()
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: max(1, count)) { prefixes in
            guard let prefixes = prefixes.baseAddress else { return }
            var at = base
            var previous = base
            var previousCount = 0
            for i in 0..<count {
                let length = Int(UInt32(littleEndian: at.loadUnaligned(as: UInt32.self)))
                let shared = sharedCount(previous, at + 4, min(previousCount, length))
                prefixes[i] = Int64(shared)
                suffixes.appendPlain(at + 4 + shared, count: length &- shared, isFixed: false)
                previous = at + 4
                previousCount = length
                at += 4 &+ length
            }
            DeltaBinaryPackedEncoder.append(prefixes, count: count, narrow: true, to: out)
        }
        DeltaLengthByteArrayEncoder.append(plain: suffixes.bytes, count: count, to: out)
    }

    @inline(__always)
    private static func sharedCount(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ limit: Int) -> Int {
        var count = 0
        while count &+ 8 <= limit {
            let difference =
                a.loadUnaligned(fromByteOffset: count, as: UInt64.self) ^ b.loadUnaligned(fromByteOffset: count, as: UInt64.self)
            if difference != 0 { return count &+ UInt64(littleEndian: difference).trailingZeroBitCount >> 3 }
            count &+= 8
        }
        while count < limit, a.load(fromByteOffset: count, as: UInt8.self) == b.load(fromByteOffset: count, as: UInt8.self) {
            count &+= 1
        }
        return count
    }
}
