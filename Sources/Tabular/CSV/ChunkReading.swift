import Columns

/// Reads chunks of records into typed columns, each apart from all others: records are numbered from 1 in each.
struct ChunkReading {
    typealias Result = (ReadResult, Adjustments)

    let mapping: FieldMapping
    let schema: Schema
    let dialect: Dialect

    func read(_ chunk: RecordChunk) -> Result {
        guard !ChunkRows.areAll(of: chunk) else { return (read(chunk.grid, of: chunk, records: nil), Adjustments()) }
        return readIrregular(chunk)
    }

    /// Sets aside records that do not fit, and reads the others.
    private func readIrregular(_ chunk: RecordChunk) -> Result {
        var rows = ChunkRows()
        rows.sort(chunk, first: 1)
        var places = PlaceCounter(chunk)
        let rejects = rows.misfits.map { index, number in
            reject(
                chunk, index, number, &places, column: nil, code: "csv.field_count",
                reason: "expected \(mapping.fieldNames.count) fields, found \(chunk.fieldCount(index))")
        }
        guard let result = rows.withGrid(of: chunk, { read($0, of: chunk, records: rows.records) }) else {
            return (ReadResult(batch: emptyBatch, rejects: rejects), rows.adjustments)
        }
        guard !rejects.isEmpty else { return (result, rows.adjustments) }
        let all = (rejects + result.rejects).sorted { $0.record < $1.record }
        return (ReadResult(batch: result.batch, rejects: all), rows.adjustments)
    }

    private var emptyBatch: ColumnBatch {
        ColumnBatch(schema: schema, columns: schema.columns.map { ColumnVector(empty: $0.type) }, recordNumbers: [])
    }

    /// Reads all rows of a grid. `records` says which record each row is; nil: row `r` is record `r` of the chunk.
    private func read(_ grid: CellGrid, of chunk: RecordChunk, records: [(index: Int, number: Int64)]?) -> ReadResult {
        var parser = ColumnParser(grid: grid, nullMarkers: dialect.nullMarkers, checksUTF8: chunk.mayBreakUTF8)
        let vectors = mapping.columns.indices.map { index in
            parser.parse(column: mapping.fields[index], as: mapping.columns[index], format: mapping.formats[index])
        }
        let numbers = records?.map(\.number) ?? Array(1...Int64(grid.rowCount))
        let batch = ColumnBatch(schema: schema, columns: vectors, recordNumbers: numbers)
        guard !parser.faults.isEmpty else { return ReadResult(batch: batch, rejects: []) }
        var places = PlaceCounter(chunk)
        let rejects = parser.faults.sorted { $0.key < $1.key }.map { row, fault in
            reject(
                chunk, records?[row].index ?? row, numbers[row], &places, column: mapping.fieldNames[fault.column],
                code: fault.code, reason: fault.reason)
        }
        return ReadResult(batch: batch.filtered(keep: (0..<grid.rowCount).map { parser.faults[$0] == nil }), rejects: rejects)
    }

    private func reject(
        _ chunk: RecordChunk, _ index: Int, _ number: Int64, _ places: inout PlaceCounter, column: String?, code: String,
        reason: String
    ) -> Reject {
        let decoder = chunk.grid
        let fields = (0..<chunk.fieldCount(index)).map { field in
            let raw = chunk.field(index, field)
            return dialect.nullMarkers.contains { $0.elementsEqual(raw) } ? nil : decoder.lenientText(raw)
        }
        let (line, byte) = places.place(of: index, in: chunk)
        return Reject(record: number, line: line, byte: byte, column: column, code: code, reason: reason, fields: fields)
    }
}
