import Columns
import Testing

@testable import Tabular

/// One text and what must be read from it: the columns are `a`, `b`, … of text, as many as the header has fields.
struct ReadingCase: CustomTestStringConvertible, Sendable {
    var name: String
    var text: [UInt8]
    var rows: [[String?]]
    var rejects: [String]
    var error: String?
    var dialect: Dialect
    var columnCount: Int

    init(
        _ name: String, _ text: String, _ rows: [[String?]] = [], rejects: [String] = [], error: String? = nil,
        columns: Int = 2, _ dialect: Dialect = Dialect()
    ) {
        self.init(name, bytes: Array(text.utf8), rows, rejects: rejects, error: error, columns: columns, dialect)
    }

    init(
        _ name: String, bytes: [UInt8], _ rows: [[String?]] = [], rejects: [String] = [], error: String? = nil,
        columns: Int = 2, _ dialect: Dialect = Dialect()
    ) {
        (self.name, text, self.rows, self.rejects) = (name, bytes, rows, rejects)
        (self.error, self.dialect, columnCount) = (error, dialect, columns)
    }

    var testDescription: String { name }
}

private let cr = Dialect(newline: 13)
private let noHeader = Dialect(header: false)
private let escaping = Dialect(escape: UInt8(ascii: "\\"))
private let quoteless = Dialect(quote: nil, escape: nil)
private let semicolon = Dialect(delimiter: UInt8(ascii: ";"), quote: UInt8(ascii: "'"), escape: UInt8(ascii: "'"))
private let tab = Dialect(delimiter: 9)
private let lenient = {
    var dialect = Dialect()
    dialect.fit = RecordFit(isLenient: true)
    return dialect
}()
private let markers = Dialect(nullMarkers: [Array("NULL".utf8), Array("\\N".utf8)])
private let filler = String(repeating: "x", count: 60)

@Suite("Reading CSV")
struct CSVReadingTests {
    static let lines: [ReadingCase] = [
        .init("LF ends records", "a,b\n1,2\n3,4\n", [["1", "2"], ["3", "4"]]),
        .init("CRLF ends records", "a,b\r\n1,2\r\n3,4\r\n", [["1", "2"], ["3", "4"]]),
        .init("CR alone ends records where the dialect says so", "a,b\r1,2\r3,4\r", [["1", "2"], ["3", "4"]], cr),
        .init("CR alone is text where LF ends records", "a,b\n1\r,\r2\n3,4\n", [["1\r", "\r2"], ["3", "4"]]),
        .init("LF is text where CR ends records", "a,b\r1\n,\n2\r", [["1\n", "\n2"]], cr),
        .init("LF and CRLF may be mixed", "a,b\n1,2\r\n3,4\n5,6\r\n", [["1", "2"], ["3", "4"], ["5", "6"]]),
        .init("only one CR belongs to a line end", "a,b\n1,2\r\r\n", [["1", "2\r"]]),
        .init("the last LF may be missing", "a,b\n1,2", [["1", "2"]]),
        .init("the last CRLF may be missing", "a,b\r\n1,2\r\n3,4", [["1", "2"], ["3", "4"]]),
        .init("the last CR may be missing", "a,b\r1,2", [["1", "2"]], cr),
        .init("a last CR without its LF is a line end", "a,b\r\n1,2\r", [["1", "2"]]),
        .init("a last CR behind a quoted field is a line end", "a,b\r\n1,\"2\"\r", [["1", "2"]]),
        .init("a quoted field ends with CRLF", "a,b\r\n1,\"2\"\r\n3,\"4\"\r\n", [["1", "2"], ["3", "4"]]),
        .init("a quoted last field may lack its line end", "a,b\n1,\"2\"", [["1", "2"]]),
        .init("a last empty field may lack its line end", "a,b\n1,", [["1", nil]]),
        .init("a last quoted empty field may lack its line end", "a,b\n1,\"\"", [["1", ""]]),
        .init("a byte order mark is no text", "\u{FEFF}a,b\n1,2\n", [["1", "2"]]),
        .init("a byte order mark before a quote is no text", "\u{FEFF}\"1\",2\n", [["1", "2"]], noHeader),
        .init("a second byte order mark is text", "\u{FEFF}\u{FEFF}1,2\n", [["\u{FEFF}1", "2"]], noHeader),
        .init("a part of a byte order mark is text", bytes: [0xC3, 0xAF, 44, 49, 10], [["ï", "1"]], noHeader),
        .init("without header the first record is data", "1,2\n", [["1", "2"]], noHeader),
        .init("a header alone has no rows", "a,b\n"),
        .init("a header alone may lack its line end", "a,b"),
        .init("nothing has no rows", ""),
        .init("a byte order mark alone has no rows", "\u{FEFF}"),
        .init("blank lines alone have no rows", "\n\r\n\n"),
    ]

