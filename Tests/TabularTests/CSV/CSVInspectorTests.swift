import Columns
import Testing

@testable import Tabular

@Suite("Inspecting CSV")
struct CSVInspectorTests {
    private static func inspect(_ text: String, _ hints: DialectHints = DialectHints()) throws -> CSVInspection {
        try CSVInspector(hints: hints) { TextSource(text.utf8, pieceBytes: 11) }.inspect()
    }

    @Test(
        "the first record is a header unless it looks like data",
        arguments: [
            ("id,name\n1,x\n", true), ("id,name\nx,y\n", true), ("1,x\n2,y\n", false), ("id,1\n2,3\n", true), ("a,b\n", true),
            ("1,2\n", false), ("a,2026-01-31\nb,2026-02-01\n", false), ("a,\nb,c\n", false), (",a,b\n0,1,2\n", true),
            ("a,a,\n1,2,3\n", true), ("name\nx\n", true), ("year\n2026\n", true), ("1\n2\n3\n", false),
            ("2026-01-31\n2026-02-01\n", false), ("true\nfalse\n", false), ("true,x\nfalse,y\n", false), ("2019,2020\n5,6\n", true),
            ("2019,2020\n2021,2022\n", false), ("a,a\nb,c\n", false), ("a,b\na,b\n", true),
        ])
    func header(text: String, header: Bool) throws {
        #expect(try CSVInspector(hints: DialectHints()) { TextSource(text.utf8) }.head().dialect.header == header)
    }

    @Test("a hint decides about the header", arguments: [true, false])
    func headerHint(_ header: Bool) throws {
        let inspection = try Self.inspect("1,2\n3,4\n", DialectHints(header: header))
        #expect(inspection.columns.map(\.name) == (header ? ["1", "2"] : ["column_1", "column_2"]))
        #expect(inspection.records == (header ? 1 : 2))
    }

    @Test(
        "names are unique and never empty",
        arguments: [
            ("a,b\n1,2\n", ["a", "b"]), ("a,a,a\n1,2,3\n", ["a", "a_2", "a_3"]), ("a,a,a_2\n1,2,3\n", ["a", "a_2", "a_2_2"]),
            (",x,\n1,2,3\n", ["column_1", "x", "column_3"]), ("\"a,b\",\"c\"\"d\"\n1,2\n", ["a,b", "c\"d"]),
            ("\u{FEFF}a,b\n1,2\n", ["a", "b"]), (" a, b \n1,2\n", [" a", " b "]), ("A,a\n1,2\n", ["A", "a"]),
            ("column_2,\n1,2\n", ["column_2", "column_2_2"]), ("é,e\u{301}\n1,2\n", ["é", "e\u{301}_2"]),
        ])
    func names(text: String, names: [String]) throws {
        #expect(try Self.inspect(text).columns.map(\.name) == names)
    }

    @Test(
        "a trailing delimiter that only the header has, or only the records, is no misfit",
        arguments: [
            ("a,b\n1,2,\n3,4,\n", ["a", "b", "column_3"], 0), ("a,b,\r\n1,2\r\n3,4\r\n", ["a", "b"], 0),
            ("a,b,\n1,2,\n", ["a", "b", "column_3"], 0), ("a,b\r\n1,2,\r\n", ["a", "b", "column_3"], 0),
            // Anything else is: a value too many, or one record that is like the header.
            ("a,b\n1,2,x\n3,4,\n", ["a", "b"], 2), ("a,b\n1,2,\n3,4\n", ["a", "b"], 1), ("a,b,c\n1,2\n", ["a", "b", "c"], 1),
            ("a,b,\"\"\n1,2\n", ["a", "b", "column_3"], 1),
        ])
    func trailingDelimiter(text: String, names: [String], irregular: Int64) throws {
        let inspection = try Self.inspect(text, DialectHints(header: true))
        #expect(inspection.columns.map(\.name) == names)
        #expect(inspection.irregular == irregular)
    }

