import Columns

/// The decoded levels and values of one leaf inside lists, taken one after the other.
final class NestedEntries {
    private let cursor: PageCursor
    /// The rows of each chunk.
    private let chunkRows: [Int64]
    private var definitions: [UInt8] = []
    private var repetitions: [UInt8] = []
    private(set) var values: PendingValues
    private let highest: UInt8

    /// The next entry, and the value that belongs to it if it has one.
    private var at = 0
    private(set) var valueAt = 0
    /// Rows that begin at or behind ``at``, and those that have begun in the chunk.
    private var rowsBegun = 0
    private var chunkRowsBegun: Int64 = 0
    private var chunksBegun = 0
    /// Whether the row that is being taken has had its first entry.
    private var isInsideRow = false

    init(_ cursor: PageCursor, chunkRows: [Int64]) {
        self.cursor = cursor
        self.chunkRows = chunkRows
        highest = UInt8(cursor.leaf.maxDefinitionLevel)
        values = PendingValues(cursor.form.type.column)
    }

    /// Rows all of whose entries are decoded: the last one may go on in the next page.
    var completeRows: Int { cursor.isAtChunkEnd ? rowsBegun : max(0, rowsBegun - 1) }

    /// Bytes that the decoded entries take, about.
    private var bufferedBytes: Int { (definitions.count - at) * 4 + values.bytes.bytes.count }

    /// Decodes until `rows` rows are complete, or so many entries are there that the batch should end, or the column does.
    func fill(_ rows: Int) throws {
        do {
            while completeRows < rows, completeRows == 0 || bufferedBytes < ParquetLimits.maxBatchColumnBytes {
                if cursor.pageValuesLeft == 0 {
                    if cursor.isAtChunkEnd { try endChunk() }
                    guard try cursor.nextPage() != nil else { return }
                    if cursor.chunksBegun > chunksBegun {
                        chunksBegun = cursor.chunksBegun
                        chunkRowsBegun = 0
                    }
                    continue
                }
                try decode()
            }
        } catch let error as ParquetError {
            throw error.at(cursor.place)
        }
    }

    private func endChunk() throws {
        guard chunksBegun > 0, chunkRowsBegun != chunkRows[chunksBegun - 1] else { return }
        throw ParquetError.page("\(chunkRowsBegun) rows are there, where the row group has \(chunkRows[chunksBegun - 1])")
    }

    private func decode() throws {
        let isFull =
            definitions.count >= ParquetLimits.maxRowEntries || values.bytes.bytes.count >= ParquetLimits.maxBatchColumnBytes / 4
        if isFull || (at > PageCursor.stepRows && at * 2 >= definitions.count) { forgetTaken() }
        guard definitions.count < ParquetLimits.maxRowEntries else {
            throw ParquetError.limit("the elements of one row", definitions.count, max: ParquetLimits.maxRowEntries)
        }
        let room = max(0, ParquetLimits.maxBatchColumnBytes - values.bytes.bytes.count)
        guard room > 0 || completeRows > 0 else {
            throw ParquetError.limit("the bytes of one row", values.bytes.bytes.count, max: ParquetLimits.maxBatchColumnBytes)
        }
        let count = min(cursor.pageValuesLeft, cursor.stepLimit(room: room))
        let first = definitions.count
        definitions.append(contentsOf: repeatElement(0, count: count))
        repetitions.append(contentsOf: repeatElement(0, count: count))
        _ = try definitions.withUnsafeMutableBufferPointer { definitions in
            try repetitions.withUnsafeMutableBufferPointer { repetitions in
                guard let definitions = definitions.baseAddress, let repetitions = repetitions.baseAddress else { return 0 }
                return try cursor.decodeEntries(
                    count, definitions: definitions + first, repetitions: repetitions + first, into: &values)
            }
        }
        if chunkRowsBegun == 0, repetitions[first] != 0 {
            throw ParquetError.page("a column chunk begins in the middle of a row")
        }
        var begun = 0
        for index in first..<repetitions.count where repetitions[index] == 0 { begun += 1 }
        rowsBegun += begun
        chunkRowsBegun += Int64(begun)
    }

    /// Lets the entries go that were taken.
    private func forgetTaken() {
        guard at > 0 else { return }
        definitions.removeFirst(at)
        repetitions.removeFirst(at)
        at = 0
        _ = values.take(valueAt)
        valueAt = 0
    }

    // MARK: Taking entries

    func beginRow() {
        isInsideRow = false
        rowsBegun -= 1
    }

    /// The definition level of the next entry, which must belong to the row.
    func definition() throws -> Int {
        guard at < definitions.count, (repetitions[at] == 0) != isInsideRow else { throw ParquetError.disagreement }
        return Int(definitions[at])
    }

    /// The repetition level of the next entry; 0 where the row has no more.
    var repetition: Int { at < repetitions.count ? Int(repetitions[at]) : 0 }

    /// Takes an entry without a value, whose definition level must lie below `level`.
    func takeAbsent(below level: Int) throws {
        guard try definition() < level else { throw ParquetError.disagreement }
        advance()
    }

    /// Takes the next entry, which must have a value.
    ///
    /// - Returns: the value's place in ``values``.
    func takeValue() throws -> Int {
        guard try definition() == Int(highest) else { throw ParquetError.disagreement }
        advance()
        valueAt += 1
        return valueAt - 1
    }

    private func advance() {
        at += 1
        isInsideRow = true
    }

    /// That all entries of the row were taken.
    func endRow() throws {
        guard isInsideRow, repetition == 0 else { throw ParquetError.disagreement }
    }

    /// Passes over a row.
    func skipRow() throws {
        beginRow()
        repeat {
            if try definition() == Int(highest) { valueAt += 1 }
            advance()
        } while repetition > 0
    }

    var place: String { cursor.place }
}
