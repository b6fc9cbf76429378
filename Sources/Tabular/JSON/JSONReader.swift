import Columns
import Compression

/// Reads JSON into batches of typed columns: one object a row, its members by their keys.
///
/// A missing member is null. A record that is no object, names a key twice or has a value that does not fit its column
/// becomes a ``Reject``, and so does a broken line of JSON lines; other text that is not JSON ends the reading.
package final class JSONReader: BatchSource {
    /// The name of the rejects' one source column: the record as it was.
    package static let rejectColumn = "_json"
    /// The most values in a batch: what bounds memory for wide records.
    private static let maxCells = 1 << 21

    package let schema: Schema
    private let records: JSONRecords
    private var rows: JSONRows
    private var record: Int64 = 0
    private let chunkBytes: Int
    private let maxRows: Int

    /// `paths` has for each column the keys that lead to it, and others that do as well; left out: its name. `formats` has for each
    /// column how its strings are spelled; nil, or missing: our own way.
    package init(
        source: any ByteSource, schema: Schema, paths: [[[String]]]? = nil, formats: [ValueFormat?] = [], layout: JSONLayout = .lines,
        chunkBytes: Int = 1 << 20
    ) throws {
        self.schema = schema
        self.chunkBytes = chunkBytes
        maxRows = max(1, min(ColumnBatch.maxRows, Self.maxCells / max(1, schema.columns.count)))
        records = JSONRecords(window: try JSONWindow(source: source, chunkBytes: chunkBytes), layout: layout)
        rows = JSONRows(columns: schema.columns, paths: paths ?? schema.names.map { [[$0]] }, formats: formats)
    }

    deinit {
        rows.deallocate()
    }

    package func next() throws -> ReadResult? {
        var numbers: [Int64] = []
        var rejects: [Reject] = []
        let window = records.window
        let begin = window.position(window.at)
        while numbers.count < maxRows, window.position(window.at) - begin < Int64(chunkBytes) {
            guard let outcome = try records.next(&rows) else { break }
            record += 1
            switch outcome {
            case .taken:
                rows.keep()
                numbers.append(record)
            case .rejected(let fault, let at, let text):
                rejects.append(
                    Reject(
                        record: record, line: window.line(at: at), byte: window.filePosition(at), column: fault.column, code: fault.code,
                        reason: fault.reason, fields: [Array(text)]))
            }
        }
        if numbers.isEmpty, rejects.isEmpty { return nil }
        return ReadResult(batch: ColumnBatch(schema: schema, columns: rows.finish(), recordNumbers: numbers), rejects: rejects)
    }
}
