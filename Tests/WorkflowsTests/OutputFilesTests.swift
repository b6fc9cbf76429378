import Columns
import Compression
import Foundation
import Jobs
import Tabular
import Testing

@testable import Workflows

/// Outputs of several files: cut by size, and partitioned.
struct OutputFilesTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    private func conversion(_ format: DataFormat, _ change: (inout OutputSplit) -> Void) throws -> Conversion {
        var options = OutputOptions()
        change(&options.split)
        return Conversion(
            plan: try InputPlan(path: folder("in.csv"), options: InputOptions()), format: format, options: options,
            policy: RejectPolicy(), sourceName: "in.csv")
    }

    private func place(_ ending: String) -> OutputPlace {
        .folder(path: folder("out"), stem: "x.", ending: ending)
    }

    /// Converts and proves.
    private func convert(_ format: DataFormat, _ change: (inout OutputSplit) -> Void) throws -> Conversion.Result {
        try? FileManager.default.removeItem(atPath: folder("out"))
        try FileManager.default.createDirectory(atPath: folder("out"), withIntermediateDirectories: true)
        let conversion = try conversion(format, change)
        let place = place(".\(format.rawValue)")
        let result = try conversion.write(to: place, rejectsPath: folder("rejects"))
        let validation = try conversion.prove(result, in: place)
        #expect(validation.files == result.files.count && validation.rows == result.counts.written)
        return result
    }

    private static func rows(_ count: Int, _ row: (Int) -> String) -> String {
        "id,day,name\n" + (1...count).map { row($0) + "\n" }.joined()
    }

    @Test("files are cut at a number of rows, and their names sort as their rows do", arguments: DataFormat.allCases)
    func fileRows(_ format: DataFormat) throws {
        try folder.write(Self.rows(2500) { "\($0),2026-01-31,n\($0 % 7)" }, to: "in.csv")
        let files = try convert(format) { $0.fileRows = 1000 }.files
        #expect(files.map(\.name) == (0...2).map { "x.part-0000\($0).\(format.rawValue)" })
        #expect(files.map(\.rows) == [1000, 1000, 500])
        let second = try InputPlan(path: folder("out/\(files[1].name)"), options: InputOptions())
        #expect(try second.open().next()?.batch.columns[0].text(row: 0) == "1001")
        // Exactly full files leave no empty one behind; no rows make one file.
        #expect(try convert(format) { $0.fileRows = 1250 }.files.map(\.rows) == [1250, 1250])
        try folder.write("id,day,name\n", to: "in.csv")
        #expect(try convert(format) { $0.fileRows = 1000 }.files.map(\.rows) == [0])
    }

    @Test("files are cut at about a size", arguments: DataFormat.allCases)
    func fileBytes(_ format: DataFormat) throws {
        var random = SystemRandomNumberGenerator()
        try folder.write(
            Self.rows(60_000) { "\($0),2026-01-31,\(String(random.next(), radix: 16))" }, to: "in.csv")
        let files = try convert(format) { $0.fileBytes = 512 << 10 }.files
        #expect(files.count > 1)
        for file in files.dropLast() {
            let size = try #require(FileMark(path: folder("out/\(file.name)"))?.size)
            #expect((300 << 10...600 << 10).contains(size), "\(size)")
        }
    }

    @Test("partitions are folders as Hive names them, and leave their columns out of the files", arguments: DataFormat.allCases)
    func partitions(_ format: DataFormat) throws {
        let days = ["2026-01-31", "", "2026-02-01"]
        let names = [#""""#, "a/b=c:d%é ü", "", "x"]
        try folder.write(Self.rows(600) { "\($0),\(days[$0 % 3]),\(names[$0 % 4])" }, to: "in.csv")
        let result = try convert(format) { $0.partitionBy = ["name", "day"] }
        #expect(result.files.count == 12)
        #expect(result.files.allSatisfy { $0.rows == 50 })
        let folders = Set(result.files.map { String($0.name.split(separator: "/").dropLast().joined(separator: "/")) })
        let expected = ["", "a%2Fb%3Dc%3Ad%25é ü", "__HIVE_DEFAULT_PARTITION__", "x"].flatMap { name in
            ["2026-01-31", "__HIVE_DEFAULT_PARTITION__", "2026-02-01"].map { "name=\(name)/day=\($0)" }
        }
        // A CSV's cells are kept as they are written, days too.
        #expect(folders == Set(expected))
        let one = try #require(result.files.first { $0.partition.map(\.value) == ["a/b=c:d%é ü", nil] })
        let plan = try InputPlan(path: folder("out/\(one.name)"), options: InputOptions())
        #expect(plan.schema.names == ["id"])
        // Row 1 has this name and another day; rows keep their order.
        #expect(try plan.open().next()?.batch.columns[0].text(row: 0) == "1")
    }

    @Test("more partitions than files may be open are written whole, rows in their order", arguments: [false, true])
    func manyPartitions(_ isSorted: Bool) throws {
        let count = 3 * OutputFiles.maxOpenFiles
        try folder.write(Self.rows(count * 100) { "\($0),\(isSorted ? ($0 - 1) / 100 : $0 % count),n" }, to: "in.csv")
        let files = try convert(.parquet) { $0.partitionBy = ["day"] }.files
        #expect(files.count == count)
        #expect(files.allSatisfy { $0.rows == 100 && $0.name.hasSuffix("/x.part-00000.parquet") })
    }

    @Test("a partition whose file had to be closed goes on in a second one")
    func closedFiles() throws {
        let format = OutputFormat(format: .jsonl, options: options { $0.partitionBy = ["p"] })
        let schema = Schema([Column(name: "p", type: .int64), Column(name: "t", type: .text)])
        try FileManager.default.createDirectory(atPath: folder("out"), withIntermediateDirectories: true)
        let output = try OutputFiles(format: format, place: place(".jsonl"), schema: schema, maxWaitingBytes: 64 << 10)
        // Rows of about a sixth of what may wait: each partition is written again and again.
        let text = String(repeating: "x", count: 1024)
        let partitions = 2 * OutputFiles.maxOpenFiles
        var digest = DataDigest(columnCount: 2)
        for round in 0..<4 {
            for partition in 0..<partitions {
                let batch = ColumnBatch(
                    schema: schema,
                    columns: [
                        ColumnVector(type: .int64, values: .int64([Int64(partition)]), valid: [true]),
                        ColumnVector(
                            type: .text, values: .bytes(ByteValues(offsets: [0, UInt32(text.utf8.count)], bytes: Array(text.utf8))),
                            valid: [true]),
                    ], recordNumbers: [Int64(round * partitions + partition)])
                digest.add(batch)
                try output.write(batch)
            }
        }
        let files = try output.finish(digest.facts)
        #expect(files.reduce(0) { $0 + $1.rows } == Int64(4 * partitions))
        #expect(files.count > partitions)
        #expect(files.contains { $0.name.hasSuffix("part-00001.jsonl") })
        #expect(Set(files.map(\.name)).count == files.count)
        #expect(Set(files.map { $0.partition }).count == partitions)
    }

    private func options(_ change: (inout OutputSplit) -> Void) -> OutputOptions {
        var options = OutputOptions()
        change(&options.split)
        return options
    }

    @Test("a file of a set that was changed is found, and named", arguments: [DataFormat.csv, .jsonl])
    func changed(_ format: DataFormat) throws {
        try folder.write(Self.rows(600) { "\($0),2026-01-0\($0 % 3 + 1),n\($0)" }, to: "in.csv")
        try FileManager.default.createDirectory(atPath: folder("out"), withIntermediateDirectories: true)
        let conversion = try conversion(format) {
            $0.partitionBy = ["day"]
            $0.fileRows = 150
        }
        let place = place(".\(format.rawValue)")
        let result = try conversion.write(to: place, rejectsPath: folder("rejects"))
        #expect(result.files.map(\.rows) == [150, 50, 150, 50, 150, 50])
        func reason() throws -> String? {
            #expect(throws: TabularError.self) { try conversion.prove(result, in: place) }?.message
        }
        let file = "out/day=2026-01-02/x.part-00001.\(format.rawValue)"
        let text = try folder.text(file)
        try folder.write(text.replacing("n550", with: "n551"), to: file)
        #expect(
            try reason()
                == "The conversion of in.csv to \(format.rawValue) is not proven: in day=2026-01-02/x.part-00001.\(format.rawValue), column \"name\", row 550: expected \"n550\", found \"n551\"."
        )
        // Two files that changed places.
        try folder.write(text, to: file)
        try FileManager.default.moveItem(atPath: folder(file), toPath: folder("other"))
        try FileManager.default.moveItem(atPath: folder("out/day=2026-01-03/x.part-00001.\(format.rawValue)"), toPath: folder(file))
        try FileManager.default.moveItem(atPath: folder("other"), toPath: folder("out/day=2026-01-03/x.part-00001.\(format.rawValue)"))
        #expect(try reason()?.contains("in day=2026-01-02/x.part-00001") == true)
    }

    @Test("rows that were put into no file are found, whatever the files say")
    func lost() throws {
        try folder.write(Self.rows(600) { "\($0),2026-01-0\($0 % 3 + 1),n\($0)" }, to: "in.csv")
        try FileManager.default.createDirectory(atPath: folder("out"), withIntermediateDirectories: true)
        let conversion = try conversion(.csv) { $0.partitionBy = ["day"] }
        var result = try conversion.write(to: place(".csv"), rejectsPath: folder("rejects"))
        result.files.removeLast()
        let error = #expect(throws: TabularError.self) { try conversion.prove(result, in: place(".csv")) }
        #expect(error?.message == "The conversion of in.csv to csv is not proven: 600 rows were read of the source, but 400 written.")
    }

    struct Refused: Sendable {
        var columns: [String]
        var rows: String
        var code: String
    }

    @Test(
        "columns and values that cannot name folders are refused",
        arguments: [
            Refused(columns: ["none"], rows: "1,2026-01-31,a", code: "output.partition_column"),
            Refused(columns: ["id"], rows: "1.5e300,2026-01-31,a", code: "output.partition_column"),
            Refused(columns: ["id", "day", "name"], rows: "1,2026-01-31,a", code: "output.partition_column"),
            Refused(columns: ["name"], rows: "1,2026-01-31,__HIVE_DEFAULT_PARTITION__", code: "output.partition_value"),
            Refused(columns: ["name"], rows: "1,2026-01-31,\(String(repeating: "é", count: 200))", code: "output.partition_value"),
        ])
    func refused(_ refused: Refused) throws {
        try folder.write("id,day,name\n\(refused.rows)\n", to: "in.csv")
        let error = #expect(throws: TabularError.self) { try convert(.parquet) { $0.partitionBy = refused.columns } }
        #expect(error?.code == refused.code)
    }

    @Test(
        "every text becomes a path and comes back",
        arguments: ["", "a b", "%", "%41", "a/../b", "\u{1}\u{7F}", "日本", "x=y", #"\{[]}^'*?:#""#])
    func paths(_ text: String) throws {
        let values = [PartitionValue(column: "a=b/c", value: text), PartitionValue(column: "d", value: nil)]
        let path = try PartitionPath.path(values)
        #expect(path.split(separator: "/").count == 2)
        #expect(PartitionPath.values(path) == values)
    }
}