    static let quoting: [ReadingCase] = [
        .init("a quoted comma stays in its field", "a,b\n\"1,5\",2\n", [["1,5", "2"]]),
        .init("a quoted LF stays in its field", "a,b\n\"1\n5\",2\n", [["1\n5", "2"]]),
        .init("a quoted CRLF stays in its field", "a,b\r\n\"1\r\n5\",2\r\n", [["1\r\n5", "2"]]),
        .init("a quoted CR stays in its field", "a,b\r\"1\r5\",2\r", [["1\r5", "2"]], cr),
        .init("quoted blank lines stay in their field", "a,b\n\"\n\n\n\",2\n", [["\n\n\n", "2"]]),
        .init("a doubled quote is one", "a,b\n\"1\"\"5\",2\n", [["1\"5", "2"]]),
        .init("doubled quotes at both ends", "a,b\n\"\"\"1\"\"\",2\n", [["\"1\"", "2"]]),
        .init("a field of one quote", "a,b\n\"\"\"\",\"\"\"\"\"\"\n", [["\"", "\"\""]]),
        .init("a quoted header is skipped whole", "\"a\n,\",b\n1,2\n", [["1", "2"]]),
        .init("empty is null and \"\" is empty text", "a,b\n,\"\"\n\"\",\n", [[nil, ""], ["", nil]]),
        .init("blanks are text", "a,b\n , 1 \n", [[" ", " 1 "]]),
        .init("quoted blanks are text", "a,b\n\" \",\" 1 \"\n", [[" ", " 1 "]]),
        .init("a quote within an unquoted field is text", "a,b\n5\" pipe,x\"\"\n", [["5\" pipe", "x\"\""]]),
        .init(
            "a quote within an unquoted field behind a quoted one is text", "a,b\n\"q\",5\" pipe\n3,4\n", [["q", "5\" pipe"], ["3", "4"]]),
        .init("a quote behind a blank is text", "a,b\n \"1\",2\n", [[" \"1\"", "2"]]),
        .init("text behind a closing quote is a fault", "a,b\n\"1\"x,2\n3,4\n", [["3", "4"]], rejects: ["1 2 4 a csv.text_after_quote"]),
        .init("a blank behind a closing quote is a fault", "a,b\n1,\"2\" \n", [], rejects: ["1 2 4 b csv.text_after_quote"]),
        .init(
            "a lone quote within a quoted field is a fault", "a,b\n\"1\"2\",3\n4,5\n", [["4", "5"]],
            rejects: ["1 2 4 a csv.text_after_quote"]),
        .init(
            "a quote before a CR and more text closes nothing in a lenient reading", "a\n\"0\nu\"\"0\"\ry\n1\n",
            [["\"0"], ["u\"\"0\"\ry"], ["1"]], columns: 1, lenient),
        .init("a quote before CR LF closes in a lenient reading", "a,b\r\n1,\"0\n\"\r\n", [["1", "0\n"]], lenient),
        .init("a CR behind a closing quote is a fault before more text", "a,b\n\"1\"\r,2\n", [], rejects: ["1 2 4 a csv.text_after_quote"]),
        .init(
            "a comma behind broken quotes separates", "a,b\n\"1\"x,\"2,2\"\n3,4\n", [["3", "4"]], rejects: ["1 2 4 a csv.text_after_quote"]),
        .init("an open quote is an error", "a,b\n1,2\n3,\"4\n5,6\n", [["1", "2"]], error: "csv.unclosed_quote"),
        .init("a quote that opens at the end is an error", "a,b\n1,2\n3,\"", [["1", "2"]], error: "csv.unclosed_quote"),
        .init("an open quote in the header is an error", "a,\"b\n1,2\n", [], error: "csv.unclosed_quote"),
        .init("a doubled quote does not close", "a,b\n1,\"2\"\"\n", [], error: "csv.unclosed_quote"),
        .init("other delimiter and quote", "a;b\n'1;''5';\"2\n", [["1;'5", "\"2"]], semicolon),
        .init("tabs separate", "a\tb\n1\t\"2\t3\"\n,\t\n", [["1", "2\t3"], [",", nil]], tab),
        .init("where nothing quotes, a quote is text", "a,b\n\"1,2\"\n\"\",\"\n", [["\"1", "2\""], ["\"\"", "\""]], quoteless),
        .init(
            "an unquoted null marker is null, a quoted one text", "a,b\nNULL,\"NULL\"\n\\N,null\n", [[nil, "NULL"], [nil, "null"]], markers),
        .init("a null marker must be the whole field", "a,b\nNULLS, NULL\n", [["NULLS", " NULL"]], markers),
    ]

