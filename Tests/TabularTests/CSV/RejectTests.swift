import Columns
import Testing

@testable import Tabular

@Suite("Rejects")
struct RejectTests {
    private static let columns = [
        Column(name: "id", type: .int64, nullable: false), Column(name: "amount", type: .decimal(precision: 6, scale: 2)),
        Column(name: "day", type: .date), Column(name: "note", type: .text),
    ]

    private static let text = #"""
        id,amount,day,note
        1,2.50,2026-01-31,fine
        2,"3,5",2026-01-31,"two
        lines"

        ,1.00,2026-01-31,
        3,1.00,2026-02-30,"say ""hi"""
        4,1.00
        x,y,z,"first counts"
        5,1.234,2026-01-31,é
        6,99999.00,2026-01-31,""
        7,1.00,2026-01-31,"open"x
        8,,,
        """#

    private static func reading(_ chunkBytes: Int, exactScanOnly: Bool = false) throws -> Reading {
        try CSVPaths.read(
            Array(text.utf8), Dialect(), columns, chunkBytes: chunkBytes, pieceBytes: 5, exactScanOnly: exactScanOnly)
    }

    @Test("they name record, line, byte, column, code and reason, in the order of the file")
    func places() throws {
        let reading = try Self.reading(1 << 20)
        #expect(reading.rows == [["1", "2.50", "2026-01-31", "fine"], ["8", nil, nil, nil]])
        #expect(reading.numbers == [1, 10])
        #expect(
            reading.rejects.map { "\($0.record) \($0.line) \($0.byte ?? -1) \($0.column ?? "-") \($0.code): \($0.reason)" } == [
                #"2 3 42 amount value.bad_decimal: expected decimal(6,2), found "3,5""#,
                "3 6 74 id value.missing: a value is required, found none",
                #"4 7 92 day value.bad_date: expected date, found "2026-02-30""#,
                "5 8 123 - csv.field_count: expected 4 fields, found 2",
                #"6 9 130 id value.bad_integer: expected int64, found "x""#,
                #"7 10 151 amount value.bad_decimal: expected decimal(6,2), found "1.234""#,
                #"8 11 173 amount value.bad_decimal: expected decimal(6,2), found "99999.00""#,
                "9 12 198 note csv.text_after_quote: a quoted field must end with its quote; a quote within it must be doubled",
            ])
        #expect(reading.rejects.first?.location == #"line 3 (byte 42), column "amount""#)
        #expect(reading.rejects[3].location == "line 8 (byte 123)")
    }

    @Test("they keep the fields as they were")
    func fields() throws {
        let fields = try Self.reading(1 << 20).rejects.map { $0.fields.map { $0.map { String(decoding: $0, as: UTF8.self) } } }
        #expect(
            fields == [
                ["2", "3,5", "2026-01-31", "two\nlines"], [nil, "1.00", "2026-01-31", nil],
                ["3", "1.00", "2026-02-30", "say \"hi\""], ["4", "1.00"], ["x", "y", "z", "first counts"],
                ["5", "1.234", "2026-01-31", "é"], ["6", "99999.00", "2026-01-31", ""],
                ["7", "1.00", "2026-01-31", "\"open\"x"],
            ])
    }

    @Test("they are the same however the text is cut", arguments: [false, true])
    func cuts(_ exactScanOnly: Bool) throws {
        let whole = try Self.reading(1 << 20)
        for chunkBytes in 1...Self.text.utf8.count {
            let difference = try Self.reading(chunkBytes, exactScanOnly: exactScanOnly).difference(from: whole)
            #expect(difference == nil, "chunkBytes \(chunkBytes)")
        }
    }

    @Test("the first cell from the left counts, whatever the order of the columns")
    func leftmost() throws {
        let mapping = FieldMapping(
            columns: [Column(name: "c", type: .int64), Column(name: "a", type: .int64)], fields: [1, 0],
            fieldNames: ["a", "c"])
        let reading = try Reading {
            try CSVReader(source: TextSource("a,c\nx,y\n".utf8), dialect: Dialect(), mapping: mapping)
        }
        #expect(reading.rejected == ["1 2 4 a value.bad_integer"])
    }

    @Test("the line is right in a chunk of many", arguments: [1 << 20, 300])
    func manyRejects(_ chunkBytes: Int) throws {
        // Each reject once cost a walk from the chunk's start, so that bad files took minutes.
        let records = 60_000
        let text = Array("a,b\n".utf8) + (0..<records).flatMap { Array(($0 % 3 == 0 ? "1,\"\n\"\n" : "1,x\n").utf8) }
        let reading = try CSVPaths.read(
            text, Dialect(), CSVPaths.columns(2, .int32), chunkBytes: chunkBytes, pieceBytes: .max, exactScanOnly: false)
        var line: Int64 = 2
        var expected: [Int64] = []
        for record in 0..<records {
            expected.append(line)
            line += record % 3 == 0 ? 2 : 1
        }
        #expect(reading.rejects.map(\.line) == expected)
    }

    @Test("values are shown clipped, with control characters escaped")
    func shownValues() {
        #expect(shown("a\"b\n\r\t\u{1}é".utf8) == #""a\"b\n\r\t\u{1}é""#)
        #expect(shown(String(repeating: "x", count: 41).utf8) == "\"" + String(repeating: "x", count: 40) + "…\"")
        #expect(shown(String(repeating: "x", count: 40).utf8) == "\"" + String(repeating: "x", count: 40) + "\"")
        #expect(shown([] as [UInt8]) == "\"\"")
    }
}

@Suite("The rejects file")
struct RejectsWriterTests {
    private static let names = ["id", "amount, net", "note"]

    private static func reject(_ fields: [String?], column: String? = nil, reason: String = "it is, \"so\"") -> Reject {
        Reject(
            record: 7, line: 9, byte: 1234, column: column, code: "value.bad_date", reason: reason,
            fields: fields.map { $0.map { Array($0.utf8) } })
    }

    private static func written(_ rejects: [Reject], delimiter: UInt8 = 44, nullMarkers: [[UInt8]] = []) throws -> TextSink {
        let sink = TextSink()
        let writer = try RejectsWriter(sink: sink, fieldNames: names, delimiter: delimiter, nullMarkers: nullMarkers)
        for reject in rejects { try writer.write(reject) }
        try writer.finish()
        #expect(writer.count == Int64(rejects.count))
        #expect(sink.isFinished)
        return sink
    }

    @Test("it has the source's columns and six of its own")
    func text() throws {
        let sink = try Self.written([Self.reject(["1", nil, ""], column: "note"), Self.reject(["2"], reason: "short")])
        #expect(
            sink.text == #"""
                id,"amount, net",note,_row,_line,_byte,_column,_code,_reason
                1,,"",7,9,1234,note,value.bad_date,"it is, ""so"""
                2,,,7,9,1234,,value.bad_date,short

