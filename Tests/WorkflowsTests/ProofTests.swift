import Columns
import Foundation
import Jobs
import Parquet
import Tabular
import Testing

@testable import Workflows

/// The proof is worth something only if it can fail.
struct ProofTests {
    private let folder: TestFolder
    private static let rows = 3000

    init() throws {
        folder = try TestFolder()
        var text = "id,name,amount,note\n"
        for row in 1...Self.rows { text += "\(row),name \(row),\(row).25,\(row % 2 == 0 ? #""""# : "")\n" }
        try folder.write(text, to: "in.csv")
    }

    private func conversion(_ format: DataFormat, _ options: OutputOptions = OutputOptions()) throws -> Conversion {
        Conversion(
            plan: try InputPlan(path: folder("in.csv"), options: InputOptions()), format: format, options: options,
            policy: RejectPolicy(), sourceName: "in.csv")
    }

    /// Converts, lets `damage` change the finished file, and proves: why it is not proven.
    private func reason(
        _ format: DataFormat, _ options: OutputOptions = OutputOptions(), _ damage: (String) throws -> Void
    ) throws -> String {
        let conversion = try conversion(format, options)
        let place = OutputPlace.file(path: folder("out"))
        let result = try conversion.write(to: place, rejectsPath: folder("rejects"))
        _ = try conversion.prove(result, in: place)
        try damage(folder("out"))
        let error = #expect(throws: TabularError.self) { try conversion.prove(result, in: place) }
        #expect(error?.code == "convert.not_proven")
        let start = "The conversion of in.csv to \(format.rawValue) is not proven: "
        let message = error?.message ?? ""
        #expect(message.hasPrefix(start) && message.hasSuffix("."), "\(message)")
        return String(message.dropFirst(start.count).dropLast())
    }

    /// `damage` changes the output's lines; a CSV's header is the first.
    private func reason(ofLines format: DataFormat, _ damage: (inout [String]) -> Void) throws -> String {
        try reason(format) { path in
            var lines = try folder.text("out").split(separator: "\n").map(String.init)
            if format == .jsonl { lines.insert("", at: 0) }
            damage(&lines)
            if format == .jsonl { lines.removeFirst() }
            try folder.write(lines.joined(separator: "\n") + "\n", to: "out")
        }
    }

    private static let formats = [DataFormat.csv, .jsonl]

    // MARK: Text

    @Test("one changed byte is found, and named by column and row", arguments: formats)
    func changedByte(_ format: DataFormat) throws {
        let reason = try reason(ofLines: format) { $0[1500] = $0[1500].replacing("1500.25", with: "1500.26") }
        #expect(reason == #"column "amount", row 1500: expected "1500.25", found "1500.26""#)
    }

    @Test("a value that became null is found", arguments: formats)
    func lostValue(_ format: DataFormat) throws {
        let reason = try reason(ofLines: format) { lines in
            lines[7] = lines[7].replacing("\"name 7\"", with: "null").replacing("name 7", with: "")
        }
        #expect(reason == #"column "name", row 7: expected "name 7", found null"#)
    }

    @Test("null in the place of empty text is found, and the other way round")
    func nullAndEmpty() throws {
        let reason = try reason(ofLines: .csv) { lines in
            lines[8] = String(lines[8].dropLast(2))
            lines[9] += #""""#
        }
        #expect(reason == #"column "note", row 8: expected "", found null; column "note", row 9: expected null, found """#)
    }

