import Columns
import Testing

@testable import Tabular

@Suite("Fixed-width text")
struct FixedWidthTests {
    private static func read(_ text: String, _ layout: String, pieceBytes: Int) throws -> Reading {
        let layout = try FixedWidthLayout(layout)
        var hints = DialectHints(header: false)
        hints.setDelimiter([FixedWidthLayout.delimiter])
        hints.hasQuotes = false
        hints.fewestFields = 1
        hints.names = layout.names
        let open = { FixedWidthByteSource(TextSource(text.utf8, pieceBytes: pieceBytes), layout: layout) }
        let head = try CSVInspector(hints: hints, open: open).head()
        #expect(head.names == layout.names)
        let columns = head.names.map { Column(name: $0, type: .text) }
        return try Reading {
            try CSVReader(
                source: open(), dialect: head.dialect,
                mapping: FieldMapping(columns: columns, fields: Array(columns.indices), fieldNames: head.names))
        }
    }

    @Test(
        "fields are cut by position, blanks at their ends taken off",
        arguments: [
            ("3,4,2", "  1ab  xx\n 12cd, y\n", ["1|ab|xx", "12|cd,|y"]), ("id:1-3,name:6-7", " 12??ab\r\n  3??c\n", ["12|ab", "3|c"]),
            ("2,2", "é é\"\nab", ["é|é\"", "ab|~"]), ("2,2", "\u{FEFF}abcd\n\nef\n", ["ab|cd", "ef|~"]), ("1,1", "ab   \n", ["a|b"]),
        ])
    func fields(layout: String, text: String, rows: [String]) throws {
        for pieceBytes in [1, 2, 3, 100] {
            let reading = try Self.read(text, layout, pieceBytes: pieceBytes)
            #expect(reading.rows.map { $0.map { $0 ?? "~" }.joined(separator: "|") } == rows)
        }
    }

    @Test("what stands behind the last field is a reject")
    func surplus() throws {
        #expect(try Self.read("abcd\nefghij\n", "2,2", pieceBytes: 1).rejected == ["2 2 ? - csv.field_count"])
    }

    @Test("a layout that makes no sense is refused", arguments: ["", "0", "a", "3-2", "1-3,2-4", "1-3,x", "-1", "9999999999", "0-3"])
    func refused(layout: String) {
        let error = #expect(throws: TabularError.self) { try FixedWidthLayout(layout) }
        #expect(error?.code == "fixed.layout")
    }
}
