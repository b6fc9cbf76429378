/// Writes byte strings with all lengths first (Encodings.md, "Delta-length byte array (DELTA_LENGTH_BYTE_ARRAY = 6)").
enum DeltaLengthByteArrayEncoder {
    /// Appends values that PLAIN has encoded already: each with its length before it.
    static func append(plain: UnsafeRawBufferPointer, count: Int, to out: ByteBuffer) {
        guard let base = plain.baseAddress else { return }
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: max(1, count)) { lengths in
            guard let lengths = lengths.baseAddress else { return }
            var at = base
            for i in 0..<count {
                lengths[i] = Int64(UInt32(littleEndian: at.loadUnaligned(as: UInt32.self)))
                at += 4 &+ Int(lengths[i])
            }
            DeltaBinaryPackedEncoder.append(lengths, count: count, narrow: true, to: out)
            var target = out.reserve(plain.count)
            at = base
            for i in 0..<count {
                target.copyMemory(from: at + 4, byteCount: Int(lengths[i]))
                target += Int(lengths[i])
                at += 4 &+ Int(lengths[i])
            }
            out.advance(plain.count - 4 * count)
        }
    }
}
