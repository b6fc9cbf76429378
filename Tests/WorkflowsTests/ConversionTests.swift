import Columns
import Foundation
import Jobs
import Tabular
import Testing
import Workflows

/// Rows with all that a CSV file may hold; many enough for several batches.
private enum Sample {
    static let count = 5000

    static let csv: String = {
        var text = "id,amount,ratio,day,at,seen,flag,name,note\n"
        for row in 1...count {
            let name = row % 7 == 0 ? #""Müller, ""Ann"" \#(row)""# : row % 5 == 0 ? #""two\#nlines \#(row)""# : "plain \(row) 日本"
            let note = row % 3 == 0 ? "" : row % 3 == 1 ? #""""# : "007"
            let day = row % 11 == 0 ? "" : "2026-\(row % 12 < 9 ? "0" : "")\(row % 12 + 1)-1\(row % 10)"
            text +=
                "\(row),\(row % 100).\(row % 9)5,\(Double(row) / 8)e200,\(day),2026-01-31T13:05:0\(row % 10),"
                + "2026-01-31T13:05:09.25Z,\(row % 2 == 0),\(name),\(note)\n"
        }
        return text
    }()
}

struct ConversionTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    private func conversion(
        _ input: String, _ format: DataFormat, input options: InputOptions = InputOptions(), output: OutputOptions = OutputOptions(),
        policy: RejectPolicy = RejectPolicy()
    ) throws -> Conversion {
        Conversion(
            plan: try InputPlan(path: folder(input), options: options), format: format, options: output, policy: policy,
            sourceName: input)
    }

    /// Converts and proves; the result's columns and digest.
    @discardableResult
    private func convert(
        _ input: String, to output: String, _ format: DataFormat, _ options: OutputOptions = OutputOptions()
    ) throws -> Conversion.Result {
        let conversion = try conversion(input, format, output: options)
        let result = try conversion.write(to: folder(output), rejectsPath: folder("rejects.csv"))
        let validation = try conversion.prove(result, path: folder(output))
        #expect(validation.rows == result.counts.written)
        return result
    }

    @Test("the sample's columns have the types that were meant")
    func types() throws {
        try folder.write(Sample.csv, to: "a.csv")
        let columns = try conversion("a.csv", .parquet).plan.schema.columns
        #expect(
            columns.map { "\($0.name):\($0.type)" } == [
                "id:int64", "amount:decimal(4,2)", "ratio:float64", "day:date", "at:timestamp", "seen:timestamptz", "flag:bool",
                "name:text", "note:text",
            ])
    }

    @Test(
        "every value survives each format and the way back", arguments: DataFormat.allCases, DataFormat.allCases)
    func chain(_ first: DataFormat, _ second: DataFormat) throws {
        try folder.write(Sample.csv, to: "a.csv")
        let original = try convert("a.csv", to: "a.out", .csv)
        try convert("a.csv", to: "b.\(first)", first)
        try convert("b.\(first)", to: "c.\(second)", second)
        let back = try convert("c.\(second)", to: "d.csv", .csv)
        #expect(back.counts == Counts(read: Int64(Sample.count), written: Int64(Sample.count)))
        #expect(try folder.text("d.csv") == folder.text("a.out"))
        #expect(back.columns.map(\.type) == original.columns.map(\.type))
        #expect(back.digest == original.digest)
    }

    @Test(
        "compressed outputs are proven too",
        arguments: [
            (DataFormat.csv, "gzip"), (.csv, "zstd"), (.jsonl, "gzip"), (.jsonl, "zstd"), (.parquet, "none"), (.parquet, "gzip"),
            (.parquet, "snappy"), (.parquet, "lz4"), (.parquet, "zstd"),
        ])
    func compressed(_ format: DataFormat, _ compression: String) throws {
        try folder.write(Sample.csv, to: "a.csv")
        let original = try convert("a.csv", to: "plain.csv", .csv)
        try convert("a.csv", to: "b.out", format, OutputOptions(compression: compression, rowGroupRows: 700))
        #expect(try convert("b.out", to: "c.csv", .csv).digest == original.digest)
    }

    @Test("an empty table keeps its columns")
    func empty() throws {
        try folder.write("a,b\n", to: "a.csv")
        for format in DataFormat.allCases {
            #expect(try convert("a.csv", to: "b.\(format)", format).counts == Counts())
        }
        #expect(try folder.text("b.csv") == "a,b\n")
    }

    // MARK: Bad rows

    private static let bad = "id,day\n1,2026-01-01\ntwo,2026-01-02\n3\n4,2026-02-30\n5,2026-01-05\n"
    private static let declared = InputOptions(
        columns: [ColumnDeclaration(name: "id", type: .int64, required: true), ColumnDeclaration(name: "day", type: .date)])

    @Test("the first bad row ends a conversion, and its place is told")
    func aborts() throws {
        try folder.write(Self.bad, to: "bad.csv")
        let error = #expect(throws: TabularError.self) {
            try conversion("bad.csv", .jsonl, input: Self.declared).write(to: folder("b"), rejectsPath: folder("r"))
        }
        #expect(error?.code == "value.bad_integer")
        #expect(error?.message.hasPrefix(#"bad.csv line 3 (byte 20), column "id": "#) == true)
        #expect(!FileManager.default.fileExists(atPath: folder("r")))
    }

    @Test("bad rows are set aside with all that is known of them, and the rest is proven")
    func rejects() throws {
        try folder.write(Self.bad, to: "bad.csv")
        let conversion = try conversion("bad.csv", .jsonl, input: Self.declared, policy: RejectPolicy(rejects: true))
        let result = try conversion.write(to: folder("b.jsonl"), rejectsPath: folder("r.csv"))
        #expect(result.counts == Counts(read: 5, written: 2, rejected: 3))
        #expect(result.hasRejects)
        #expect(try conversion.prove(result, path: folder("b.jsonl")).rows == 2)
        #expect(try folder.text("b.jsonl") == #"{"id":1,"day":"2026-01-01"}"# + "\n" + #"{"id":5,"day":"2026-01-05"}"# + "\n")
        let lines = try folder.text("r.csv").split(separator: "\n").map(String.init)
        #expect(lines.first == "id,day,_row,_line,_byte,_column,_code,_reason")
        #expect(
            lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false).prefix(7).joined(separator: ",") } == [
                "two,2026-01-02,2,3,20,id,value.bad_integer", "3,,3,4,35,,csv.field_count", "4,2026-02-30,4,5,37,day,value.bad_date",
            ])
    }

    @Test(
        "more bad rows than are allowed end it",
        arguments: [(2 as Int64?, nil as Double?, true), (3, nil, false), (nil, 0.5, true), (nil, 0.6, false), (0, 1, true)])
    func limits(_ most: Int64?, _ ratio: Double?, _ isRefused: Bool) throws {
        try folder.write(Self.bad, to: "bad.csv")
        let conversion = try conversion(
            "bad.csv", .csv, input: Self.declared, policy: RejectPolicy(rejects: true, maxRejects: most, maxRejectRatio: ratio))
        guard isRefused else {
            _ = try conversion.write(to: folder("b"), rejectsPath: folder("r"))
            return
        }
        let error = #expect(throws: TabularError.self) { try conversion.write(to: folder("b"), rejectsPath: folder("r")) }
        #expect(error?.code == "rows.too_many_rejects")
    }

    @Test("rejects that are mended load again")
    func mended() throws {
        try folder.write(Self.bad, to: "bad.csv")
        _ = try conversion("bad.csv", .csv, input: Self.declared, policy: RejectPolicy(rejects: true))
            .write(to: folder("b"), rejectsPath: folder("r.csv"))
        let mended = try folder.text("r.csv").replacing("two,", with: "2,").replacing("2026-02-30", with: "2026-02-28")
        try folder.write(mended, to: "mended.csv")
        var options = Self.declared
        options.unknown = .drop
        let result = try conversion("mended.csv", .csv, input: options).write(to: folder("c.csv"), rejectsPath: folder("r2"))
        #expect(result.counts == Counts(read: 3, written: 3))
        #expect(try folder.text("c.csv") == "id,day\n2,2026-01-02\n3,\n4,2026-02-28\n")
    }
}

