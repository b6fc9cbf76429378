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

    package init(columns: [Column], fields: [Int], fieldNames: [String]) {
        self.columns = columns
        self.fields = fields
        self.fieldNames = fieldNames
    }
}

/// Reads a CSV file (RFC 4180 and its usual deviations, see ``Dialect``) into batches of typed columns.
///
/// A record with too few or too many fields, or with a field that does not fit its column, becomes a ``Reject``; what
/// makes the rest unreadable (an open quote, a record without end) is a ``TabularError``.
package final class CSVReader: BatchSource {
    package let schema: Schema
    package let mapping: FieldMapping
    private let chunker: RecordChunker
    private var headerPending: Bool
    private var record: Int64 = 0
    private var rows = ChunkRows()
    /// What was done so far to make records fit.
    package private(set) var adjustments = Adjustments()

    /// `chunkBytes` is how much text is taken at a time; tests make it small, and try `exactScanOnly` too.
    package init(
        source: any ByteSource, dialect: Dialect, mapping: FieldMapping, chunkBytes: Int = 1 << 20,
        exactScanOnly: Bool = false
    ) throws {
        self.mapping = mapping
        schema = Schema(mapping.columns)
        chunker = try RecordChunker(source: source, dialect: dialect, chunkBytes: chunkBytes, exactScanOnly: exactScanOnly)
        headerPending = true
    }

    package func next() throws -> ReadResult? {
        let fieldCount = mapping.fieldNames.count
        if headerPending {
            try chunker.skipHeader()
            headerPending = false
        }
        guard let chunk = try chunker.next(fieldsPerRecord: fieldCount, maxRecords: ColumnBatch.maxRows) else {
            return nil
        }
        return ChunkRows.areAll(of: chunk) ? read(chunk.grid, of: chunk, records: nil) : readIrregular(chunk)
    }

    /// Sets aside records that do not fit, and reads the others.
    private func readIrregular(_ chunk: RecordChunk) -> ReadResult {
        rows.sort(chunk, first: record + 1)
        adjustments.add(rows.adjustments)
        var lines = LineCounter(chunk, newline: chunk.dialect.newline)
        let rejects = rows.misfits.map { index, number in
            reject(
                chunk, index, number, &lines, column: nil, code: "csv.field_count",
                reason: "expected \(mapping.fieldNames.count) fields, found \(chunk.fieldCount(index))")
        }
        let first = record
        let result = rows.withGrid(of: chunk) { read($0, of: chunk, records: rows.records) }
        record = first + Int64(rows.count)
        guard let result else { return ReadResult(batch: emptyBatch, rejects: rejects) }
        guard !rejects.isEmpty else { return result }
        return ReadResult(batch: result.batch, rejects: (rejects + result.rejects).sorted { $0.record < $1.record })
    }

    private var emptyBatch: ColumnBatch {
        ColumnBatch(schema: schema, columns: schema.columns.map { ColumnVector(empty: $0.type) }, recordNumbers: [])
    }

    /// Reads all rows of a grid. `records` says which record each row is; nil: row `r` is record `r` of the chunk.
    private func read(_ grid: CellGrid, of chunk: RecordChunk, records: [(index: Int, number: Int64)]?) -> ReadResult {
        var parser = ColumnParser(
            grid: grid, nullMarkers: chunker.dialect.nullMarkers, checksUTF8: chunk.mayBreakUTF8)
        let vectors = zip(mapping.columns, mapping.fields).map { column, field in
            parser.parse(column: field, as: column)
        }
        let first = record + 1
        let numbers = records?.map(\.number) ?? Array(first..<(first + Int64(grid.rowCount)))
        if records == nil { record += Int64(grid.rowCount) }
        let batch = ColumnBatch(schema: schema, columns: vectors, recordNumbers: numbers)
        guard !parser.faults.isEmpty else { return ReadResult(batch: batch, rejects: []) }
        var lines = LineCounter(chunk, newline: chunker.dialect.newline)
        let rejects = parser.faults.sorted { $0.key < $1.key }.map { row, fault in
            reject(
                chunk, records?[row].index ?? row, numbers[row], &lines, column: mapping.fieldNames[fault.column],
                code: fault.code, reason: fault.reason)
        }
        return ReadResult(batch: batch.filtered(keep: (0..<grid.rowCount).map { parser.faults[$0] == nil }), rejects: rejects)
    }

    private func reject(
        _ chunk: RecordChunk, _ index: Int, _ number: Int64, _ lines: inout LineCounter, column: String?, code: String,
        reason: String
    ) -> Reject {
        let nullMarkers = chunker.dialect.nullMarkers
        let decoder = chunk.grid
        let fields = (0..<chunk.fieldCount(index)).map { field in
            let raw = chunk.field(index, field)
            return nullMarkers.contains { $0.elementsEqual(raw) } ? nil : decoder.lenientText(raw)
        }
        return Reject(
            record: number, line: lines.line(of: index, in: chunk),
            byte: chunk.textOffset + Int64(chunk.starts[index]), column: column, code: code, reason: reason, fields: fields)
    }
}
