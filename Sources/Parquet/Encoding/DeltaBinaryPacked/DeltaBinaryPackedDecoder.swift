/// Reads integers stored as differences (Encodings.md, "Delta Encoding (DELTA_BINARY_PACKED = 5)").
///
/// The bytes must outlive the decoder. Values of 32 bits are those bits of what comes out.
struct DeltaBinaryPackedDecoder {
    private var at: UnsafeRawPointer
    private let end: UnsafeRawPointer
    private let miniblocks: Int
    private let miniblockValues: Int
    /// How many values there are, by the header.
    let total: Int

    private var left: Int
    private var last: Int64
    private var minDelta: Int64 = 0
    /// Where the bit widths of the block's miniblocks stand, and which of them comes next.
    private var widths: UnsafeRawPointer
    private var nextMiniblock: Int
    private var packed: UnsafeRawPointer
    private var packedEnd: UnsafeRawPointer
    private var packedWidth = 0
    private var packedBit = 0
    private var packedLeft = 0

    init(_ start: UnsafeRawPointer, end: UnsafeRawPointer) throws {
        at = start
        self.end = end
        widths = start
        packed = start
        packedEnd = start
        let blockValues = try Self.varint(&at, end)
        let miniblocks = try Self.varint(&at, end)
        let total = try Self.varint(&at, end)
        last = Self.unzigzag(try Self.varint(&at, end))
        guard blockValues > 0, blockValues <= UInt64(ParquetLimits.maxDeltaBlockValues), miniblocks > 0,
            blockValues % miniblocks == 0, blockValues / miniblocks % 8 == 0
        else {
            throw ParquetError.page("differences in blocks of \(blockValues) values and \(miniblocks) parts are not possible")
        }
        guard total <= UInt64(Int32.max) else { throw ParquetError.page("a page says that it has \(total) values") }
        self.total = Int(total)
        self.miniblocks = Int(miniblocks)
        miniblockValues = Int(blockValues / miniblocks)
        left = self.total
        nextMiniblock = self.miniblocks
    }

    mutating func decode(_ count: Int, into out: UnsafeMutablePointer<Int64>) throws {
        guard count <= left else { throw ParquetError.truncated("a page's differences") }
        guard count > 0 else { return }
        var done = 0
        if left == total {
            out[0] = last
            done = 1
            left &-= 1
        }
        while done < count {
            if packedLeft == 0 { try beginMiniblock() }
            let n = min(packedLeft, count &- done)
            let width = packedWidth
            let minDelta = self.minDelta
            var value = last
            var bit = packedBit
            for i in 0..<n {
                let delta = BitPacking.load(packed, end: packedEnd, bit: bit, width: width)
                value = value &+ minDelta &+ Int64(bitPattern: delta)
                out[done &+ i] = value
                bit &+= width
            }
            last = value
            packedBit = bit
            packedLeft &-= n
            done &+= n
            left &-= n
        }
    }

    /// Where the values end and what follows them begins. Only before the first value was decoded.
    func endOfValues() throws -> UnsafeRawPointer {
        var walk = self
        walk.left -= 1
        while walk.left > 0 {
            try walk.beginMiniblock()
            walk.left -= walk.packedLeft
        }
        return walk.at
    }

    private mutating func beginMiniblock() throws {
        if nextMiniblock == miniblocks {
            minDelta = Self.unzigzag(try Self.varint(&at, end))
            guard end - at >= miniblocks else { throw ParquetError.truncated("a block of differences") }
            widths = at
            at += miniblocks
            nextMiniblock = 0
        }
        let width = Int(widths.load(fromByteOffset: nextMiniblock, as: UInt8.self))
        guard width <= 64 else { throw ParquetError.page("differences of \(width) bits: at most 64 are possible") }
        nextMiniblock += 1
        // The last part is filled up with zeros, which not every writer writes.
        let needed = min(left, miniblockValues)
        guard (needed * width + 7) / 8 <= end - at else { throw ParquetError.truncated("a block of differences") }
        packed = at
        at += min(miniblockValues * width / 8, end - at)
        packedEnd = at
        packedWidth = width
        packedBit = 0
        packedLeft = needed
    }

    private static func varint(_ at: inout UnsafeRawPointer, _ end: UnsafeRawPointer) throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard at < end else { throw ParquetError.truncated("the header of a page's differences") }
            let byte = at.load(as: UInt8.self)
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw ParquetError.page("a number in the header of differences has more than 64 bits")
    }

    private static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
