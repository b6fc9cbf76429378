import Columns

/// Encodes one column's values into the pages of a chunk, row group after row group.
protocol ColumnEncoder: AnyObject {
    var pages: PageCollector { get }
    /// Bytes of memory that the chunk takes so far, finished or not.
    var bufferedBytes: Int { get }

    /// Takes rows of a vector of the column's type.
    func append(_ vector: ColumnVector, rows: Range<Int>) throws

    /// Finishes the last page and the dictionary page.
    ///
    /// - Returns: the smallest and largest value, each nil where there is none to tell.
    func finishChunk() throws -> (min: Statistics.Bound?, max: Statistics.Bound?)
}

/// When a dictionary is tried, and when it is given up because it does not pay.
struct DictionaryPolicy {
    /// Values are handed to a dictionary in parts of this many, between which it is judged.
    static let step = 4096
    /// Values that a dictionary sees before the share of new ones among them tells anything.
    static let trial = 8 * step
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