/// The proof is worth something only if it can fail.
struct ProofTests {
    private let folder: TestFolder
    private static let rows = 3000

    init() throws {
        folder = try TestFolder()
        var text = "id,name,amount\n"
        for row in 1...Self.rows { text += "\(row),name \(row),\(row).25\n" }
        try folder.write(text, to: "in.csv")
    }

    /// Converts, lets `damage` change the output's lines (a CSV's header is the first), and proves.
    private func message(_ format: DataFormat, _ damage: (inout [String]) -> Void) throws -> String {
        let conversion = Conversion(
            plan: try InputPlan(path: folder("in.csv"), options: InputOptions()), format: format, options: OutputOptions(),
            policy: RejectPolicy(), sourceName: "in.csv")
        let result = try conversion.write(to: folder("out"), rejectsPath: folder("rejects"))
        _ = try conversion.prove(result, path: folder("out"))
        var lines = try folder.text("out").split(separator: "\n").map(String.init)
        if format == .jsonl { lines.insert("", at: 0) }
        damage(&lines)
        if format == .jsonl { lines.removeFirst() }
        try folder.write(lines.joined(separator: "\n") + "\n", to: "out")
        let error = #expect(throws: TabularError.self) { try conversion.prove(result, path: folder("out")) }
        #expect(error?.code == "convert.not_proven")
        return error?.message ?? ""
    }

