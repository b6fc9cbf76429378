import Columns
import SQL
import Tabular
import Testing
import Workflows

struct PipelineFileTests {
    private static func read(_ text: String) throws -> Pipeline {
        try PipelineFile.read(text: text, file: "orders.yaml")
    }

    /// The pipeline alone, without the digest of its text.
    private static func readBare(_ text: String) throws -> Pipeline {
        var pipeline = try read(text)
        pipeline.digest = ""
        return pipeline
    }

    @Test("a file that says everything is read as it says")
    func everything() throws {
        let pipeline = try Self.readBare(
            """
            name: orders
            match: { bucket: "acme-raw", key: "orders/**/*.csv*" }
            workflow: loader
            input: { format: csv, header: true, delimiter: ";", quote: "'", escape: "\\\\", encoding: UTF-8, "null": ["", "NULL"] }
            columns:
              - { name: order_id, type: int64, required: true }
              - { name: total, from: "Order Total", type: "decimal(12,2)" }
              - { name: note }
            schema: { mode: infer, unknown: drop }
            rows: { on_error: reject, max_rejects: 100, max_reject_ratio: 0.01 }
            target:
              postgres: { table: sales.orders, mode: upsert, key: [order_id] }
            output:
              parquet: { to: "s3://acme-lake/orders/", compression: gzip, compression_level: 9, row_group_rows: 1000 }
            lineage: { load_id: batch, source: file, row: line }
            resend: append
            """)
        var input = InputOptions(
            format: .csv,
            hints: DialectHints(delimiter: 59, quote: 39, escape: 92, header: true, nullMarkers: ["", "NULL"]),
            columns: [
                ColumnDeclaration(name: "order_id", type: .int64, required: true),
                ColumnDeclaration(name: "total", from: "Order Total", type: .decimal(precision: 12, scale: 2)),
                ColumnDeclaration(name: "note"),
            ])
        input.unknown = .drop
        input.encoding = try TextEncoding(named: "UTF-8")
        #expect(
            pipeline
                == Pipeline(
                    name: "orders", match: .init(bucket: "acme-raw", key: KeyPattern("orders/**/*.csv*")), workflow: .loader,
                    input: input, rows: RejectPolicy(rejects: true, maxRejects: 100, maxRejectRatio: 0.01),
                    target: .init(table: try TableName(schema: "sales", name: "orders"), mode: .upsert(key: ["order_id"])),
                    output: .init(
                        format: .parquet, to: "s3://acme-lake/orders/",
                        options: OutputOptions(compression: "gzip", compressionLevel: 9, rowGroupRows: 1000)),
                    lineage: LineageColumns(loadID: "batch", source: "file", row: "line")))
    }

    @Test("every key of an output's files is read")
    func outputKeys() throws {
        let output = try Self.readBare(
            """
            name: a
            workflow: convertor
            output:
              parquet:
                partition_by: [day, shop]
                file_bytes: 128MiB
                file_rows: 1000000
                row_group_bytes: 64MiB
                page_version: 2
                encodings: compact
                bloom_filters: id
                sorted_by: [id, "seen at desc nulls last"]
                metadata: { team: sales }
            """
        ).output.options
        var expected = OutputOptions()
        expected.split.partitionBy = ["day", "shop"]
        expected.split.fileBytes = 128 << 20
        expected.split.fileRows = 1_000_000
        expected.parquet.rowGroupBytes = 64 << 20
        expected.parquet.pageVersion = 2
        expected.parquet.encodings = "compact"
        expected.parquet.bloomFilters = ["id"]
        expected.parquet.sortedBy = [.init("id", hasNullsFirst: true), .init("seen at", isDescending: true)]
        expected.parquet.metadata = ["team": "sales"]
        #expect(output == expected)
    }

    @Test("what is left out has its default")
    func least() throws {
        #expect(
            try Self.readBare("name: a\nworkflow: convertor\n")
                == Pipeline(name: "a", workflow: .convertor, output: .init(format: .parquet)))
    }

    @Test("another text makes another digest, and so another revision")
    func digests() throws {
        let one = try Self.read("name: a\nworkflow: convertor\n")
        let other = try Self.read("name: a\nworkflow: convertor\n# changed\n")
        #expect(one.digest != other.digest)
        #expect(one.revision(software: "landfall 1") == one.revision(software: "landfall 1"))
        #expect(Set([one.revision(software: "1"), one.revision(software: "2"), other.revision(software: "1")]).count == 3)
    }

    @Test(
        "each workflow can have the outputs it can write",
        arguments: [
            ("workflow: convertor\noutput: { csv: }", DataFormat.csv),
            ("workflow: convertor\noutput: { jsonl: { compression: zstd } }", .jsonl),
            ("workflow: convertor\noutput: { parquet: {} }", .parquet),
            ("workflow: loader\ntarget: { postgres: { table: t } }\noutput: { parquet: }", .parquet),
            ("workflow: loader\ntarget: { postgres: { table: t } }", .parquet),
        ])
    func outputs(_ rest: String, _ format: DataFormat) throws {
        #expect(try Self.read("name: a\n" + rest).output.format == format)
    }

    @Test(
        "load modes and tables are read",
        arguments: [
            ("table: t", "public.t", "append"), ("table: s.t, mode: append", "s.t", "append"),
            ("table: s.t, mode: replace", "s.t", "replace"),
            ("table: '\"S.x\".t', mode: upsert, key: [a, b]", "S.x.t", "upsert by \"a\", \"b\""),
            ("table: t, mode: upsert, key: a", "public.t", "upsert by \"a\""),
        ])
    func targets(_ postgres: String, _ table: String, _ mode: String) throws {
        let target = try #require(try Self.read("name: a\nworkflow: loader\ntarget: { postgres: { \(postgres) } }").target)
        #expect(target.table.description == table)
        #expect(target.mode.description.replacing("\"", with: "") == mode.replacing("\"", with: ""))
    }

    @Test(
        "unknown columns are added unless the file says otherwise",
        arguments: [
            ("", InputOptions.Unknown.add), ("schema: { unknown: add }", .add), ("schema: { unknown: drop }", .drop),
            ("schema: { unknown: reject }", .reject), ("schema: { mode: frozen }", .reject), ("schema: { mode: infer }", .add),
        ])
    func unknown(_ schema: String, _ unknown: InputOptions.Unknown) throws {
        #expect(try Self.read("name: a\nworkflow: convertor\n" + schema).input.unknown == unknown)
    }

    @Test("lineage columns can be left out or renamed in part")
    func lineage() throws {
        func lineage(_ text: String) throws -> LineageColumns {
            try Self.read("name: a\nworkflow: convertor\n" + text).lineage
        }
        #expect(try lineage("") == LineageColumns())
        #expect(try lineage("lineage: true") == LineageColumns())
        #expect(try lineage("lineage: false") == .none)
        #expect(try lineage("lineage: { row: line }") == LineageColumns(row: "line"))
    }

    @Test(
        "delimiters are written as people write them",
        arguments: [(#""\t""#, UInt8(9)), ("tab", 9), (#"'\t'"#, 9), ("'|'", 124), ("'^A'", 1)])
    func delimiters(_ text: String, _ byte: UInt8) throws {
        #expect(try Self.read("name: a\nworkflow: convertor\ninput: { delimiter: \(text) }").input.hints.delimiter == byte)
    }

    @Test("a schema file holds columns and schema only")
    func schemaFile() throws {
        let options = try PipelineFile.readSchema(
            text: "columns: [{ name: a, type: date }]\nschema: { unknown: drop }", file: "s.yaml")
        #expect(options.columns == [ColumnDeclaration(name: "a", type: .date)])
        #expect(options.unknown == .drop)
    }
}
