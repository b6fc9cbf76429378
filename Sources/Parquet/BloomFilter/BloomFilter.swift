import Glibc

/// A split block bloom filter: says of a value that a column chunk does not have it, or that it may
/// (apache/parquet-format, BloomFilter.md).
struct BloomFilter {
    /// Blocks of eight words of 32 bits.
    private var words: [UInt32]

    private static let wordsPerBlock = 8
    private static let blockBytes = 32
    /// The sizes of filters that are written and read, in bytes.
    static let maxBytes = 4 << 20
    /// One odd number for each word of a block (BloomFilter.md, "Algorithm").
    private static let salts: [UInt32] = [
        0x47B6_137B, 0x4497_4D91, 0x8824_AD5B, 0xA2B7_289D, 0x7054_95C7, 0x2DF1_424B, 0x9EFC_4947, 0x5C6B_FB31,
    ]

    /// Makes a filter of some values' hashes.
    ///
    /// - Parameter falsePositives: the share of values that are not there of which the filter says that they may be.
    init(_ hashes: Set<UInt64>, falsePositives: Double) {
        // BloomFilter.md, "Sizing an SBBF": bits = -8 n / ln(1 - p^(1/8)), and here a power of two of blocks.
        let share = min(max(falsePositives, 1e-6), 0.5)
        let bits = -8 * Double(max(1, hashes.count)) / log(1 - pow(share, 1 / 8))
        var bytes = Self.blockBytes
        while Double(bytes * 8) < bits, bytes < Self.maxBytes { bytes *= 2 }
        words = [UInt32](repeating: 0, count: bytes / 4)
        for hash in hashes { insert(hash) }
    }

    /// Takes a filter as it stands in a file; nil where its size is not one.
    init?(bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty, bytes.count % Self.blockBytes == 0 else { return nil }
        words = (0..<bytes.count / 4).map { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)) }
    }

    private mutating func insert(_ hash: UInt64) {
        let block = block(of: hash)
        for (index, salt) in Self.salts.enumerated() { words[block + index] |= Self.bit(hash, salt) }
    }

    func mayContain(_ hash: UInt64) -> Bool {
        let block = block(of: hash)
        return Self.salts.enumerated().allSatisfy { index, salt in words[block + index] & Self.bit(hash, salt) != 0 }
    }

    /// The first word of the block that the hash's upper half chooses.
    private func block(of hash: UInt64) -> Int {
        let blocks = UInt64(words.count / Self.wordsPerBlock)
        return Int(((hash >> 32) &* blocks) >> 32) * Self.wordsPerBlock
    }

    private static func bit(_ hash: UInt64, _ salt: UInt32) -> UInt32 {
        1 << ((UInt32(truncatingIfNeeded: hash) &* salt) >> 27)
    }

    /// `BloomFilterHeader` and the filter, as they stand in a file.
    var encoded: [UInt8] {
        var writer = ThriftWriter()
        writer.structure { writer in
            writer.field(1, int32: Int32(words.count * 4))
            // The only ones that there are: split blocks, xxHash, uncompressed.
            for id: Int16 in 2...4 { writer.field(id) { choice in choice.field(1) { _ in } } }
        }
        return writer.bytes + words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
    }

    /// Reads the header.
    ///
    /// - Returns: how many bytes the filter behind it has; nil where it is of a kind that is not known.
    static func readHeader(_ reader: inout ThriftReader) throws -> Int? {
        var size: Int32 = 0
        var known = true
        try reader.structure { reader, field in
            switch field.id {
            case 1: size = try reader.int32(field)
            case 2...4:
                try reader.structure(field) { reader, field in
                    if field.id != 1 { known = false }
                    try reader.skip(field)
                }
            default: try reader.skip(field)
            }
        }
        return known && size > 0 && Int(size) <= maxBytes * 32 ? Int(size) : nil
    }
}
