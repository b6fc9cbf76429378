/// Writes numbers one after the other (Encodings.md, "Plain (PLAIN = 0)"). Byte strings: ``ByteBuffer/appendPlain``.
enum PlainEncoder {
    /// Appends 64-bit words (integers, or the bits of a Double) as values of a physical type.
    static func append(_ words: UnsafePointer<Int64>, count: Int, _ type: PhysicalType, to out: ByteBuffer) {
        switch type {
        case .int64, .double:
            out.append(UnsafeRawBufferPointer(start: words, count: count * 8))
        case .int32:
            let target = out.reserve(count * 4)
            for i in 0..<count {
                target.storeBytes(
                    of: Int32(truncatingIfNeeded: words[i]).littleEndian, toByteOffset: i &* 4, as: Int32.self)
            }
            out.advance(count * 4)
        case .float:
            let target = out.reserve(count * 4)
            for i in 0..<count {
                let value = Float(Double(bitPattern: UInt64(bitPattern: words[i])))
                target.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: i &* 4, as: UInt32.self)
            }
            out.advance(count * 4)
        case .boolean: appendBits(words, count: count, to: out)
        case .int96, .byteArray, .fixedLengthByteArray: preconditionFailure("not a number")
        }
    }

    private static func appendBits(_ words: UnsafePointer<Int64>, count: Int, to out: ByteBuffer) {
        let size = (count + 7) / 8
        let target = out.reserve(size)
        for byte in 0..<size {
            var bits: UInt8 = 0
            for bit in 0..<min(8, count &- byte &* 8) where words[byte &* 8 &+ bit] != 0 { bits |= 1 << UInt8(bit) }
            target.storeBytes(of: bits, toByteOffset: byte, as: UInt8.self)
        }
        out.advance(size)
    }
}
