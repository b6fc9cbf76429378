import Columns

/// Encodes one column's values into the pages of a chunk, row group after row group.
protocol ColumnEncoder: AnyObject {
    var pages: PageCollector { get }
    /// Bytes of memory that the chunk takes so far, finished or not.
    var bufferedBytes: Int { get }

    /// Takes rows of a vector of the column's type.
    func append(_ vector: ColumnVector, rows: Range<Int>) throws

    /// Finishes the last page and the dictionary page.
    func finishChunk() throws -> ChunkEnding
}

/// What is known of a column chunk when all of its pages are finished.
struct ChunkEnding {
    var bounds: EncodedBounds
    /// How the bounds of its pages follow each other.
    var order: ColumnIndex.BoundaryOrder
    var bloomFilter: BloomFilter?
}

/// Tells from page to page whether all of a chunk's pages rise or fall.
struct PageOrder {
    private var rises = true
    private var falls = true

    /// - Parameter isAbove, isBelow: whether both bounds of a page are not less, not greater than those of the one before.
    mutating func add(isAbove: Bool, isBelow: Bool) {
        rises = rises && isAbove
        falls = falls && isBelow
    }

    var boundaryOrder: ColumnIndex.BoundaryOrder { rises ? .ascending : falls ? .descending : .unordered }
}

/// How large the pages and dictionaries of a file's columns become: smaller where there are many columns, so that all of
/// them together stay within bounds.
struct ColumnSizes {
    let pageBytes: Int
    let pageRows: Int
    /// Values that a dictionary sees before the share of new ones among them tells anything.
    let dictionaryTrial: Int

    init(_ options: ParquetWriteOptions, columns: Int) {
        let share = ParquetLimits.openPageBytes / max(1, columns)
        pageBytes = min(max(1024, options.pageBytes), max(ParquetLimits.minPageBytes, share))
        pageRows = max(1, options.pageRows)
        let trials = DictionaryPolicy.trial * 128 / max(128, columns)
        dictionaryTrial = max(DictionaryPolicy.minTrial, trials)
    }
}

/// When a dictionary is tried, and when it is given up because it does not pay.
struct DictionaryPolicy {
    /// Values are handed to a dictionary in parts of this many, between which it is judged.
    static let step = 4096
    /// ``ColumnSizes/dictionaryTrial`` where there are not many columns, and at least.
    static let trial = 8 * step
    static let minTrial = 128
    /// The dictionary of a chunk has at most this many bytes and values.
    static let maxBytes = 1 << 20
    static let maxCount = 1 << 16
    /// Slots looked at for each value, on average, beyond which values collide more than chance would let them.
    static let maxProbes = 8
    /// After a chunk whose dictionary was given up at once, as many chunks do without.
    static let chunksWithout = 15

    private var skip = 0

    /// Whether the chunk that begins now tries a dictionary.
    mutating func begins() -> Bool {
        guard skip > 0 else { return true }
        skip -= 1
        return false
    }

    mutating func gaveUpAtOnce() {
        skip = Self.chunksWithout
    }
}

/// Which encoding a column's values without a dictionary have, measured now and then on a page.
struct EncodingChoice {
    private(set) var encoding = PageEncoding.plain
    private var pagesLeft = 0
    private let encodings: ParquetWriteOptions.Encodings
    private static let pagesPerMeasurement = 32
    /// A page of fewer values tells nothing.
    private static let minValues = 64

    init(_ encodings: ParquetWriteOptions.Encodings) {
        self.encodings = encodings
    }

    /// Chooses for the next page of `count` values. `size` encodes and compresses it.
    mutating func choose(
        among rivals: [PageEncoding], count: Int, _ size: (PageEncoding) throws -> Int
    ) rethrows -> PageEncoding {
        guard pagesLeft == 0 else {
            pagesLeft -= 1
            return encoding
        }
        guard encodings != .widelyRead, count >= Self.minValues, !rivals.isEmpty else { return .plain }
        encoding = .plain
        var smallest = try size(.plain)
        for rival in rivals where encodings == .compact || rival == .deltaBinaryPacked {
            let rivalSize = try size(rival)
            if rivalSize < smallest {
                encoding = rival
                smallest = rivalSize
            }
        }
        pagesLeft = Self.pagesPerMeasurement - 1
        return encoding
    }
}
