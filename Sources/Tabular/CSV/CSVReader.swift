import Columns
import Compression

/// Which field of the file becomes which column.
package struct FieldMapping: Hashable, Sendable {
    /// The columns to read, in the order of the result. `nullable == false` makes an empty field a fault.
    package var columns: [Column]
    /// For each column the index of its field, from 0.
    package var fields: [Int]
    /// The names of all fields of the file, for messages and rejects.
    package var fieldNames: [String]
    /// For each column how its values are spelled; nil, or missing: our own way.
    package var formats: [ValueFormat?]

    package init(columns: [Column], fields: [Int], fieldNames: [String], formats: [ValueFormat?] = []) {
        self.formats = formats + Array(repeating: nil, count: max(0, columns.count - formats.count))
        self.columns = columns
        self.fields = fields
        self.fieldNames = fieldNames
    }
}

/// Reads a CSV file (RFC 4180 and its usual deviations, see ``Dialect``) into batches of typed columns.
///
/// A record with too few or too many fields, or with a field that does not fit its column, becomes a ``Reject``; what
/// makes the rest unreadable (an open quote, a record without end) is a ``TabularError``. With several threads the text is cut
/// into chunks of records by one at a time, in order, and the chunks are read by all: what comes out is the same.
package final class CSVReader: BatchSource {
    package let schema: Schema
    package let mapping: FieldMapping
    private let chunks: OrderedWork<RecordChunk, ChunkReading.Result>
    /// Records of the chunks that were handed over.
    private var records: Int64 = 0
    /// What was done so far to make records fit.
    package private(set) var adjustments = Adjustments()

    /// The most threads that one reader has use for.
    package static let maxThreads = 64

    /// `threads` is how many may work at a time, the caller's own among them. `chunkBytes` is how much text is taken at a time;
    /// tests make it small, and try `exactScanOnly` too.
    package init(
        source: any ByteSource, dialect: Dialect, mapping: FieldMapping, threads: Int = 1, chunkBytes: Int = 1 << 20,
        exactScanOnly: Bool = false
    ) throws {
        self.mapping = mapping
        schema = Schema(mapping.columns)
        let chunker = try RecordChunker(source: source, dialect: dialect, chunkBytes: chunkBytes, exactScanOnly: exactScanOnly)
        let reading = ChunkReading(mapping: mapping, schema: schema, dialect: dialect)
        let limit = OrderedWork<RecordChunk, ChunkReading.Result>.limit(threads: min(threads, Self.maxThreads))
        let cutting = ChunkCutting(chunker: chunker, fields: mapping.fieldNames.count, chunkBytes: chunkBytes, limit: limit)
        chunks = OrderedWork(
            threads: min(threads, Self.maxThreads), take: { try cutting.next() }, work: { reading.read($0) })
    }

    package func next() throws -> ReadResult? {
        guard case (var result, let found)? = try chunks.next() else { return nil }
        adjustments.add(found)
        let before = records
        records += Int64(result.recordCount)
        if before > 0 { result.numberOn(from: before) }
        return result
    }
}

extension ReadResult {
    /// Records are `before` more than they were.
    fileprivate mutating func numberOn(from before: Int64) {
        batch.recordNumbers.withUnsafeMutableBufferPointer { numbers in
            for row in numbers.indices { numbers[row] &+= before }
        }
        for reject in rejects.indices { rejects[reject].record += before }
    }
}

/// Takes chunk after chunk from the text. Where several are read at a time, each has memory of its own.
private final class ChunkCutting {
    private let chunker: RecordChunker
    private let fields: Int
    private let chunkBytes: Int
    private var isBehindHeader = false
    /// How many chunks may be read at a time. With one, a chunk is read before the next is taken.
    private let limit: Int
    /// The memory of the last `limit` chunks, chunk `i` in place `i % limit`.
    private var memories: [ChunkMemory] = []
    private var place = 0

    init(chunker: RecordChunker, fields: Int, chunkBytes: Int, limit: Int) {
        self.chunker = chunker
        self.fields = fields
        self.chunkBytes = chunkBytes
        self.limit = limit
    }

    func next() throws -> RecordChunk? {
        if !isBehindHeader {
            try chunker.skipHeader()
            isBehindHeader = true
        }
        let chunk = try chunker.next(fieldsPerRecord: fields, maxRecords: ColumnBatch.maxRows)
        if limit > 1, chunk != nil { keepMemory() }
        return chunk
    }

    /// Sets the memory of the last chunk aside, and lets the chunker go on in that of `limit` chunks ago: what was read from it
    /// has been handed over.
    private func keepMemory() {
        if memories.count < limit {
            memories.append(chunker.moveOn(to: ChunkMemory(capacity: 2 * chunkBytes)))
            return
        }
        // What a very long record has taken is given back.
        let free = memories[place].capacity > 8 * chunkBytes ? ChunkMemory(capacity: 2 * chunkBytes) : memories[place]
        memories[place] = chunker.moveOn(to: free)
        place = (place + 1) % limit
    }
}