    static let escapes: [ReadingCase] = [
        .init("an escaped quote stays in its field", #"a,b"# + "\n" + #""1\"5",2"# + "\n", [["1\"5", "2"]], escaping),
        .init("an escaped escape is one", #"a,b"# + "\n" + #""1\\",2"# + "\n", [["1\\", "2"]], escaping),
        .init("an escape works without quotes", "a,b\n1\\,5,2\\\n3\n", [["1,5", "2\n3"]], escaping),
        .init("an escaped quote opens nothing", "a,b\n\\\"1,2\n", [["\"1", "2"]], escaping),
        .init("an escaped delimiter at a field's start", "a,b\n\\,,\\\\\n", [[",", "\\"]], escaping),
        .init(
            "where there is an escape, a doubled quote is a fault", "a,b\n\"1\"\"5\",2\n", [], rejects: ["1 2 4 a csv.text_after_quote"],
            escaping),
        .init("a null marker with an escape", "a,b\n\\N,\"\\N\"\n", [[nil, "N"]], Dialect(escape: 92, nullMarkers: [Array("\\N".utf8)])),
        .init("an escape within CRLF text", "a,b\r\n\"1\\\"\r\n\",2\r\n", [["1\"\r\n", "2"]], escaping),
        .init("a quote that an escape leaves open is an error", "a,b\n1,\"2\\\"\n", [], error: "csv.unclosed_quote", escaping),
    ]

    static let shapes: [ReadingCase] = [
        .init("blank lines are no records", "a,b\n\n1,2\n\n\n3,4\n\n", [["1", "2"], ["3", "4"]]),
        .init("blank CRLF lines are no records", "a,b\r\n\r\n1,2\r\n\r\n", [["1", "2"]]),
        .init("blank lines before the header are no records", "\n\r\n\na,b\n1,2\n", [["1", "2"]]),
        .init("a line of one blank is a short record", "a,b\n \n1,2\n", [["1", "2"]], rejects: ["1 2 4 - csv.field_count"]),
        .init("a quoted empty line is a short record", "a,b\n\"\"\n1,2\n", [["1", "2"]], rejects: ["1 2 4 - csv.field_count"]),
        .init("a short record is a fault", "a,b\n1\n2,3\n", [["2", "3"]], rejects: ["1 2 4 - csv.field_count"]),
        .init("a long record is a fault", "a,b\n1,2,3\n4,5\n", [["4", "5"]], rejects: ["1 2 4 - csv.field_count"]),
        .init("a trailing delimiter is a field too many", "a,b\n1,2,\n4,5\n", [["4", "5"]], rejects: ["1 2 4 - csv.field_count"]),
        .init(
            "short and long records between good ones", "a,b\n1,2\n3\n4,5\n6,7,8\n9,0\n", [["1", "2"], ["4", "5"], ["9", "0"]],
            rejects: ["2 3 8 - csv.field_count", "4 5 14 - csv.field_count"]),
        .init("a short last record without line end", "a,b\n1,2\n3", [["1", "2"]], rejects: ["2 3 8 - csv.field_count"]),
        .init("records of delimiters only are nulls", "a,b,c\n,,\n,,\n", [[nil, nil, nil], [nil, nil, nil]], columns: 3),
        .init("in one column a blank line is a null", "a\n1\n\n2\n", [["1"], [nil], ["2"]], columns: 1),
        .init("in one column a blank CRLF line is a null", "a\r\n1\r\n\r\n2\r\n", [["1"], [nil], ["2"]], columns: 1),
        .init("in one column \"\" is empty text", "a\n\"\"\n\n", [[""], [nil]], columns: 1),
        .init("in one column a comma is a field too many", "a\n1,2\n3\n", [["3"]], rejects: ["1 2 2 - csv.field_count"], columns: 1),
        .init("one column of CR lines", "a\r1\r\r2", [["1"], [nil], ["2"]], columns: 1, cr),
        .init("a NUL byte is text", "a,b\n1\u{0},\u{0}\n", [["1\u{0}", "\u{0}"]]),
        .init("control characters are text", "a,b\n\u{1}\u{B}\u{C},\u{1A}\n", [["\u{1}\u{B}\u{C}", "\u{1A}"]]),
        .init("other line ends of Unicode are text", "a,b\n1\u{85}2,\u{2028}\n", [["1\u{85}2", "\u{2028}"]]),
        .init("UTF-8 is kept", "a,b\né日,😀\n", [["é日", "😀"]]),
        .init(
            "bytes that are no UTF-8 are a fault", bytes: Array("a,b\n1,".utf8) + [0xE9] + Array("t\n2,3\n".utf8), [["2", "3"]],
            rejects: ["1 2 4 b value.invalid_utf8"]),
        .init(
            "a character cut off at the field's end is a fault", bytes: Array("a,b\n".utf8) + [0xE6, 0x97, 44, 50, 10], [],
            rejects: ["1 2 4 a value.invalid_utf8"]),
        .init(
            "halves of a character in two rows are two faults", bytes: Array("a,b\n1,".utf8) + [0xC3, 10] + Array("2,".utf8) + [0xA9, 10],
            [], rejects: ["1 2 4 b value.invalid_utf8", "2 3 8 b value.invalid_utf8"]),
        .init(
            "a surrogate in UTF-8 is a fault", bytes: Array("a,b\n1,".utf8) + [0xED, 0xA0, 0x80, 10], [],
            rejects: ["1 2 4 b value.invalid_utf8"]),
        .init("a quote at the 64th byte", "a,b\n\(filler)\",2\n\"\(filler)\",\"2\"\n", [[filler + "\"", "2"], [filler, "2"]]),
        .init(
            "a record longer than any chunk", "a,b\n\(String(repeating: "é,", count: 99).dropLast(2)),2\n", [],
            rejects: ["1 2 4 - csv.field_count"]),
    ]

    @Test("line ends are read alike on every path", arguments: lines)
    func lineEnds(_ example: ReadingCase) throws { try check(example) }

    @Test("quotes are read alike on every path", arguments: quoting)
    func quotes(_ example: ReadingCase) throws { try check(example) }

    @Test("escapes are read alike on every path", arguments: escapes)
    func escaped(_ example: ReadingCase) throws { try check(example) }

    @Test("records of any shape are read alike on every path", arguments: shapes)
    func records(_ example: ReadingCase) throws { try check(example) }

    private func check(_ example: ReadingCase) throws {
        let columns = CSVPaths.columns(example.columnCount)
        let whole = try CSVPaths.whole(example.text, example.dialect, columns)
        #expect(whole.rows == example.rows)
        #expect(whole.rejected == example.rejects)
        #expect(whole.error?.code == example.error)
        #expect(
            try CSVPaths.disagreement(
                example.text, example.dialect, columns, with: whole, chunks: 1...(example.text.count + 1)) == nil)
    }

    @Test("every case stands at every place of a 64-byte block", arguments: [lines, quoting, escapes, shapes])
    func shifted(_ examples: [ReadingCase]) throws {
        for example in examples where example.dialect.header && example.text.first != 0xEF && !example.text.isEmpty {
            let columns = CSVPaths.columns(example.columnCount)
            let expected = try CSVPaths.whole(example.text, example.dialect, columns)
            for shift in 1...64 {
                // A longer name in the header moves all that follows.
                let text = [UInt8](repeating: 122, count: shift) + example.text
                guard example.text[0] > 34 else { continue }
                let found = try CSVPaths.whole(text, example.dialect, columns)
                #expect(found.rows == expected.rows, "\(example.name), moved by \(shift)")
                #expect(found.rejects.map(\.byte) == expected.rejects.map { $0.byte.map { $0 + Int64(shift) } })
            }
        }
    }

    @Test("a very long quoted field is read whole", arguments: [1, 4096, 1 << 20])
    func longField(_ chunkBytes: Int) throws {
        let inner = String(repeating: "line, with \"\"quotes\"\"\n", count: chunkBytes == 1 ? 2_000 : 120_000)
        let text = Array("a,b\n1,\"\(inner)\"\n2,3\n".utf8)
        let reading = try CSVPaths.read(
            text, Dialect(), CSVPaths.columns(2), chunkBytes: chunkBytes, pieceBytes: .max, exactScanOnly: false)
        #expect(reading.rows.count == 2)
        #expect(reading.rows.first?[1]?.utf8.count == inner.utf8.count - inner.utf8.count { $0 == 34 } / 2)
        #expect(reading.rows.last == ["2", "3"])
    }

    @Test("a header longer than a chunk is one record")
    func longHeader() throws {
        let names = (0..<500).map { "\"column, \($0)\"" }
        let text = Array((names.joined(separator: ",") + "\n" + String(repeating: "1,", count: 499) + "1\n").utf8)
        let reading = try CSVPaths.read(
            text, Dialect(), CSVPaths.columns(500, .int16), chunkBytes: 64, pieceBytes: 7, exactScanOnly: false)
        #expect(reading.rows == [Array(repeating: "1", count: 500)])
    }

    @Test("a record without end is refused, whatever holds it open", arguments: ["x", "\""], [1, 3])
    func endless(start: String, threads: Int) throws {
        let text = Array("a\n\(start)".utf8) + [UInt8](repeating: 120, count: 2 * RecordChunker.maxRecordBytes + 10)
        if threads == 1 {
            // In memory in one piece there is an end: the end of the text.
            let reading = try CSVPaths.whole(text, Dialect(), CSVPaths.columns(1))
            #expect(reading.error?.code == (start == "x" ? nil : "csv.unclosed_quote"))
        }
        let chunked = try CSVPaths.read(
            text, Dialect(), CSVPaths.columns(1), chunkBytes: 1 << 20, pieceBytes: .max, exactScanOnly: false, threads: threads)
        #expect(chunked.error?.code == "csv.record_too_long")
        #expect(chunked.error?.message.hasPrefix("Line 2 (byte 2): the record that begins here has more than the 33554432 bytes") == true)
        #expect(chunked.error?.message.contains("Close the quote") == (start == "\""))
    }

    @Test("a quoted record of 100 MB is refused where it begins, what stands before it is read")
    func hugeRecord() throws {
        let text =
            Array("a,b\n1,2\n3,\"".utf8) + [UInt8](repeating: 120, count: 50_000_000) + [10]
            + [UInt8](repeating: 120, count: 50_000_000) + Array("\"\n5,6\n".utf8)
        let reading = try CSVPaths.read(
            text, Dialect(), CSVPaths.columns(2), chunkBytes: 1 << 20, pieceBytes: .max, exactScanOnly: false)
        #expect(reading.rows == [["1", "2"]])
        #expect(reading.error?.code == "csv.record_too_long")
        #expect(reading.error?.message.hasPrefix("Line 3 (byte 8): ") == true)
        let inspector = CSVInspector(hints: DialectHints(delimiter: 44, header: true)) { TextSource(text) }
        #expect { try inspector.inspect() } throws: { ($0 as? TabularError)?.code == "csv.record_too_long" }
    }

    @Test("4,000 columns with names of more than 63 bytes", arguments: [1, 4])
    func wide(threads: Int) throws {
        let names = (0..<4000).map { "\(String(repeating: "naïve ", count: 12))\($0)" }
        var text = names.joined(separator: ",") + "\n"
        for row in 0..<30 { text += (0..<4000).map { "\($0 * row)" }.joined(separator: ",") + "\n" }
        let inspection = try CSVInspector(hints: DialectHints()) { TextSource(text.utf8) }.inspect()
        #expect(inspection.columns.map(\.name) == names)
        #expect(inspection.columns.allSatisfy { $0.type == .int64 })
        #expect(inspection.records == 30)
        let reading = try CSVPaths.read(
            Array(text.utf8), inspection.dialect, inspection.columns, chunkBytes: 50_000, pieceBytes: .max, exactScanOnly: false,
            threads: threads)
        #expect(reading.rows == (0..<30).map { row in (0..<4000).map { "\($0 * row)" } })
        #expect(reading.rejects == [])
    }

    @Test("a batch has at most 65,536 rows, and no record is lost where it ends", arguments: [65_535, 65_536, 65_537, 131_073])
    func batches(_ records: Int) throws {
        let text = Array("a\n".utf8) + (0..<records).flatMap { Array("\($0 % 10)\n".utf8) }
        let mapping = FieldMapping(columns: CSVPaths.columns(1, .int16), fields: [0], fieldNames: ["a"])
        let reader = try CSVReader(source: TextSource(text), dialect: Dialect(), mapping: mapping)
        var counts: [Int] = []
        var numbers: [Int64] = []
        while let result = try reader.next() {
            counts.append(result.batch.rowCount)
            numbers += result.batch.recordNumbers
        }
        #expect(counts.allSatisfy { $0 <= ColumnBatch.maxRows })
        #expect(numbers == Array(1...Int64(records)))
        #expect(counts.first == min(records, ColumnBatch.maxRows))
    }

    @Test("columns may be some of the fields, in any order, and twice")
    func mapping() throws {
        let mapping = FieldMapping(
            columns: [Column(name: "z", type: .int64), Column(name: "x", type: .text), Column(name: "zz", type: .text)],
            fields: [2, 0, 2], fieldNames: ["a", "b", "c"])
        let reading = try Reading {
            try CSVReader(source: TextSource("a,b,c\n1,2,3\n4,x,y\n".utf8), dialect: Dialect(), mapping: mapping)
        }
        #expect(reading.rows == [["3", "1", "3"]])
        #expect(reading.rejected == ["2 3 12 c value.bad_integer"])
    }

    @Test("many blank lines before the header cost one walk over them")
    func manyBlankLines() throws {
        // With a scan of all that is buffered for each blank line, this took hours.
        let text = [UInt8](repeating: 10, count: 2_000_000) + Array("a,b\n1,2\n".utf8)
        let reading = try CSVPaths.read(
            text, Dialect(), CSVPaths.columns(2), chunkBytes: 1 << 20, pieceBytes: .max, exactScanOnly: false)
        #expect(reading.rows == [["1", "2"]])
        let rejected = try CSVPaths.read(
            text + [51, 10], Dialect(), CSVPaths.columns(2), chunkBytes: 1 << 20, pieceBytes: .max, exactScanOnly: false)
        #expect(rejected.rejected == ["2 2000003 2000008 - csv.field_count"])
        let inspector = CSVInspector(hints: DialectHints()) { TextSource(text) }
        #expect(try inspector.inspect().columns.map(\.name) == ["a", "b"])
    }
}
