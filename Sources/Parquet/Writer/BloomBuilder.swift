import Columns

/// Gathers the hashes of a column chunk's values for its bloom filter (BloomFilter.md: of their PLAIN encoding, byte
/// strings without their length).
struct BloomBuilder {
    private var hashes: Set<UInt64> = []
    private let falsePositives: Double
    /// Hashes beyond which a filter would let too much pass: the chunk then has none.
    private static let maxHashes = 2 << 20
    private var isTooLarge = false

    /// nil for a column that is to have no filter.
    init?(_ column: String, _ options: ParquetWriteOptions) {
        guard options.bloomFilterColumns.contains(column) else { return nil }
        falsePositives = options.bloomFalsePositives
    }

    mutating func add(_ value: UnsafeRawBufferPointer) {
        guard !isTooLarge else { return }
        hashes.insert(XXHash64.hash(value))
        isTooLarge = hashes.count > Self.maxHashes
    }

    /// Adds numbers: 64-bit words that are integers, or the bits of Doubles.
    mutating func add(_ words: UnsafePointer<Int64>, count: Int, _ type: PhysicalType) {
        for i in 0..<count {
            withUnsafeBytes(of: Self.plain(words[i], type)) { add(UnsafeRawBufferPointer(rebasing: $0[..<(type.width ?? 8)])) }
        }
    }

    /// A word as PLAIN has it, in the first bytes.
    static func plain(_ word: Int64, _ type: PhysicalType) -> UInt64 {
        guard type == .float else { return UInt64(bitPattern: word).littleEndian }
        return UInt64(Float(Double(bitPattern: UInt64(bitPattern: word))).bitPattern).littleEndian
    }

    /// The filter, nil where the chunk has none; the next chunk's begins.
    mutating func finish() -> BloomFilter? {
        defer {
            hashes.removeAll(keepingCapacity: true)
            isTooLarge = false
        }
        return isTooLarge || hashes.isEmpty ? nil : BloomFilter(hashes, falsePositives: falsePositives)
    }
}