    @Test("two rows that changed places are found", arguments: formats)
    func swapped(_ format: DataFormat) throws {
        let reason = try reason(ofLines: format) { $0.swapAt(20, 21) }
        #expect(
            reason.split(separator: "; ").map(String.init) == [
                #"column "id", row 20: expected "20", found "21""#, #"column "name", row 20: expected "name 20", found "name 21""#,
                #"column "amount", row 20: expected "20.25", found "21.25""#, #"column "note", row 20: expected "", found null"#,
                #"column "id", row 21: expected "21", found "20""#, #"column "name", row 21: expected "name 21", found "name 20""#,
                #"column "amount", row 21: expected "21.25", found "20.25""#, #"column "note", row 21: expected null, found """#,
            ])
    }

    @Test("two values of one column that changed places are found", arguments: formats)
    func swappedValues(_ format: DataFormat) throws {
        let reason = try reason(ofLines: format) { lines in
            lines[100] = lines[100].replacing("name 100", with: "name 2000")
            lines[2000] = lines[2000].replacing("name 2000", with: "name 100")
        }
        #expect(
            reason
                == #"column "name", row 100: expected "name 100", found "name 2000"; column "name", row 2000: expected "name 2000", found "name 100""#
        )
    }

    @Test("a row that is missing is found, and where; at most ten differences are told", arguments: formats)
    func dropped(_ format: DataFormat) throws {
        let reason = try reason(ofLines: format) { $0.remove(at: 1234) }
        #expect(reason.hasPrefix(#"3000 rows were written, 2999 read back; column "id", row 1234: expected "1234", found "1235"; "#))
        #expect(reason.split(separator: "; ").count == 11)
    }

    @Test("a last row that is missing is found, and so is one too many", arguments: formats)
    func ends(_ format: DataFormat) throws {
        #expect(
            try reason(ofLines: format) { $0.removeLast() }.hasPrefix(
                #"3000 rows were written, 2999 read back; column "id", row 3000: expected "3000", found no row; "#))
        #expect(
            try reason(ofLines: format) { $0.append($0[3000]) }.hasPrefix(
                #"3000 rows were written, 3001 read back; column "id", row 3001: expected no row, found "3000"; "#))
    }

    @Test("a row that no longer reads is found", arguments: formats)
    func unreadable(_ format: DataFormat) throws {
        let reason = try reason(ofLines: format) { $0[10] = $0[10].replacing("10.25", with: "1o.25") }
        #expect(reason.hasPrefix("the result does not read back: line \(format == .csv ? 11 : 10) "))
    }

    @Test("a header that is another is found")
    func header() throws {
        let reason = try reason(ofLines: .csv) { $0[0] = "id,nome,amount,note" }
        #expect(reason == #"the header is "id,nome,amount,note\n", not "id,name,amount,note\n""#)
    }

    @Test("a compressed file that is cut off or has a changed byte is found", arguments: ["gzip", "zstd"])
    func compressed(_ compression: String) throws {
        let cut = try reason(.csv, OutputOptions(compression: compression)) { path in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try bytes.dropLast(9).write(to: URL(fileURLWithPath: path))
        }
        #expect(cut.hasPrefix("the result does not read back, after "))
        let changed = try reason(.csv, OutputOptions(compression: compression)) { try Self.flip($0) { $0.count / 2 } }
        #expect(!changed.isEmpty)
    }

    @Test("where long values differ is shown, not how they begin")
    func long() throws {
        let same = String(repeating: "x", count: 100)
        try folder.write("a\n\(same)yes\n", to: "in.csv")
        let reason = try reason(ofLines: .csv) { $0[1] = same + "no" }
        #expect(reason == #"column "a", row 1: expected …"xxxxxxxxxxyes", found …"xxxxxxxxxxno""#)
    }

    // MARK: Parquet

    /// Flips the lowest bit of one byte.
    private static func flip(_ path: String, _ at: (Data) throws -> Int) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[try at(bytes)] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    private static func place(of text: String, in bytes: Data) throws -> Int {
        try #require(bytes.range(of: Data(text.utf8))).lowerBound
    }

    /// Writes the file anew, its rows as `change` makes them.
    private static func rewrite(_ path: String, checksums: Bool = true, _ change: (ColumnBatch) -> ColumnBatch = { $0 }) throws {
        let reader = try ParquetReader(path: path)
        var options = ParquetWriteOptions(codec: .none)
        options.writesChecksums = checksums
        let writer = try ParquetWriter(path: path + ".new", schema: reader.schema, options: options)
        while let batch = try reader.nextBatch() { try writer.write(change(batch)) }
        _ = try writer.finish()
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".new", toPath: path)
    }

    @Test("one bit of a page is found by the page's checksum")
    func flippedBit() throws {
        let reason = try reason(.parquet, OutputOptions(compression: "none")) { path in
            try Self.flip(path) { try Self.place(of: "name 1500", in: $0) }
        }
        #expect(reason.hasPrefix("the result does not read back, after 0 rows: "))
        #expect(reason.contains("checksum"))
    }

    @Test("one bit of a page without a checksum is found too, and where")
    func flippedBitWithoutChecksum() throws {
        let conversion = try conversion(.parquet)
        let place = OutputPlace.file(path: folder("out"))
        let result = try conversion.write(to: place, rejectsPath: folder("rejects"))
        try Self.rewrite(folder("out"), checksums: false)
        _ = try conversion.prove(result, in: place)
        let reason = try reason(.parquet) { path in
            try Self.rewrite(path, checksums: false)
            try Self.flip(path) { try Self.place(of: "name 1500", in: $0) + 8 }
        }
        #expect(reason == #"column "name", row 1500: expected "name 1500", found "name 1501""#)
    }

    @Test("a row that is missing from a Parquet file is found, and so are two that changed places")
    func parquetRows() throws {
        let dropped = try reason(.parquet) { path in
            try Self.rewrite(path) { $0.gathered((0..<$0.rowCount).filter { $0 != 1233 }) }
        }
        #expect(dropped.hasPrefix(#"3000 rows were written, 2999 read back; column "id", row 1234: expected "1234", found "1235"; "#))
        let swapped = try reason(.parquet) { path in
            try Self.rewrite(path) { batch in
                var rows = Array(0..<batch.rowCount)
                rows.swapAt(0, 2)
                return batch.gathered(rows)
            }
        }
        #expect(swapped.hasPrefix(#"column "id", row 1: expected "1", found "3"; column "name", row 1: "#))
    }

    @Test("null in the place of empty text is found in a Parquet file")
    func parquetNull() throws {
        let reason = try reason(.parquet) { path in
            try Self.rewrite(path) { batch in
                var batch = batch
                var valid = batch.columns[3].valid
                valid[1] = false
                batch.columns[3] = ColumnVector(type: .text, values: batch.columns[3].values, valid: valid)
                return batch
            }
        }
        #expect(reason == #"column "note", row 2: expected "", found null"#)
    }

    @Test("a decimal's scale that was changed in the footer is found")
    func scale() throws {
        let reason = try reason(.parquet) { path in
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            // SchemaElement: name, converted_type DECIMAL, scale 2, precision 6; logicalType DECIMAL with the same.
            let element = Data("amount".utf8) + Data([0x25, 0x0A, 0x15, 4, 0x15, 12, 0x2C, 0x5C, 0x15, 4, 0x15, 12])
            let start = try #require(bytes.range(of: element)).lowerBound
            bytes[start + 9] = 2
            bytes[start + 15] = 2
            try bytes.write(to: URL(fileURLWithPath: path))
        }
        #expect(reason == #"expected column "amount" decimal(6,2), found "amount" decimal(6,1)"#)
    }

    @Test("a Parquet file that is cut off, or is none any more, is found")
    func cutOff() throws {
        let cut = try reason(.parquet) { path in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            try bytes.dropLast(1).write(to: URL(fileURLWithPath: path))
        }
        #expect(cut.hasPrefix("the result does not read back, after 0 rows: "))
        let gone = try reason(.parquet) { try Data("hello".utf8).write(to: URL(fileURLWithPath: $0)) }
        #expect(gone.hasPrefix("the result does not read back, after 0 rows: "))
    }

    // MARK: What is said

    @Test("what was compared is said, and what the format cannot hold")
    func rules() throws {
        let conversion = try conversion(.jsonl)
        let place = OutputPlace.file(path: folder("out"))
        let result = try conversion.write(to: place, rejectsPath: folder("rejects"))
        let validation = try conversion.prove(result, in: place)
        #expect(validation.rows == 3000 && validation.files == 1)
        #expect(validation.compared.count == 4)
        #expect(validation.rules == [#"null is null; empty text is """#])
        #expect(validation.notKept.contains { $0.hasPrefix("exactness in readers") })
        let columns = result.columnReceipts
        #expect(columns.map(\.nulls) == [0, 0, 0, 1500])
        #expect(columns[3].distinct == 1)
        #expect(columns[0...2].allSatisfy { abs($0.distinct - 3000) < 300 })
        #expect(Set(columns.map(\.checksum)).count == 4)
    }

    @Test("every type's rules name what each format does with it")
    func types() {
        let types: [ColumnType] = [
            .bool, .int64, .float64, .decimal(precision: 5, scale: 2), .date, .timestamptz, .text, .bytes, .uuid, .json,
        ]
        let columns = types.map { Column(name: $0.description, type: $0) }
        func rules(_ source: DataFormat, _ target: DataFormat) -> FormatRules {
            FormatRules(source: source, target: target, columns: columns)
        }
        #expect(rules(.parquet, .csv).rules.count == 4)
        #expect(rules(.csv, .json).rules.count == 4)
        #expect(rules(.csv, .parquet).rules == ["times are in microseconds"])
        #expect(rules(.csv, .parquet).lost.contains("which of the many NaN a NaN is"))
        #expect(FormatRules(source: .csv, target: .parquet, columns: []).rules == [])
    }
}
