import Columns
import Testing

@testable import Tabular

@Suite("Reading CSV of which nothing is declared")
struct AutomaticReadingTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var text: String
        /// Header, then rows, fields joined by `|`; `~` for null. A first line `-` stands for no header.
        var expected: [String]
        var rejected: [String] = []

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "a title above the header is skipped", text: "Report\na,b\n1,2\n3,4\n", expected: ["a|b", "1|2", "3|4"]),
        Case(
            name: "titles that are padded with delimiters are skipped", text: "Report,,\n,,\na,b,c\n1,2,3\n4,5,6\n",
            expected: ["a|b|c", "1|2|3", "4|5|6"]),
        Case(
            name: "a first record that is not filled is kept where nothing shows a header", text: "x,,\ny,2,3\nz,5,6\n",
            expected: ["-", "x|~|~", "y|2|3", "z|5|6"]),
        Case(
            name: "an empty name too many goes", text: "a,,b,c\n1,2,3\n4,5,6\n7,8,9\n", expected: ["a|b|c", "1|2|3", "4|5|6", "7|8|9"]),
        Case(
            name: "a name too few is made up", text: "a,b\n1,2,3\n4,5,6\n7,8,9\n",
            expected: ["a|b|", "1|2|3", "4|5|6", "7|8|9"]),
        Case(
            name: "fields that are always empty behind the header are cut off", text: "a,b\n1,2,\n3,4,\n", expected: ["a|b", "1|2", "3|4"]),
        Case(
            name: "records that are shorter than the header by habit are filled up", text: "a,b,c\n1,2\n3,4\n5,6\n",
            expected: ["a|b|c", "1|2|~", "3|4|~", "5|6|~"]),
        Case(
            name: "a single record of another length is a reject", text: "a,b,c\n1,2,3\n4,5\n6,7,8,9\n7,8,9\n",
            expected: ["a|b|c", "1|2|3", "7|8|9"], rejected: ["2 3 12 - csv.field_count", "3 4 16 - csv.field_count"]),
        Case(name: "a header is spelled with another delimiter", text: "a b c\n1,2,3\n4,5,6\n", expected: ["a|b|c", "1|2|3", "4|5|6"]),
        Case(
            name: "rows of names are joined", text: "x,,y,\na,b,a,b\n1,2,3,4\n5,6,7,8\n",
            expected: ["x a|x b|y a|y b", "1|2|3|4", "5|6|7|8"]),
        Case(name: "a header that stands twice is joined", text: "a,b\na,b\n1,2\n3,4\n", expected: ["a a|b b", "1|2", "3|4"]),
        Case(
            name: "records of nothing but delimiters are left out", text: "a,b\n1,2\n,\n3,4\n,\n,\n", expected: ["a|b", "1|2", "3|4"]),
        Case(
            name: "a quote that opens nothing is text", text: "a,b,c\n1,\"2,3\n4,\"5,5\",6\n7,8,9\n",
            expected: ["a|b|c", "1|\"2|3", "4|5,5|6", "7|8|9"]),
        Case(
            name: "a quote at the end of a record is text", text: "a,b,c\n1,2,\"\n4,\"5,5\",6\n7,8,9\n",
            expected: ["a|b|c", "1|2|\"", "4|5,5|6", "7|8|9"]),
        Case(
            name: "a quote that is never closed is text", text: "a,b\n1,2\n3,\"4\n", expected: ["a|b", "1|2", "3|\"4"]),
        Case(
            name: "quotes within a quoted field are text", text: "a,b\n1,\"say \"hi, you\" now\"\n2,x\n",
            expected: ["a|b", "1|say \"hi, you\" now", "2|x"]),
        Case(
            name: "records that end in two bytes may hold more line breaks than there are records",
            text: "1+|<x>\n\n<y>\n+|a&|\r\n2+|<z>\n\n\n+|b&|\r\n", expected: ["-", "1|<x>\n\n<y>\n|a", "2|<z>\n\n\n|b"]),
        Case(
            name: "of two delimiters the one that makes far more fields", text: "a,b\tc\td\te\tf\n1,2\t3\t4\t5\t6\n7,8\t9\t10\t11\t12\n",
            expected: ["a,b|c|d|e|f", "1,2|3|4|5|6", "7,8|9|10|11|12"]),
        Case(name: "a lone date is no header", text: "05/06/2019", expected: ["-", "05/06/2019"]),
        Case(
            name: "what goes on over many lines names no column", text: "a,\"1\n2\n3\n4\n5\n6\"\nb,\"x\ny\"\n",
            expected: ["-", "a|1\n2\n3\n4\n5\n6", "b|x\ny"]),
        Case(name: "NULs are characters of a text", text: "a,b\nx\0,y\n", expected: ["a|b", "x\0|y"]),
        Case(
            name: "single quotes quote", text: "a,b\n1,'x, y'\n2,'it''s'\n", expected: ["a|b", "1|x, y", "2|it's"]),
        Case(
            name: "a backslash escapes quotes, and only them", text: "a,b\n1,\"5\\\" c:\\d\"\n2,\"x, y\"\n",
            expected: ["a|b", "1|5\" c:\\d", "2|x, y"]),
        Case(name: "two bytes delimit", text: "a||b||c\n1||2||3\n4||||6\n", expected: ["a|b|c", "1|2|3", "4|~|6"]),
        Case(
            name: "two bytes delimit, and two more end records", text: "1+|x+|\"&|\n2+|y\nz+|q&|\n3+|w+|&|\n",
            expected: ["-", "1|x|\"", "2|y\nz|q", "3|w|~"]),
        Case(
            name: "a blank behind delimiters belongs to them where quotes say so", text: "a, b\n1, \"x, y\"\n2, z\n",
            expected: ["a|b", "1|x, y", "2|z"]),
        Case(
            name: "blanks delimit numbers", text: "a b c\n1 2 3\n4 5 6\n", expected: ["a|b|c", "1|2|3", "4|5|6"]),
        Case(name: "blanks do not delimit words", text: "full name\nAnn Lee\nBob Ray\n", expected: ["full name", "Ann Lee", "Bob Ray"]),
        Case(
            name: "a CR ends records, and a quoted field keeps its LF", text: "a,b\r1,\"x\ny\"\r2,z\r", expected: ["a|b", "1|x\ny", "2|z"]),
        Case(name: "a lone CR among LF ends records", text: "a,b\r1,2\n3,4\r\n5,6\n", expected: ["a|b", "1|2", "3|4", "5|6"]),
        Case(name: "blank lines alone are a column", text: "\n\n", expected: ["", "~"]),
        Case(
            name: "numbers and dates have no header over them", text: "28/01/2018,$5\n29/01/2018,$6\n",
            expected: ["-", "28/01/2018|$5", "29/01/2018|$6"]),
    ]

    private static func head(_ text: [UInt8]) throws -> CSVInspector.Head {
        var hints = DialectHints()
        hints.keepsOpenQuotes = true
        return try CSVInspector(hints: hints) { TextSource(text) }.head()
    }

    @Test("each is read by its own habits, however it is cut", arguments: cases)
    func reading(_ example: Case) throws {
        let text = Array(example.text.utf8)
        let head = try Self.head(text)
        #expect(head.namesAsWritten?.joined(separator: "|") ?? "-" == example.expected[0])
        let columns = head.names.map { Column(name: $0, type: .text) }
        let reading = try CSVPaths.whole(text, head.dialect, columns)
        #expect(reading.rows.map { $0.map { $0 ?? "~" }.joined(separator: "|") } == Array(example.expected.dropFirst()))
        #expect(reading.rejected == example.rejected)
        #expect(reading.error == nil)
        #expect(try CSVPaths.disagreement(text, head.dialect, columns, with: reading, chunks: 1...(text.count + 1)) == nil)
    }

    @Test("the same text with a declared header is read strictly")
    func declared() throws {
        let text = Array("a,b,c\n1,2\n3,4\n5,6\n".utf8)
        let head = try CSVInspector(hints: DialectHints(header: true)) { TextSource(text) }.head()
        let reading = try CSVPaths.whole(text, head.dialect, head.names.map { Column(name: $0, type: .text) })
        #expect(reading.rejects.map(\.code) == ["csv.field_count", "csv.field_count", "csv.field_count"])
    }

    @Test("what was decided is said")
    func reasons() throws {
        let head = try Self.head(Array("Report\na,b\n1,2,\n3,4,\n".utf8))
        #expect(head.reasons.delimiter == "gives 50 % of 4 records 3 fields")
        #expect(head.reasons.header == "names stand over numbers or dates, in a record of 2 fields over records of 3")
        #expect(
            head.reasons.notes == [
                "records have empty fields behind the 2 columns of the header: they are cut off",
                "1 record above the header skipped as a preamble",
            ])
        let inspection = try CSVInspector(hints: DialectHints()) { TextSource("a,b,c\n1,2\n3,4\n,\n".utf8) }.inspect()
        #expect(
            inspection.adjustments.notes == [
                "2 records with too few fields filled up with nulls", "1 record of nothing but delimiters left out",
            ])
    }
}
