import Foundation
import Testing

@Suite(.enabled(if: TestBed.hasBinary, TestBed.needsBinary))
struct ConvertTests {
    private let folder: Folder
    private let landfall: Landfall

    init() throws {
        folder = try Folder()
        landfall = Landfall(folder)
    }

    @Test("convert --json prints the contract's members, and they are true")
    func json() async throws {
        try folder.write(Orders(100).csv, to: "in.csv")
        let result = try await landfall("convert", "in.csv", "out.parquet", "--json")
        #expect(result.code == 0)
        #expect(result.error == "")
        let report = try result.json()
        #expect(report["input"].text == "in.csv")
        #expect(report["output"].text == "out.parquet")
        #expect(report["format"].text == "parquet")
        #expect(report["rows_read"].int == 100)
        #expect(report["rows_written"].int == 100)
        #expect(report["rows_rejected"].int == 0)
        #expect(report["validated"].bool == true)
        #expect((report["seconds"].double ?? -1) >= 0)
        #expect(report["columns"].list.map { $0["name"].text } == Orders.names)
        #expect(
            report["columns"].list.map { $0["type"].text } == [
                "int64", "text", "decimal(5,2)", "date", "timestamptz", "int64", "bool", "text",
            ])
        #expect(report["columns"].list.map { $0["nullable"].bool } == Array(repeating: true, count: 8))
    }

    @Test("convert --json carries the proof: digests of source and output, facts of each column, what was compared and what is lost")
    func proof() async throws {
        try folder.write(Orders(100).csv, to: "in.csv")
        let report = try await landfall("convert", "in.csv", "out.jsonl", "--json").json()
        #expect(report["source"]["sha256"].text == (try SHA256Sum.of(folder("in.csv"))))
        #expect(report["source"]["bytes"].int == (try folder.text("in.csv").utf8.count))
        #expect(report["source"]["format"].text == "csv")
        #expect(report["outputs"].list.count == 1)
        #expect(report["outputs"][0]["sha256"].text == (try SHA256Sum.of(folder("out.jsonl"))))
        #expect(report["outputs"][0]["bytes"].int == (try folder.text("out.jsonl").utf8.count))
        #expect(report["outputs"][0]["uri"].text == "file://\(folder("out.jsonl"))")
        for column in report["columns"].list {
            #expect(column["checksum"].text?.count == 16)
            #expect(column["nulls"].int.map { (0..<100).contains($0) } == true)
            #expect(column["reason"].isThere)
        }
        #expect(report["columns"][0]["distinct"].int.map { (95...105).contains($0) } == true)
        let validation = report["validation"]
        #expect(validation["rows"].int == 100 && validation["files"].int == 1)
        #expect(validation["compared"].list.count == 4)
        #expect(validation["rules"].texts.contains(#"null is null; empty text is """#))
        #expect(validation["not_kept"].texts.contains { $0.hasPrefix("exactness in readers") })
        let unproven = try await landfall("convert", "in.csv", "out.parquet", "--no-validate", "--json").json()
        #expect(unproven["validated"].bool == false)
        #expect(!unproven["validation"].isThere)
    }

    private static let formats = ["csv", "json", "jsonl", "parquet"]

    @Test(
        "every format becomes every other, with the same values", .enabled(if: TestBed.hasPython, TestBed.needsPython),
        arguments: formats, formats)
    func pairs(_ from: String, _ to: String) async throws {
        let orders = Orders(3000)
        try folder.write(orders.csv, to: "truth.csv")
        try folder.write(orders.jsonLines, to: "in.jsonl")
        try folder.write("[" + orders.jsonLines.split(separator: "\n").joined(separator: ",\n") + "]\n", to: "in.json")
        try folder.write(orders.csv, to: "in.csv")
        #expect(try await landfall("convert", "truth.csv", "in.parquet").code == 0)
        let there = try await landfall("convert", "in.\(from)", "out.\(to)", "--json")
        #expect(there.code == 0)
        #expect(try there.json()["rows_written"].int == 3000)
        #expect(try await landfall("convert", "out.\(to)", "last.parquet").code == 0)
        let read = try await Python.required()("parquet", ["path": folder("last.parquet")])
        #expect(read["names"].texts == Orders.names)
        #expect(read["agree"].bool == true)
        #expect(read["rows"].rows == orders.rows)
        if to == "csv" { #expect(try folder.text("out.csv") == orders.csv) }
    }

    @Test(
        "compressed inputs are read and compressed outputs written, by their names or their content",
        arguments: ["csv.gz", "csv.zst", "jsonl.gz", "jsonl.zst", "json.gz", "json.zst"])
    func compressed(_ ending: String) async throws {
        let orders = Orders(500)
        try folder.write(orders.csv, to: "in.csv")
        #expect(try await landfall("convert", "in.csv", "out.\(ending)").code == 0)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder("out.\(ending)")))
        #expect(Array(bytes.prefix(2)) == (ending.hasSuffix("gz") ? [0x1F, 0x8B] : [0x28, 0xB5]))
        let inspected = try await landfall("inspect", "out.\(ending)", "--json").json()
        #expect(inspected["compression"].text == (ending.hasSuffix("gz") ? "gzip" : "zstd"))
        try FileManager.default.moveItem(atPath: folder("out.\(ending)"), toPath: folder("unnamed"))
        #expect(try await landfall("convert", "unnamed", "back.csv").code == 0)
        #expect(try folder.text("back.csv") == orders.csv)
    }

    @Test(
        "Parquet is written with the codec that was asked for", .enabled(if: TestBed.hasPython, TestBed.needsPython),
        arguments: [
            ("none", "UNCOMPRESSED"), ("zstd", "ZSTD"), ("gzip", "GZIP"), ("snappy", "SNAPPY"), ("lz4", "LZ4"), ("brotli", "BROTLI"),
        ])
    func codecs(_ name: String, _ codec: String) async throws {
        try folder.write(Orders(50).csv, to: "in.csv")
        #expect(try await landfall("convert", "in.csv", "out.parquet", "--compression", name).code == 0)
        let read = try await Python.required()("parquet", ["path": folder("out.parquet")])
        #expect(read["codec"].text == codec)
        #expect(read["rows"].rows == Orders(50).rows)
    }

    @Test("Parquet's layout is as the flags say, as pyarrow and DuckDB see it", .enabled(if: TestBed.hasPython, TestBed.needsPython))
    func layout() async throws {
        var text = "id,code,x,day\n"
        for row in 1...5000 {
            text += "\(row),\(String(row &* 2_654_435_761 % 1_000_003, radix: 36))-\(row),\(Double(row) / 7),2026-01-0\(row / 1000 + 1)\n"
        }
        try folder.write(text, to: "in.csv")
        func layout(_ flags: String...) async throws -> JSON {
            #expect(try await landfall.run(["convert", "in.csv", "out.parquet"] + flags).code == 0)
            return try await Python.required()("layout", ["path": folder("out.parquet")])
        }
        let usual = try await layout()
        #expect(usual["rows"].list.map(\.int) == [5000])
        #expect(usual["bloom"].list.isEmpty && usual["sorted"].list.allSatisfy { $0.list.isEmpty })
        #expect(usual["metadata"]["landfall.source"].text == "file://\(folder("in.csv"))")
        #expect(usual["metadata"]["landfall.version"].text?.hasPrefix("landfall ") == true)

        let asked = try await layout(
            "--row-group-rows", "2000", "--bloom-filters", "id,code", "--sorted-by", "id,x desc nulls last", "--metadata", "team=sales = 1",
            "--page-version", "2", "--encodings", "compact")
        #expect(asked["rows"].list.map(\.int) == [2000, 2000, 1000])
        #expect(asked["bloom"].texts == ["code", "id"])
        for group in asked["sorted"].list {
            #expect(group.list.map { $0[0].int } == [0, 2] && group.list.map { $0[1].bool } == [false, true])
            #expect(group.list.map { $0[2].bool } == [true, false])
        }
        #expect(asked["metadata"]["team"].text == "sales = 1")
        #expect(asked["encodings"]["x"].texts.contains("BYTE_STREAM_SPLIT"))
        #expect(try await Python.required()("parquet", ["path": folder("out.parquet")])["agree"].bool == true)

        // What is not true is not said.
        let unsorted = try await layout("--sorted-by", "code")
        #expect(unsorted["sorted"].list.allSatisfy { $0.list.isEmpty })
        #expect(
            try await layout("--encodings", "widely_read")["encodings"]["id"].texts.allSatisfy {
                ["PLAIN", "PLAIN_DICTIONARY", "RLE", "RLE_DICTIONARY"].contains($0)
            })
        let (fast, small) = (
            try await layout("--compression", "gzip", "--compression-level", "1"),
            try await layout("--compression", "gzip", "--compression-level", "9")
        )
        #expect(fast["codec"].text == "GZIP" && small["codec"].text == "GZIP")
        #expect(try #require(small["bytes"].int) < #require(fast["bytes"].int))
        for wrong in [["--compression", "snappy", "--compression-level", "3"], ["--compression", "gzip", "--compression-level", "10"]] {
            #expect(try await landfall.run(["convert", "in.csv", "out.parquet"] + wrong).code == 64)
        }
        try folder.write("id\n" + (1...60_000).map { "\($0 &* 2_654_435_761 % 1_000_000_007)\n" }.joined(), to: "in.csv")
        #expect(try await layout("--row-group-bytes", "64KiB")["rows"].list.count > 1)
    }

    @Test("several files and partitions go to a new folder, whole or not at all", .enabled(if: TestBed.hasPython, TestBed.needsPython))
    func folders() async throws {
        let rows = (1...500).map { "\($0),\($0 % 3 == 0 ? "" : "k/\($0 % 3)"),n \($0)\n" }.joined()
        try folder.write("id,kind,note\n" + rows, to: "in.csv")
        let result = try await landfall(
            "convert", "in.csv", "out", "--to", "parquet", "--partition-by", "kind", "--file-rows", "200", "--json")
        #expect(result.code == 0)
        let report = try result.json()
        #expect(report["outputs"].list.reduce(0) { $0 + ($1["rows"].int ?? 0) } == 500)
        #expect(report["validation"]["files"].int == report["outputs"].list.count)
        let read = try await Python.required()("dataset", ["path": folder("out")])
        #expect(read["rows"].list.count == 500)
        #expect(read["rows"].rows == read["duckdb"].rows)
        let again = try await landfall("convert", "in.csv", "out", "--to", "parquet", "--partition-by", "kind")
        #expect(again.code == 73)
        #expect(again.error == "landfall: out is there already and is no empty folder; it is left alone. [output.not_empty]\n")
        let before = folder.files().filter { !$0.hasPrefix(".run-") }
        let wrong = try await landfall("convert", "in.csv", "other", "--to", "csv", "--partition-by", "none")
        #expect(wrong.code == 73 && wrong.error.hasSuffix("[output.partition_column]\n"))
        #expect(folder.files().filter { !$0.hasPrefix(".run-") } == before)
        #expect(!FileManager.default.fileExists(atPath: folder("other")))
    }

    // MARK: Checking

    @Test("a check reads everything and writes nothing")
    func check() async throws {
        try folder.write(Orders(50).csv, to: "in.csv")
        let before = folder.files()
        let result = try await landfall("convert", "in.csv", "--check", "--json")
        #expect(result.code == 0)
        let report = try result.json()
        #expect(report["check"].bool == true && report["validated"].bool == false)
        #expect(report["rows_read"].int == 50 && report["rows_written"].int == 0 && report["rows_rejected"].int == 0)
        #expect(report["format"].text == "csv")
        #expect(report["columns"].list.count == 8)
        #expect(!report["output"].isThere && report["outputs"].list.isEmpty)
        #expect(folder.files().filter { !$0.hasPrefix(".run-") } == before.filter { !$0.hasPrefix(".run-") })
    }

    @Test("a check of bad rows ends at the first, or counts them all and shows the first ones")
    func checkBadRows() async throws {
        try folder.write("id\n1\nx\ny\n2\n", to: "bad.csv")
        try folder.write("columns: [{ name: id, type: int64 }]\n", to: "schema.yaml")
        let before = folder.files()
        let aborted = try await landfall("convert", "bad.csv", "--check", "--schema", "schema.yaml")
        #expect(aborted.code == 65)
        #expect(aborted.error.contains("bad.csv line 3 (byte 5), column \"id\": expected int64, found \"x\"."))
        let counted = try await landfall("convert", "bad.csv", "--check", "--schema", "schema.yaml", "--on-error", "reject", "--json")
        #expect(counted.code == 0)
        let report = try counted.json()
        #expect(report["rows_read"].int == 4 && report["rows_rejected"].int == 2)
        #expect(report["first_rejects"].list.map { $0["row"].int } == [2, 3])
        #expect(report["first_rejects"][0]["code"].text == "value.bad_integer")
        let many = try await landfall(
            "convert", "bad.csv", "--check", "--schema", "schema.yaml", "--on-error", "reject", "--max-rejects", "1")
        #expect(many.code == 65)
        #expect(try await landfall("convert", "none.csv", "--check").code == 66)
        #expect(folder.files().filter { !$0.hasPrefix(".run-") } == before.filter { !$0.hasPrefix(".run-") })
    }

    @Test("a check holds a file that is there against its source", arguments: formats)
    func checkOutput(_ format: String) async throws {
        let orders = Orders(200)
        try folder.write(orders.csv, to: "in.csv")
        #expect(try await landfall("convert", "in.csv", "out.\(format)").code == 0)
        let same = try await landfall("convert", "in.csv", "out.\(format)", "--check", "--json")
        #expect(same.code == 0)
        #expect(try same.json()["validated"].bool == true)
        try folder.write(orders.csv.replacing("\n150,", with: "\n155,"), to: "in.csv")
        let other = try await landfall("convert", "in.csv", "out.\(format)", "--check")
        #expect(other.code == 65)
        #expect(
            other.error
                == "landfall: out.\(format) does not hold the rows of in.csv. The conversion of in.csv to \(format) is not proven: column \"id\", row 150: expected \"155\", found \"150\". [check.differs]\n"
        )
        #expect(other.output == "")
    }

    // MARK: What goes wrong

    struct Wrong: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var arguments: [String]
        var code: Int32
        var error: String
    }

    private static let wrong: [Wrong] = [
        Wrong(
            testDescription: "no such input", arguments: ["none.csv", "out.parquet"], code: 66,
            error: "landfall: none.csv: there is no such file. [input.not_found]\n"),
        Wrong(
            testDescription: "an output that does not say its format", arguments: ["good.csv", "out.xyz"], code: 64,
            error:
                "landfall: The output's name \"out.xyz\" does not say its format. End it in .csv, .json, .jsonl or .parquet, or give --to. [usage.format]\n"
        ),
        Wrong(
            testDescription: "a format that is none", arguments: ["good.csv", "out.csv", "--to", "xml"], code: 64,
            error: "landfall: --to must be csv, json, jsonl or parquet, found \"xml\". [usage.format]\n"),
        Wrong(
            testDescription: "a bad row", arguments: ["bad.csv", "out.parquet", "--schema", "schema.yaml"], code: 65,
            error:
                "landfall: bad.csv line 3 (byte 7), column \"id\": expected int64, found \"x\". Fix the file, or set rows.on_error: reject (--on-error reject) to set bad rows aside. [value.bad_integer]\n"
        ),
        Wrong(
            testDescription: "more bad rows than allowed",
            arguments: ["bad.csv", "out.parquet", "--schema", "schema.yaml", "--on-error", "reject", "--max-rejects", "0"], code: 65,
            error:
                "landfall: bad.csv has more than 0 bad rows (max_rejects); the last is at line 3 (byte 7), column \"id\": value.bad_integer, expected int64, found \"x\". [rows.too_many_rejects]\n"
        ),
        Wrong(
            testDescription: "a schema with a key that is none", arguments: ["good.csv", "out.csv", "--schema", "wrong.yaml"], code: 78,
            error: "landfall: wrong.yaml line 1: unknown key \"colums\" in wrong.yaml (did you mean \"columns\"?). [settings.unknown_key]\n"
        ),
    ]

    @Test("each mistake has its exit code and its sentence, and leaves no file", arguments: wrong)
    func mistakes(_ wrong: Wrong) async throws {
        try folder.write("id,a\n1,b\n", to: "good.csv")
        try folder.write("id\n100\nx\n2\n", to: "bad.csv")
        try folder.write("columns: [{ name: id, type: int64 }]\n", to: "schema.yaml")
        try folder.write("colums: []\n", to: "wrong.yaml")
        let before = folder.files()
        let result = try await landfall.run(["convert"] + wrong.arguments)
        #expect(result.code == wrong.code)
        #expect(result.error == wrong.error)
        #expect(result.output == "")
        #expect(folder.files().filter { !$0.hasPrefix(".run-") } == before)
    }

    @Test("a missing argument is a usage error that shows how it goes")
    func usage() async throws {
        let result = try await landfall("convert", "in.csv")
        #expect(result.code == 64)
        #expect(result.error.contains("Missing expected argument '<output>'"))
        #expect(result.error.contains("Usage: landfall convert"))
    }

    @Test("a file that nobody can make sense of is told with its place, and nothing is written")
    func broken() async throws {
        try folder.write("a,b\n1,\"x\n2,y\n", to: "broken.csv")
        let result = try await landfall("convert", "broken.csv", "out.parquet")
        #expect(result.code == 65)
        #expect(result.error.contains("Line 2 (byte 4): a quote is opened in the record that begins here and never closed."))
        #expect(result.error.hasSuffix("[csv.unclosed_quote]\n"))
        #expect(folder.files().filter { !$0.hasPrefix(".run-") } == ["broken.csv"])
    }

    @Test("an output that cannot be made is told, and so is an unknown variable in the environment")
    func places() async throws {
        try folder.write("a\n1\n", to: "in.csv")
        let result = try await landfall("convert", "in.csv", "none/out.parquet")
        #expect(result.code == 73)
        #expect(
            result.error == "landfall: none/out.parquet cannot be written: No such file or directory. [output.not_creatable]\n")
        let other = try await Landfall(folder, ["LANDFALL_BAKEND": "local"])("check")
        #expect(other.code == 78)
        #expect(
            other.error
                == "landfall: Unknown variable LANDFALL_BAKEND in the environment (did you mean \"LANDFALL_BACKEND\"?). [settings.unknown_key]\n"
        )
    }

    @Test("an output that was there before stays as it was when a conversion fails")
    func keepsOld() async throws {
        try folder.write("id\n1\nx\n", to: "bad.csv")
        try folder.write("columns: [{ name: id, type: int64 }]\n", to: "schema.yaml")
        try folder.write("precious", to: "out.csv")
        #expect(try await landfall("convert", "bad.csv", "out.csv", "--schema", "schema.yaml").code == 65)
        #expect(try folder.text("out.csv") == "precious")
    }

    @Test("bad rows go to the rejects file with all that is known of them")
    func rejects() async throws {
        try folder.write("id,day\n1,2026-01-01\nx,2026-01-02\n3\n4,2026-02-30\n", to: "bad.csv")
        try folder.write("columns: [{ name: id, type: int64 }, { name: day, type: date }]\n", to: "schema.yaml")
        let result = try await landfall("convert", "bad.csv", "out.csv", "--schema", "schema.yaml", "--on-error", "reject", "--json")
        #expect(result.code == 0)
        let report = try result.json()
        #expect(report["rows_read"].int == 4)
        #expect(report["rows_written"].int == 1)
        #expect(report["rows_rejected"].int == 3)
        #expect(report["rejects"].text == "out.csv.rejects.csv")
        #expect(try folder.text("out.csv") == "id,day\n1,2026-01-01\n")
        #expect(
            try folder.text("out.csv.rejects.csv") == """
                id,day,_row,_line,_byte,_column,_code,_reason
                x,2026-01-02,2,3,20,id,value.bad_integer,"expected int64, found ""x""\"
                3,,3,4,33,,csv.field_count,"expected 2 fields, found 1"
                4,2026-02-30,4,5,35,day,value.bad_date,"expected date, found ""2026-02-30""\"

                """)
        let named = try await landfall(
            "convert", "bad.csv", "again.csv", "--schema", "schema.yaml", "--on-error", "reject", "--rejects", "my-rejects.csv")
        #expect(named.code == 0)
        #expect(try folder.text("my-rejects.csv") == folder.text("out.csv.rejects.csv"))
    }
}
