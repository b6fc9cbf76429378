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
        let result = try conversion.write(to: .file(path: folder(output)), rejectsPath: folder("rejects.csv"))
        let validation = try conversion.prove(result, in: .file(path: folder(output)))
        #expect(validation.rows == result.counts.written)
        return result
    }

    @Test("rejects are counted and written alike with any number of threads", arguments: 1...4)
    func rejectsByThreads(threads: Int) throws {
        var text = "id,note\n"
        // Several chunks of a megabyte.
        let long = String(repeating: "long ", count: 60)
        for row in 1...15_000 { text += row % 125 == 0 ? "\(row),a,b\n" : "\(row),\"\(long)\n\(row)\"\n" }
        try folder.write(text, to: "a.csv")
        var options = InputOptions(hints: DialectHints(header: true))
        func write(_ threads: Int, _ policy: RejectPolicy, _ name: String) throws -> Conversion.Result {
            options.threads = threads
            return try conversion("a.csv", .jsonl, input: options, policy: policy)
                .write(to: .file(path: folder("\(name).jsonl")), rejectsPath: folder("\(name).csv"))
        }
        let one = try write(1, RejectPolicy(rejects: true, maxRejects: 120), "one")
        let many = try write(threads, RejectPolicy(rejects: true, maxRejects: 120), "many")
        #expect(many.counts == Counts(read: 15_000, written: 14_880, rejected: 120))
        #expect(many.counts == one.counts)
        #expect(try folder.text("many.csv") == folder.text("one.csv"))
        #expect(try folder.text("many.jsonl") == folder.text("one.jsonl"))
        // The one too many is the same one.
        #expect {
            try write(threads, RejectPolicy(rejects: true, maxRejects: 119), "few")
        } throws: { error in
            guard let error = error as? TabularError else { return false }
            return error.code == "rows.too_many_rejects" && error.message.contains("the last is at line 29881 (byte ")
        }
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
        #expect(back.facts == original.facts)
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
        #expect(try convert("b.out", to: "c.csv", .csv).facts == original.facts)
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
            try conversion("bad.csv", .jsonl, input: Self.declared).write(to: .file(path: folder("b")), rejectsPath: folder("r"))
        }
        #expect(error?.code == "value.bad_integer")
        #expect(error?.message.hasPrefix(#"bad.csv line 3 (byte 20), column "id": "#) == true)
        #expect(!FileManager.default.fileExists(atPath: folder("r")))
    }

    @Test("bad rows are set aside with all that is known of them, and the rest is proven")
    func rejects() throws {
        try folder.write(Self.bad, to: "bad.csv")
        let conversion = try conversion("bad.csv", .jsonl, input: Self.declared, policy: RejectPolicy(rejects: true))
        let result = try conversion.write(to: .file(path: folder("b.jsonl")), rejectsPath: folder("r.csv"))
        #expect(result.counts == Counts(read: 5, written: 2, rejected: 3))
        #expect(result.hasRejects)
        #expect(try conversion.prove(result, in: .file(path: folder("b.jsonl"))).rows == 2)
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
            _ = try conversion.write(to: .file(path: folder("b")), rejectsPath: folder("r"))
            return
        }
        let error = #expect(throws: TabularError.self) { try conversion.write(to: .file(path: folder("b")), rejectsPath: folder("r")) }
        #expect(error?.code == "rows.too_many_rejects")
    }

    @Test("rejects that are mended load again")
    func mended() throws {
        try folder.write(Self.bad, to: "bad.csv")
        _ = try conversion("bad.csv", .csv, input: Self.declared, policy: RejectPolicy(rejects: true))
            .write(to: .file(path: folder("b")), rejectsPath: folder("r.csv"))
        let mended = try folder.text("r.csv").replacing("two,", with: "2,").replacing("2026-02-30", with: "2026-02-28")
        try folder.write(mended, to: "mended.csv")
        var options = Self.declared
        options.unknown = .drop
        let result = try conversion("mended.csv", .csv, input: options).write(to: .file(path: folder("c.csv")), rejectsPath: folder("r2"))
        #expect(result.counts == Counts(read: 3, written: 3))
        #expect(try folder.text("c.csv") == "id,day\n2,2026-01-02\n3,\n4,2026-02-28\n")
    }
}
