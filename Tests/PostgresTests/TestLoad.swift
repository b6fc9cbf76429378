import Columns
import Foundation
import SQL

/// A load for tests: columns of values and where they go, written as a script into a temporary file.
struct TestLoad {
    var id = UUID().uuidString
    var table = "sales.orders"
    var mode = LoadMode.append
    var required: Set<String> = []
    var lineage = LineageColumns()
    var history: LoadHistory?
    var columns: [(name: String, vector: ColumnVector)]

    /// Text columns from rows.
    init(columns names: [String], rows: [[String?]]) {
        columns = names.enumerated().map { index, name in (name, textColumn(rows.map { $0[index] })) }
    }

    init(_ columns: [(name: String, vector: ColumnVector)]) { self.columns = columns }

    var schema: Schema { Schema(columns.map { Column(name: $0.name, type: $0.vector.type) }) }

    /// Calls with the path of the script, which is gone afterwards. The rows are copied so many times over.
    func withScript<R>(repeated times: Int = 1, _ body: (String) async throws -> R) async throws -> R {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("landfall-\(UUID().uuidString).sql")
            .path
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let script = try LoadScript(
            table: TableName(parsing: table), schema: schema, required: required, mode: mode, lineage: lineage,
            loadID: id,
            pipeline: "test", source: "s3://bucket/it's \\ key.csv", version: nil, history: history)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        let writer = LoadScriptWriter(script) { try file.write(contentsOf: $0) }
        let count = columns.first?.vector.count ?? 0
        let batch = ColumnBatch(
            schema: schema, columns: columns.map(\.vector), recordNumbers: (0..<count).map { Int64($0 + 1) })
        try writer.begin()
        for _ in 0..<times { try writer.copy(batch) }
        try writer.finish(checksum: "c0ffee")
        try file.close()
        return try await body(path)
    }
}

func textColumn(_ values: [String?], type: ColumnType = .text) -> ColumnVector {
    bytesColumn(values.map { $0.map { Array($0.utf8) } }, type: type)
}

func bytesColumn(_ values: [[UInt8]?], type: ColumnType) -> ColumnVector {
    var bytes = ByteValues()
    for value in values { bytes.append(value ?? []) }
    return ColumnVector(type: type, values: .bytes(bytes), valid: values.map { $0 != nil })
}

func integerColumn(_ values: [Int64?], type: ColumnType = .int64) -> ColumnVector {
    ColumnVector(type: type, values: .int64(values.map { $0 ?? 0 }), valid: values.map { $0 != nil })
}

func floatColumn(_ values: [Double?], type: ColumnType = .float64) -> ColumnVector {
    ColumnVector(type: type, values: .float64(values.map { $0 ?? 0 }), valid: values.map { $0 != nil })
}