    @Test(
        "what has no usable header is refused",
        arguments: [
            ("", "input.empty"), ("\n\r\n", "input.empty"), ("\u{FEFF}", "input.empty"), ("\"a,b\n1,2\n", "csv.unclosed_quote"),
            (String(repeating: "x", count: 1025) + "\n", "csv.name_too_long"),
            (String(repeating: ",", count: 100_000) + "\n", "csv.too_many_columns"),
        ])
    func refused(text: String, code: String) {
        let error = #expect(throws: TabularError.self) { try Self.inspect(text, DialectHints(header: true)) }
        #expect(error?.code == code)
    }

    @Test("a name that is no UTF-8 is refused")
    func nameEncoding() {
        let error = #expect(throws: TabularError.self) {
            try CSVInspector(hints: DialectHints(header: true)) { TextSource([0xE9, 10, 49, 10]) }.head()
        }
        #expect(error?.code == "encoding.invalid_utf8")
    }

    @Test("types, nulls and records come from the whole file")
    func whole() throws {
        let early = String(repeating: "1,2,,\"\",NULL\n", count: 30_000)
        let inspection = try Self.inspect("a,b,c,d,e\n\(early)2,x,,\"\",3\n1,2\n", DialectHints(nullMarkers: ["NULL"]))
        #expect(inspection.columns.map(\.type) == [.int64, .text, .text, .text, .int64])
        #expect(inspection.columns.map(\.nullable) == [false, false, true, false, true])
        #expect(inspection.columns[1].reason == "text, because record 30001 has \"x\"")
        #expect(inspection.records == 30_002)
        #expect(inspection.irregular == 1)
    }

    @Test("the deciding record is named by its number, blank lines not counted")
    func recordNumbers() throws {
        let inspection = try Self.inspect("a,b\n\n1,1\n\n\n2\nx,2\n")
        #expect(inspection.columns[0].reason == "text, because record 3 has \"x\"")
    }

    @Test("the same bytes give the same answer")
    func deterministic() throws {
        for seed in 0..<50 as Range<UInt64> {
            var random = Seeded(seed)
            let text = RandomTextTests.text(Dialect(), mishaps: 2, &random)
            func summary() -> String {
                let inspector = CSVInspector(hints: DialectHints()) { TextSource(text, pieceBytes: 1 + random.below(64)) }
                return (try? inspector.inspect()).map { "\($0.dialect) \($0.columns) \($0.records) \($0.irregular)" } ?? "refused"
            }
            let first = summary()
            #expect((0..<3).allSatisfy { _ in summary() == first }, "seed \(seed)")
        }
    }

    @Test("what inference says of a column, the reader can read: no value is refused", arguments: 0..<8)
    func inferredColumnsFit(_ block: UInt64) throws {
        let spellings = [
            "1", "-1", "007", "+1", "0", "-0", "1.5", "1.50", ".5", "-.5", "1.", "1e5", "1E-3", "9223372036854775808", "-0.00", "0.1",
            "12345678901234567890123456789012345678", "0.1234567890123456789", "1e-9223372036854775808", "1e400", "true", "FALSE",
            "2026-01-31", "0001-01-01", "2026-02-30", "2026-01-31T10:00:00", "2026-01-31 10:00:00.1234567", "10:00:00", "10:00:00.5",
            "2026-01-31T10:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01", "NA", "NaN", "inf", "\"\"", "", " ", "\" 1\"",
            "-", "NULL", "31/12/2026", "1/2/2026", "12/31/2026", "2026/12/31", "31.12.2026 10:00", "1.2.2026 9:30", "\"31/12/2026\"",
        ]
        for seed in (block * 100)..<(block * 100 + 100) {
            var random = Seeded(seed)
            let few = (0..<1 + random.below(3)).map { _ in spellings[random.below(spellings.count)] }
            let text = "name\n" + (0..<1 + random.below(6)).map { _ in few[random.below(few.count)] + "\n" }.joined()
            let inspection = try Self.inspect(text, DialectHints(delimiter: 44, header: true))
            let reading = try CSVPaths.whole(
                Array(text.utf8), Dialect(), inspection.columns, formats: inspection.formats)
            #expect(reading.rejects == [], "seed \(seed): \(text)")
            #expect(Int64(reading.rows.count) == inspection.records, "seed \(seed): \(text)")
            let hasNulls = reading.rows.contains { $0 == [nil] }
            #expect(hasNulls == inspection.columns[0].nullable, "seed \(seed): \(text)")
        }
    }
}
