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
    /// Rows of a chunk that has irregular records, gathered into a grid.
    private var gridStarts: [UInt32] = []
    private var gridEnds: [UInt32] = []

    /// `chunkBytes` is how much text is taken at a time; tests make it small, and try `exactScanOnly` too.
    package init(
        source: any ByteSource, dialect: Dialect, mapping: FieldMapping, chunkBytes: Int = 1 << 20,
        exactScanOnly: Bool = false
    ) throws {
        self.mapping = mapping
        schema = Schema(mapping.columns)
        chunker = try RecordChunker(source: source, dialect: dialect, chunkBytes: chunkBytes, exactScanOnly: exactScanOnly)
        headerPending = dialect.header
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
        return chunk.isRegular
            ? read(grid(chunk, starts: chunk.starts, ends: chunk.ends, rows: chunk.recordCount), of: chunk, records: nil)
            : readIrregular(chunk)
    }

    private func grid(
        _ chunk: RecordChunk, starts: UnsafePointer<UInt32>, ends: UnsafePointer<UInt32>, rows: Int
    ) -> CellGrid {
        let dialect = chunker.dialect
        return CellGrid(
            text: chunk.text, starts: starts, ends: ends, columnCount: mapping.fieldNames.count, rowCount: rows,
            quote: dialect.quote, escape: dialect.doublesQuotes ? nil : dialect.escape, newline: dialect.newline)
    }

    /// Leaves out blank lines, rejects records with the wrong number of fields, and reads the others.
    private func readIrregular(_ chunk: RecordChunk) -> ReadResult {
        let fieldCount = mapping.fieldNames.count
        let newline = chunker.dialect.newline
        var rejects: [Reject] = []
        var records: [(index: Int, number: Int64)] = []
        var number = record
        var lines = LineCounter(chunk, newline: newline)
        gridStarts.removeAll(keepingCapacity: true)
        gridEnds.removeAll(keepingCapacity: true)
        for index in 0..<chunk.recordCount {
            if fieldCount > 1, chunk.isBlank(index, newline: newline) { continue }
            number += 1
            let found = chunk.fieldCount(index)
            guard found == fieldCount else {
                rejects.append(
                    reject(
                        chunk, index, number, &lines, column: nil, code: "csv.field_count",
                        reason: "expected \(fieldCount) fields, found \(found)"))
                continue
            }
            records.append((index, number))
            gridStarts.append(chunk.starts[index])
            let first = Int(chunk.firstFields[index])
            gridEnds.append(contentsOf: UnsafeBufferPointer(start: chunk.ends + first, count: fieldCount))
        }
        let result = gridStarts.withUnsafeBufferPointer { starts in
            gridEnds.withUnsafeBufferPointer { ends -> ReadResult in
                guard let startsBase = starts.baseAddress, let endsBase = ends.baseAddress else {
                    return ReadResult(batch: emptyBatch, rejects: [])
                }
                return read(
                    grid(chunk, starts: startsBase, ends: endsBase, rows: records.count), of: chunk, records: records)
            }
        }
        record = number
        guard !rejects.isEmpty else { return result }
        return ReadResult(batch: result.batch, rejects: (rejects + result.rejects).sorted { $0.record < $1.record })
    }

    private var emptyBatch: ColumnBatch {
        ColumnBatch(schema: schema, columns: schema.columns.map { ColumnVector(empty: $0.type) }, recordNumbers: [])
    }

    /// Reads all rows of a grid. `records` says which record each row is; nil: row `r` is record `r` of the chunk.
    private func read(_ grid: CellGrid, of chunk: RecordChunk, records: [(index: Int, number: Int64)]?) -> ReadResult {
        var parser = ColumnParser(
            grid: grid, nullMarkers: chunker.dialect.nullMarkers, checksUTF8: chunk.hasNonASCII)
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
        let (newline, nullMarkers) = (chunker.dialect.newline, chunker.dialect.nullMarkers)
        let decoder = grid(chunk, starts: chunk.starts, ends: chunk.ends, rows: 0)
        let fields = (0..<chunk.fieldCount(index)).map { field in
            let raw = chunk.field(index, field, newline: newline)
            return nullMarkers.contains { $0.elementsEqual(raw) } ? nil : decoder.lenientText(raw)
        }
        return Reject(
            record: number, line: lines.line(of: index, in: chunk),
            byte: chunk.textOffset + Int64(chunk.starts[index]), column: column, code: code, reason: reason, fields: fields)
    }
}

extension RecordChunk {
    /// Whether a record is an empty line.
    func isBlank(_ record: Int, newline: UInt8) -> Bool {
        fieldCount(record) == 1 && field(record, 0, newline: newline).isEmpty
    }
}
