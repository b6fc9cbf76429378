/// Writes levels and dictionary indices: long runs of one value as such, all else bit-packed
/// (Encodings.md, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)").
enum RunLengthEncoder {
    /// Appends all values, each of at most `bitWidth` (0 to 32) bits.
    @inline(__always)
    static func append<Number: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafePointer<Number>, count: Int, bitWidth: Int, to out: ByteBuffer
    ) {
        // A shorter run costs more as a run, with the headers around it, than packed.
        let minRun = bitWidth <= 2 ? 32 : 8
        var packedStart = 0
        var at = 0
        while at < count {
            let value = values[at]
            var runEnd = at &+ 1
            while runEnd < count, values[runEnd] == value { runEnd &+= 1 }
            // A packed run holds a multiple of eight values: it takes what it lacks from the front of this run.
            let fill = (8 &- (at &- packedStart) & 7) & 7
            if runEnd &- at &- fill >= minRun {
                at &+= fill
                appendPacked(values + packedStart, count: at &- packedStart, bitWidth, to: out)
                appendRun(of: UInt32(truncatingIfNeeded: value), count: runEnd &- at, bitWidth, to: out)
                packedStart = runEnd
            }
            at = runEnd
        }
        appendPacked(values + packedStart, count: count &- packedStart, bitWidth, to: out)
    }

    static func appendRun(of value: UInt32, count: Int, _ bitWidth: Int, to out: ByteBuffer) {
        guard count > 0 else { return }
        out.appendVarint(UInt64(count) << 1)
        let width = (bitWidth + 7) / 8
        out.reserve(4).storeBytes(of: value.littleEndian, as: UInt32.self)
        out.advance(width)
    }

    @inline(__always)
    private static func appendPacked<Number: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafePointer<Number>, count: Int, _ bitWidth: Int, to out: ByteBuffer
    ) {
        guard count > 0 else { return }
        let groups = (count + 7) / 8
        out.appendVarint(UInt64(groups) << 1 | 1)
        let size = groups * bitWidth
        let target = out.reserve(size + 8)
        let written = BitPacking.pack(values, count: count, width: bitWidth, into: target)
        for i in written..<max(written, size) { target.storeBytes(of: 0, toByteOffset: i, as: UInt8.self) }
        out.advance(size)
    }
}
