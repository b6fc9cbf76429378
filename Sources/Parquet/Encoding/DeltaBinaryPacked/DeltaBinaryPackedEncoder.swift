/// Writes integers as differences (Encodings.md, "Delta Encoding (DELTA_BINARY_PACKED = 5)"), in blocks of 128 values of
/// four parts each, as the other writers do.
enum DeltaBinaryPackedEncoder {
    static let blockValues = 128
    static let miniblocks = 4
    static let miniblockValues = blockValues / miniblocks

    /// Appends values; with `narrow`, they are of 32 bits, and so are their differences.
    static func append(_ values: UnsafePointer<Int64>, count: Int, narrow: Bool, to out: ByteBuffer) {
        out.appendVarint(UInt64(blockValues))
        out.appendVarint(UInt64(miniblocks))
        out.appendVarint(UInt64(count))
        out.appendZigzag(count > 0 ? values[0] : 0)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: blockValues) { deltas in
            guard let deltas = deltas.baseAddress else { return }
            var at = 1
            while at < count {
                let n = min(blockValues, count - at)
                appendBlock(values + at, count: n, narrow, deltas, to: out)
                at += n
            }
        }
    }

    /// One block; `values[-1]` is the value before it.
    private static func appendBlock(
        _ values: UnsafePointer<Int64>, count: Int, _ narrow: Bool, _ deltas: UnsafeMutablePointer<UInt64>,
        to out: ByteBuffer
    ) {
        var minDelta = Int64.max
        for i in 0..<count {
            var delta = values[i] &- values[i &- 1]
            if narrow { delta = Int64(Int32(truncatingIfNeeded: delta)) }
            deltas[i] = UInt64(bitPattern: delta)
            minDelta = min(minDelta, delta)
        }
        let mask: UInt64 = narrow ? UInt64(UInt32.max) : .max
        for i in 0..<count { deltas[i] = (deltas[i] &- UInt64(bitPattern: minDelta)) & mask }
        for i in count..<blockValues { deltas[i] = 0 }

        out.appendZigzag(minDelta)
        let room = out.reserve(miniblocks + blockValues * 8 + 8)
        var written = miniblocks
        for part in 0..<miniblocks {
            let start = part * miniblockValues
            var all: UInt64 = 0
            for i in start..<start + miniblockValues { all |= deltas[i] }
            // A part without values has the width 0 and takes no room.
            let width = BitPacking.width(all)
            room.storeBytes(of: UInt8(width), toByteOffset: part, as: UInt8.self)
            if width > 0 {
                written += BitPacking.packWide(
                    deltas + start, count: miniblockValues, width: width, into: room + written)
            }
        }
        out.advance(written)
    }
}
