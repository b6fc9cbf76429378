import Columns
import Tabular
import Testing

@testable import Workflows

struct InputPlanTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    private static let orders = "order_id,Order Total,note\n1,12.50,a\n2,,\n3,7,\"\"\n"

    private func plan(_ text: String, name: String = "orders.csv", _ options: InputOptions) throws -> InputPlan {
        try InputPlan(path: try folder.write(text, to: name), options: options, sourceName: name)
    }

    /// `name:type`, with `?` where nulls may stand.
    private static func columns(_ plan: InputPlan) -> [String] {
        plan.schema.columns.map { "\($0.name):\($0.type)\($0.nullable ? "?" : "")" }
    }

    /// All values as text, row by row; nil for null.
    private static func rows(_ plan: InputPlan) throws -> [[String?]] {
        let source = try plan.open()
        var rows: [[String?]] = []
        while let next = try source.next() {
            #expect(next.rejects.isEmpty)
            for row in 0..<next.batch.rowCount { rows.append(next.batch.columns.map { $0.text(row: row) }) }
        }
        return rows
    }

    @Test("without declarations every column is inferred")
    func inferred() throws {
        let plan = try plan(Self.orders, InputOptions())
        #expect(Self.columns(plan) == ["order_id:int64", "Order Total:decimal(4,2)?", "note:text?"])
        #expect(plan.format == .csv)
        #expect(plan.records == 3)
        #expect(try Self.rows(plan) == [["1", "12.50", "a"], ["2", nil, nil], ["3", "7.00", ""]])
    }

    @Test("values that are spelled as a pipeline declares, and dates and nulls that the file decides")
    func formats() throws {
        let text = "day,due,total,rate,n\n31/12/2024,12/31/24,\"$1,234.50\",\"12,5 %\",NA\n1/1/2025,1/2/25,($7),-,5\n"
        let schema = """
            columns:
              - { name: due, format: "%m/%d/%y" }
              - { name: total, type: "decimal(12,2)", thousands_separator: ",", currency: $ }
              - { name: rate, type: "decimal(5,3)", decimal_separator: ",", percent: fraction, "null": ["-"] }
            """
        let plan = try plan(text, try PipelineFile.readSchema(text: schema, file: "schema.yaml"))
        #expect(Self.columns(plan) == ["day:date", "due:date?", "total:decimal(12,2)?", "rate:decimal(5,3)?", "n:int64?"])
        #expect(
            try Self.rows(plan) == [
                ["2024-12-31", "2024-12-31", "1234.50", "0.125", nil], ["2025-01-01", "2025-01-02", "-7.00", nil, "5"],
            ])
    }

    private static let total = ColumnDeclaration(name: "total", from: "Order Total", type: .decimal(precision: 12, scale: 2))

    @Test(
        "columns that are not declared are added in the file's order, or dropped",
        arguments: [
            (InputOptions.Unknown.add, ["order_id:int64", "total:decimal(12,2)?", "note:text?"]), (.drop, ["total:decimal(12,2)?"]),
        ])
    func unknown(_ unknown: InputOptions.Unknown, _ columns: [String]) throws {
        let plan = try plan(Self.orders, InputOptions(columns: [Self.total], unknown: unknown))
        #expect(Self.columns(plan) == columns)
        #expect(plan.rejectFields == ["order_id", "Order Total", "note"])
        let index = try #require(plan.schema.index(of: "total"))
        #expect(try Self.rows(plan).map { $0[index] } == ["12.50", nil, "7.00"])
    }

    @Test("columns that are not declared can refuse the file")
    func refused() throws {
        #expect(
            throws: TabularError(
                "schema.unknown_column",
                #"orders.csv: The file has a column "order_id" that the pipeline does not declare, and schema.unknown is reject."#)
        ) { try plan(Self.orders, InputOptions(columns: [Self.total], unknown: .reject)) }
    }

    @Test("a declared column that the file lacks refuses it, with the columns it has")
    func missing() throws {
        #expect(
            throws: TabularError(
                "schema.missing_column",
                #"orders.csv: The file has no column "amount", which the pipeline declares. It has: order_id, Order Total, note."#)
        ) { try plan(Self.orders, InputOptions(columns: [ColumnDeclaration(name: "amount", type: .text)])) }
    }

    @Test("a declared column without a type is inferred, and a required one holds no nulls")
    func partly() throws {
        let plan = try plan(
            Self.orders,
            InputOptions(columns: [ColumnDeclaration(name: "order_id", required: true), ColumnDeclaration(name: "note")], unknown: .drop))
        #expect(Self.columns(plan) == ["order_id:int64", "note:text?"])
    }

    @Test("without a header declared columns go by position, and the rest gets numbers")
    func positional() throws {
        let options = InputOptions(
            hints: DialectHints(header: false),
            columns: [ColumnDeclaration(name: "id", type: .int64), ColumnDeclaration(name: "total", from: "t", type: .float64)])
        let plan = try plan("1,2.5,x\n2,3.5,y\n", options)
        #expect(Self.columns(plan) == ["id:int64?", "total:float64?", "column_3:text"])
        #expect(try Self.rows(plan) == [["1", "2.5", "x"], ["2", "3.5", "y"]])
    }

    @Test("JSON lines are resolved by name, and undeclared members can be left out")
    func jsonLines() throws {
        let text = #"{"id":1,"name":"a","tags":[1,2]}"# + "\n" + #"{"name":"b","id":2}"# + "\n"
        let all = try plan(text, name: "a.jsonl", InputOptions())
        #expect(all.format == .jsonl)
        #expect(Self.columns(all) == ["id:int64", "name:text", "tags:json?"])
        let some = try plan(
            text, name: "b.jsonl",
            InputOptions(columns: [ColumnDeclaration(name: "label", from: "name", type: .text)], unknown: .drop))
        #expect(try Self.rows(some) == [["a"], ["b"]])
    }

    @Test("a declared format that the file does not have is refused")
    func wrongFormat() throws {
        let path = try folder.write(Self.orders, to: "orders.csv")
        #expect(
            throws: TabularError("input.wrong_format", "\(path) is not a Parquet file, but parquet was declared.")
        ) { try InputPlan(path: path, options: InputOptions(format: .parquet)) }
    }

    @Test(
        "a file's content says its format, whatever its name",
        arguments: [
            ("a,b\n1,2\n", DataFormat.csv), ("  \n{\"a\":1}\n", .jsonl), ("\u{FEFF}{\"a\":1}\n", .jsonl), ("\u{FEFF}a,b\n1,2\n", .csv),
        ])
    func detected(_ text: String, _ format: DataFormat) throws {
        #expect(try plan(text, name: "data.bin", InputOptions()).format == format)
    }

    @Test(
        "names say format and compression, and give a stem without either",
        arguments: [
            ("a/b.csv", DataFormat.csv, "none", "b"), ("b.CSV.GZ", .csv, "gzip", "b"), ("b.tsv.zst", .csv, "zstd", "b"),
            ("b.ndjson", .jsonl, "none", "b"), ("b.parquet", .parquet, "none", "b"), ("b.x.csv", .csv, "none", "b.x"),
            ("b", nil, "none", "b"), (".csv", .csv, "none", ".csv"), ("b.gz", nil, "gzip", "b"),
        ] as [(String, DataFormat?, String, String)])
    func names(_ path: String, _ format: DataFormat?, _ compression: String, _ stem: String) {
        #expect(DataFormat.named(by: path).format == format)
        #expect(DataFormat.named(by: path).compression.rawValue == compression)
        #expect(DataFormat.stem(of: path) == stem)
    }
}