                """#)
    }

    @Test("what our reader reads from it are the fields as they were", arguments: [UInt8(ascii: ","), UInt8(ascii: ";"), 9])
    func roundTrip(_ delimiter: UInt8) throws {
        let texts = SampleColumns.hardTexts.map(Optional.some) + [nil]
        let rows = texts.indices.map { index in (0..<3).map { texts[(index + $0 * 5) % texts.count] } }
        let sink = try Self.written(rows.map { Self.reject($0) }, delimiter: delimiter)
        let reading = try CSVPaths.whole(sink.bytes, Dialect(delimiter: delimiter), CSVPaths.columns(9))
        #expect(reading.rejects == [])
        #expect(reading.rows == rows.map { $0 + ["7", "9", "1234", nil, "value.bad_date", "it is, \"so\""] })
    }

    @Test("fields beyond the source's columns stay together in the last")
    func tooMany() throws {
        let sink = try Self.written([Self.reject(["1", "2", "3", nil, "5"])], delimiter: UInt8(ascii: ";"))
        let reading = try CSVPaths.whole(sink.bytes, Dialect(delimiter: UInt8(ascii: ";")), CSVPaths.columns(9))
        #expect(reading.rows.first?.prefix(3) == ["1", "2", "3;;5"])
    }

    @Test("nulls stay nulls, and text that reads like a null marker stays text")
    func markers() throws {
        let dialect = Dialect(nullMarkers: [Array("NULL".utf8)])
        let columns = [
            Column(name: "a", type: .text), Column(name: "b", type: .text), Column(name: "c", type: .text),
            Column(name: "d", type: .int64),
        ]
        let source = Array("a,b,c,d\nNULL,\"NULL\",,x\nNULL,\"NULL\"\n".utf8)
        let rejects = try CSVPaths.whole(source, dialect, columns).rejects
        let sink = TextSink()
        let writer = try RejectsWriter(
            sink: sink, fieldNames: columns.map(\.name), delimiter: 44, nullMarkers: dialect.nullMarkers)
        for reject in rejects { try writer.write(reject) }
        let again = try CSVPaths.whole(sink.bytes, dialect, CSVPaths.columns(10))
        #expect(again.rows.map { Array($0.prefix(4)) } == [[nil, "NULL", nil, "x"], [nil, "NULL", nil, nil]])
    }
}
