import Testing

@testable import Tabular

@Suite("Detecting how a CSV file is spelled")
struct DialectDetectionTests {
    @Test(
        "the delimiter is the one that most records agree on",
        arguments: [
            ("a,b\n1,2\n", ","), ("a;b\n1;2\n", ";"), ("a\tb\n1\t2\n", "\t"), ("a|b\n1|2\n", "|"), ("a\n1\n", ","), ("", ","),
            ("id;betrag\n1;2,50\n2;3,75\n", ";"), ("a,b\n1,x;y\n2,z\n", ","), ("a\tb c, d\n1\t2\n3\t4,5\n", "\t"),
            ("\"a,b\";c\n\"1,2\";3\n", ";"), ("a,b\n\"1;;;\n;;\",2\n3,4\n", ","), ("a|b,c|d\n1|2|3\n", "|"), ("a,b;c,d;e\n", ","),
            ("\n\na;b\n\n1;2\n", ";"), ("a;b\r1;2\r", ";"), ("one word\nand another\n", ","),
        ])
    func delimiter(text: String, delimiter: Character) throws {
        let dialect = try DialectDetection.dialect(of: Array(text.utf8), hints: DialectHints())
        #expect(Character(UnicodeScalar(dialect.delimiter)) == delimiter)
    }

    @Test("CR ends records where there is no LF", arguments: [("a,b\r1,2\r", 13), ("a,b\r\n1,2\r\n", 10), ("a,b\n", 10), ("a", 10)])
    func newline(text: String, newline: UInt8) throws {
        #expect(try DialectDetection.dialect(of: Array(text.utf8), hints: DialectHints()).newline == newline)
    }

    @Test("hints are followed; nothing of them is detected")
    func hints() throws {
        let hints = DialectHints(delimiter: 9, quote: 39, escape: 92, nullMarkers: ["", "NA"])
        let dialect = try DialectDetection.dialect(of: Array("a,b\n1,2\n".utf8), hints: hints)
        #expect(dialect == Dialect(delimiter: 9, quote: 39, escape: 92, nullMarkers: [Array("NA".utf8)]))
    }

    @Test(
        "what is no UTF-8 text is refused with a reason",
        arguments: [
            ([0xFF, 0xFE, 97, 0], "encoding.unsupported"), ([0xFE, 0xFF, 0, 97], "encoding.unsupported"),
            ([97, 0, 98, 0], "input.not_text"), ([97, 0, 98, 10, 6, 98], "input.not_text"),
            ([97, 0, 0xF5, 98, 10, 98, 98, 98], "input.not_text"),
        ] as [([UInt8], String)])
    func refused(sample: [UInt8], code: String) {
        #expect(throws: TabularError.self) { try DialectDetection.dialect(of: sample, hints: DialectHints()) }
        let error = #expect(throws: TabularError.self) {
            try CSVInspector(hints: DialectHints()) { TextSource(sample) }.head()
        }
        #expect(error?.code == code)
    }
}
