import Columns
import Compression

/// What a JSON-lines file is: the columns of its objects, over the whole file.
package struct JSONLinesInspection: Sendable {
    package var columns: [Column]
    /// For each column the key it comes from; another than its name where that is empty or would stand twice.
    package var keys: [String]
    package var records: Int64
}

/// Reads a JSON-lines file once to learn its columns, in the order in which keys first appear, and their types.
package struct JSONLinesInspector {
    /// The most different keys that the objects of a file may have.
    static let maxColumns = 10_000

    private let source: any ByteSource

    package init(source: any ByteSource) {
        self.source = source
    }

    package func inspect() throws -> JSONLinesInspection {
        let chunker = try RecordChunker(source: source, dialect: JSONLines.dialect)
        var table = MemberTable()
        var records: Int64 = 0
        while let chunk = try chunker.next(fieldsPerRecord: 1) {
            try Task.checkCancellation()
            for index in 0..<chunk.recordCount {
                let line = chunk.field(index, 0, newline: JSONLines.dialect.newline)
                if JSONLines.isBlank(line) { continue }
                records += 1
                if records == 1, line.first(where: { $0 > 32 }) == UInt8(ascii: "[") {
                    throw TabularError(
                        "json.array_unsupported",
                        "The file is one JSON array; only JSON lines (one object a line) are read so far.")
                }
                table.take(line, record: records)
                guard table.keys.count <= Self.maxColumns else {
                    throw TabularError(
                        "json.too_many_columns",
                        "Record \(records): the objects have more than \(Self.maxColumns) different keys so far.")
                }
            }
        }
        guard records > 0 else { throw TabularError("input.empty", "The file holds no records.") }
        return JSONLinesInspection(columns: table.columns(records: records), keys: table.keys, records: records)
    }
}
