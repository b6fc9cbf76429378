/// A table with what real exports have: quoted commas, quotes, embedded newlines, UTF-8, decimals, dates, moments, nulls and
/// empty texts. The rows are the truth that files and tables are held against.
struct Orders {
    static let names = ["id", "name", "amount", "day", "seen", "visits", "flag", "note"]
    /// How PostgreSQL shows rows as ``rows`` has them.
    static let select = """
        SELECT id::text, name, amount::text, day::text, to_char(seen AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'), \
        visits::text, flag::text, note
        """

    /// Texts, nil for null; in the order of `id`.
    let rows: [[String?]]

    init(_ count: Int, from first: Int = 1) {
        rows = (first..<first + count).map(Self.row)
    }

    private static func row(_ id: Int) -> [String?] {
        func digits(_ number: Int, _ count: Int = 2) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let name: String
        switch id % 5 {
        case 0: name = "Müller, Ann \(id)"
        case 1: name = "said \"hi\", \(id)"
        case 2: name = "two\nlines \(id)"
        case 3: name = "日本 \(id)"
        default: name = "plain \(id)"
        }
        let note: String? = id % 3 == 0 ? nil : id % 3 == 1 ? "" : "007"
        return [
            String(id), name, id % 13 == 0 ? nil : "\(id % 2 == 0 ? "-" : "")\(id).\(digits(id % 100))",
            id % 11 == 0 ? nil : "20\(digits(id % 27))-\(digits(id % 12 + 1))-\(digits(id % 28 + 1))",
            id % 17 == 0 ? nil : "2026-\(digits(id % 12 + 1))-\(digits(id % 28 + 1))T\(digits(id % 24)):05:\(digits(id % 60))",
            id % 7 == 0 ? nil : String(id % 1000 - 500), id % 2 == 0 ? "true" : "false", note,
        ]
    }

    // MARK: As files

    /// RFC 4180; null is an empty field, empty text is `""`.
    var csv: String {
        var text = Self.names.joined(separator: ",") + "\n"
        for row in rows { text += Self.csv(row) + "\n" }
        return text
    }

    static func csv(_ row: [String?]) -> String {
        row.enumerated().map { index, value in
            guard var value else { return "" }
            if index == 4 { value += "Z" }
            let needsQuotes = value.isEmpty || value.contains { $0 == "," || $0 == "\"" || $0.isNewline }
            return needsQuotes ? "\"\(value.replacing("\"", with: "\"\""))\"" : value
        }.joined(separator: ",")
    }

    var jsonLines: String {
        rows.map { row in
            let members = zip(Self.names, row).map { name, value -> String in
                guard let value else { return "\"\(name)\":null" }
                switch name {
                case "id", "amount", "visits", "flag": return "\"\(name)\":\(value)"
                case "seen": return "\"\(name)\":\"\(value)Z\""
                default:
                    let text = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
                    return "\"\(name)\":\"\(text)\""
                }
            }
            return "{\(members.joined(separator: ","))}\n"
        }.joined()
    }

    /// The columns as a pipeline declares them.
    static let columns = """
        columns:
          - { name: id, type: int64, required: true }
          - { name: name, type: text }
          - { name: amount, type: "decimal(12,2)" }
          - { name: day, type: date }
          - { name: seen, type: timestamptz }
          - { name: visits, type: int32 }
          - { name: flag, type: bool }
          - { name: note, type: text }

        """

    /// The columns' types as pyarrow names them.
    static let arrowTypes = [
        "int64", "string", "decimal128(12, 2)", "date32[day]", "timestamp[us, tz=UTC]", "int32", "bool", "string",
    ]
}

/// Pipelines of these tests.
enum Pipelines {
    /// Writes them into a new folder: a loader for `orders/`, a strict one for `strict/`, convertors for `convert/`.
    static func write(to folder: Folder) throws -> String {
        try folder.write(
            """
            name: orders
            match: { key: "orders/**" }
            workflow: loader
            \(Orders.columns)
            rows: { on_error: reject, max_rejects: 100 }
            target: { postgres: { table: shop.orders } }
            output: { parquet: { compression: zstd } }
            """, to: "pipelines/10-orders.yaml")
        try folder.write(
            """
            name: strict
            match: { key: "strict/**" }
            workflow: loader
            \(Orders.columns)
            target: { postgres: { table: shop.strict } }
            """, to: "pipelines/20-strict.yaml")
        try folder.write(
            "name: to-parquet\nmatch: { key: 'convert/*.jsonl' }\nworkflow: convertor\n", to: "pipelines/30-to-parquet.yaml")
        try folder.write(
            "name: to-csv\nmatch: { key: 'convert/*.csv' }\nworkflow: convertor\noutput: { csv: { compression: gzip } }\n",
            to: "pipelines/40-to-csv.yaml")
        // Only for messages that name it.
        try folder.write(
            "name: to-csv-plain\nmatch: { key: 'nothing' }\nworkflow: convertor\noutput: { csv: {} }\n", to: "pipelines/50-to-csv.yaml")
        return folder("pipelines")
    }
}