    private func notProven(_ format: DataFormat, _ what: String) -> String {
        "The conversion of in.csv to \(format.rawValue) is not proven: \(what)."
    }

    private static let formats = [DataFormat.csv, .jsonl]

    @Test("one changed byte is found, and named by column and row", arguments: formats)
    func changedByte(_ format: DataFormat) throws {
        let message = try message(format) { $0[1500] = $0[1500].replacing("1500.25", with: "1500.26") }
        #expect(message == notProven(format, #"column "amount", row 1500: expected "1500.25", found "1500.26""#))
    }

    @Test("a value that became null is found", arguments: formats)
    func lostValue(_ format: DataFormat) throws {
        let message = try message(format) { lines in
            lines[7] = lines[7].replacing("\"name 7\"", with: "null").replacing("name 7", with: "")
        }
        #expect(message == notProven(format, #"column "name", row 7: expected "name 7", found null"#))
    }

    @Test("two rows that changed places are found", arguments: formats)
    func swapped(_ format: DataFormat) throws {
        let message = try message(format) { $0.swapAt(20, 21) }
        #expect(message == notProven(format, #"column "id", row 20: expected "20", found "21""#))
    }

    @Test("two values of one column that changed places are found", arguments: formats)
    func swappedValues(_ format: DataFormat) throws {
        let message = try message(format) { lines in
            lines[100] = lines[100].replacing("name 100", with: "name 2000")
            lines[2000] = lines[2000].replacing("name 2000", with: "name 100")
        }
        #expect(message == notProven(format, #"column "name", row 100: expected "name 100", found "name 2000""#))
    }

    @Test("a row that is missing is found, and where", arguments: formats)
    func dropped(_ format: DataFormat) throws {
        let message = try message(format) { $0.remove(at: 1234) }
        #expect(
            message == notProven(format, #"3000 rows were written, 2999 read back; column "id", row 1234: expected "1234", found "1235""#))
    }

    @Test("a last row that is missing is found, and so is one too many", arguments: formats)
    func ends(_ format: DataFormat) throws {
        #expect(
            try message(format) { $0.removeLast() }
                == notProven(format, #"3000 rows were written, 2999 read back; column "id", row 3000: expected "3000", found no row"#))
        #expect(
            try message(format) { $0.append($0[3000]) }
                == notProven(format, #"3000 rows were written, 3001 read back; column "id", row 3001: expected no row, found "3000""#))
    }

    @Test("a row that no longer reads is found", arguments: formats)
    func unreadable(_ format: DataFormat) throws {
        let message = try message(format) { $0[10] = $0[10].replacing("10.25", with: "1o.25") }
        #expect(
            message.hasPrefix(
                "The conversion of in.csv to \(format.rawValue) is not proven: the result does not read back: line \(format == .csv ? 11 : 10) "
            ))
    }

    @Test("one changed byte in the middle of a Parquet file does not pass")
    func parquet() throws {
        let conversion = Conversion(
            plan: try InputPlan(path: folder("in.csv"), options: InputOptions()), format: .parquet,
            options: OutputOptions(compression: "none"), policy: RejectPolicy(), sourceName: "in.csv")
        let result = try conversion.write(to: folder("out"), rejectsPath: folder("rejects"))
        _ = try conversion.prove(result, path: folder("out"))
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder("out")))
        let at = try #require(bytes.range(of: Data("name 1500".utf8))).lowerBound
        bytes[at] ^= 1
        try bytes.write(to: URL(fileURLWithPath: folder("out")))
        #expect(throws: (any Error).self) { try conversion.prove(result, path: folder("out")) }
    }
}
