import Columns
import Testing

@testable import Tabular

@Suite("Reading JSON lines")
struct JSONLinesReaderTests {
    private static let columns = [
        Column(name: "id", type: .int64), Column(name: "name", type: .text), Column(name: "price", type: .decimal(precision: 9, scale: 2)),
        Column(name: "extra", type: .json),
    ]

    private static func reading(_ text: [UInt8], _ columns: [Column] = columns, chunkBytes: Int = 1 << 20) throws -> Reading {
        try Reading { try JSONReader(source: TextSource(text), schema: Schema(columns), chunkBytes: chunkBytes) }
    }

    private static func everyCut(_ text: String, _ columns: [Column] = columns) throws -> Reading {
        let bytes = Array(text.utf8)
        let whole = try reading(bytes, columns)
        for chunkBytes in 1...(bytes.count + 1) {
            #expect(try reading(bytes, columns, chunkBytes: chunkBytes).difference(from: whole) == nil, "chunkBytes \(chunkBytes)")
        }
        return whole
    }

    @Test(
        "a line becomes a row",
        arguments: [
            (#"{"id":1,"name":"x","price":1.50,"extra":{"a":[1]}}"#, ["1", "x", "1.50", #"{"a":[1]}"#]), ("{}", [nil, nil, nil, nil]),
            (#"{"name":"x"}"#, [nil, "x", nil, nil]),
            (#"{"extra":1.0,"price":2,"id":3,"name":"out of order"}"#, ["3", "out of order", "2.00", "1.0"]),
            (#"{"id":null,"name":null,"price":null,"extra":null}"#, [nil, nil, nil, nil]),
            (#"{"name":"","extra":""}"#, [nil, "", nil, #""""#]), (#"{"id":9223372036854775807}"#, ["9223372036854775807", nil, nil, nil]),
            (#"{"id":"12"}"#, ["12", nil, nil, nil]),
            (#"{"name":12.50}"#, [nil, "12.50", nil, nil]), (#"{"name":true}"#, [nil, "true", nil, nil]),
            (#"{"name":{"a": 1}}"#, [nil, #"{"a": 1}"#, nil, nil]), (#"{"name":"null"}"#, [nil, "null", nil, nil]),
            (#"{"name":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}"#, [nil, "\"\\/\u{8}\u{C}\n\r\té😀", nil, nil]),
            (#"{"\u0069d":5,"n\u0061me":"y"}"#, ["5", "y", nil, nil]), (#" { "id" : 7 , "name" : "x" } "#, ["7", "x", nil, nil]),
            (#"{"unknown":[1,{"a":2}],"id":1}"#, ["1", nil, nil, nil]), (#"{"unknown":1,"unknown":2}"#, [nil, nil, nil, nil]),
            (#"{"extra":"a\u0000b"}"#, [nil, nil, nil, #""a\u0000b""#]), (#"{"extra":"\ud800"}"#, [nil, nil, nil, #""\ud800""#]),
            (#"{"name":"日本"}"#, [nil, "日本", nil, nil]), (#"{"extra":[ 1 , 2 ]}"#, [nil, nil, nil, "[ 1 , 2 ]"]),
            (#"{"price":-0}"#, [nil, nil, "0.00", nil]),
        ] as [(String, [String?])])
    func rows(line: String, row: [String?]) throws {
        for text in [line, line + "\n", line + "\r\n", "\n\n" + line + "\n \t\r\n", "\u{FEFF}" + line] {
            let reading = try Self.everyCut(text)
            #expect(reading.rows == [row])
            #expect(reading.rejects == [])
            #expect(reading.numbers == [1])
        }
    }

    @Test(
        "a line that is not as it should be becomes a reject",
        arguments: [
            ("[1]", "- json.not_an_object", #"expected an object, found "[1]""#),
            ("1", "- json.not_an_object", #"expected an object, found "1""#),
            ("nonsense", "- json.not_an_object", #"expected an object, found "nonsense""#),
            (#"{"id":1"#, "- json.malformed", "expected '}' at byte 7 of the line, found the end of the line"),
            (#"{"id":1}}"#, "- json.malformed", #"expected the end of the line at byte 8 of the line, found "}""#),
            (#"{"id":1,}"#, "- json.malformed", #"expected a key in quotes at byte 8 of the line, found "}""#),
            (#"{1:2}"#, "- json.malformed", #"expected a key in quotes at byte 1 of the line, found "1:2}""#),
            (#"{"id" 1}"#, "- json.malformed", #"expected ':' at byte 6 of the line, found "1}""#),
            (#"{"id":}"#, "- json.malformed", #"expected a value at byte 6 of the line, found "}""#),
            (#"{"id":01}"#, "- json.malformed", #"expected no digit after a leading zero at byte 7 of the line, found "1}""#),
            (#"{"name":"\x"}"#, "- json.malformed", #"expected one of " \ / b f n r t u at byte 10 of the line, found "x\"}""#),
            (#"{"name":"a"#, "- json.malformed", "expected a closing quote at byte 10 of the line, found the end of the line"),
            (#"{"name":"\u12"}"#, "- json.malformed", #"expected four hexadecimal digits at byte 13 of the line, found "\"}""#),
            (
                "{\"name\":\"a\tb\"}", "- json.malformed",
                #"expected no control character within a string at byte 10 of the line, found "\tb\"}""#
            ), (#"{"extra":[1,]}"#, "- json.malformed", #"expected a value at byte 12 of the line, found "]}""#),
            (#"{"id":1,"id":2}"#, "id json.duplicate_key", "the key is named twice"),
            (#"{"id":1,"\u0069d":2}"#, "id json.duplicate_key", "the key is named twice"),
            (#"{"id":null,"name":"x","id":1}"#, "id json.duplicate_key", "the key is named twice"),
            (#"{"name":"\ud800"}"#, "- json.lone_surrogate", #"half of a surrogate pair stands alone in "\"\ud800\"""#),
            (#"{"name":"\ud800\u0041"}"#, "- json.lone_surrogate", nil), (#"{"name":"\udc00\ud800"}"#, "- json.lone_surrogate", nil),
            (#"{"\ud800":1}"#, "- json.lone_surrogate", nil),
            (#"{"id":1.5}"#, "id value.bad_integer", #"expected int64, found "1.5""#),
            (#"{"id":"x"}"#, "id value.bad_integer", #"expected int64, found "\"x\"""#),
            (#"{"id":true}"#, "id value.bad_integer", #"expected int64, found "true""#),
            (#"{"id":{}}"#, "id value.bad_integer", #"expected int64, found "{}""#),
            (#"{"id":9223372036854775808}"#, "id value.bad_integer", nil), (#"{"price":1.234}"#, "price value.bad_decimal", nil),
            (#"{"price":1e2}"#, "price value.bad_decimal", nil), (#"{"id":""}"#, "id value.bad_integer", nil),
            (String(repeating: "[", count: 600), "- json.not_an_object", nil),
            ("{\"extra\":" + String(repeating: "[", count: 600), "- json.too_deep", nil),
        ] as [(String, String, String?)])
    func rejects(line: String, code: String, reason: String?) throws {
        let text = "{\"id\":1}\n\n\(line)\n{\"id\":2}"
        let reading = line.utf8.count < 100 ? try Self.everyCut(text) : try Self.reading(Array(text.utf8))
        #expect(reading.rows.map { $0[0] } == ["1", "2"])
        #expect(reading.numbers == [1, 3])
        #expect(reading.rejected == ["2 3 10 \(code)"])
        if let reason { #expect(reading.rejects.first?.reason == reason) }
        #expect(reading.rejects.first?.fields == [Array(line.utf8)])
    }

    @Test("a broken line leaves nothing behind in the rows around it")
    func takesBack() throws {
        let text = [
            #"{"id":1,"name":"a","price":1,"extra":[1]}"#, #"{"id":2,"name":"b","price":2,"extra":[2]"#,
            #"{"id":3,"name":"c","price":"x"}"#, #"{"extra":[4],"price":4}"#,
        ].joined(separator: "\n")
        let reading = try Self.everyCut(text)
        #expect(reading.rows == [["1", "a", "1.00", "[1]"], [nil, nil, "4.00", "[4]"]])
        #expect(reading.rejected == ["2 2 42 - json.malformed", "3 3 83 price value.bad_decimal"])
    }

    @Test("a required value must be there", arguments: ["{}", #"{"id":null}"#, #"{"x":1}"#])
    func required(_ line: String) throws {
        let reading = try Self.everyCut(line, [Column(name: "id", type: .int64, nullable: false), Column(name: "name", type: .text)])
        #expect(reading.rejected == ["1 1 0 id value.missing"])
    }

    @Test("a key is told from one that is spelled with an escape", arguments: [false, true])
    func escapedKeys(_ swapped: Bool) throws {
        // The name of the first is a, backslash, b; the second's is a and a backspace, spelled a\b.
        let columns = [Column(name: #"a\b"#, type: .int64), Column(name: "a\u{8}", type: .int64)]
        let line = swapped ? #"{"a\b":2,"a\\b":1}"# : #"{"a\\b":1,"a\b":2}"#
        #expect(try Self.everyCut(line, columns).rows == [["1", "2"]])
        #expect(try Self.everyCut(#"{"a\b":2}"#, columns).rows == [[nil, "2"]])
        let inspection = try JSONInspector(source: TextSource((#"{"a\\b":1}"# + "\n" + #"{"a\b":"x"}"#).utf8)).inspect()
        #expect(inspection.columns.map(\.name) == columns.map(\.name))
    }

    @Test("a column may have another name than its key")
    func keys() throws {
        let reading = try Reading {
            try JSONReader(
                source: TextSource(#"{"Order Id":1,"id":2}"#.utf8), schema: Schema([Column(name: "id", type: .int64)]),
                paths: [[["Order Id"]]])
        }
        #expect(reading.rows == [["1"]])
    }

    @Test("bytes that are no UTF-8 are a fault")
    func encoding() throws {
        let reading = try Self.reading(Array(#"{"name":"x"#.utf8) + [0xE9] + Array("\"}\n{\"id\":1}\n".utf8))
        #expect(reading.rejected == ["1 1 0 - json.malformed"])
        #expect(reading.numbers == [2])
    }

    @Test("a batch has at most 65,536 rows, and no line is lost where it ends")
    func batches() throws {
        let lines = 65_537 + 10
        let reading = try Self.reading((0..<lines).flatMap { _ in Array("{}\n".utf8) }, [Column(name: "id", type: .int64)])
        #expect(reading.numbers == Array(1...Int64(lines)))
    }
}

@Suite("Inspecting JSON lines")
struct JSONLinesInspectorTests {
    private static func inspect(_ lines: [String]) throws -> JSONInspection {
        try JSONInspector(source: TextSource(lines.joined(separator: "\n").utf8)).inspect()
    }

    @Test(
        "types come from all values of a key",
        arguments: [
            (["1", "2"], "int64"), (["1", "2.5"], "decimal(2,1)"), (["1e5", "1"], "float64"), (["-0"], "float64"),
            (["9223372036854775808"], "decimal(19,0)"), (["true", "false"], "bool"), (["true", "1"], "text"), (["null"], "text"),
            (["null", "1"], "int64"), (["\"x\""], "text"),
            (["\"12\""], "text"), (["\"12\"", "12"], "text"), (["\"2026-01-31\""], "date"), (["\"2026-01-31T10:00:00Z\""], "timestamptz"),
            (["\"10:00:00\""], "time"), (["\"2026-01-31\"", "\"x\""], "text"), (["\"2026-01-31\"", "1"], "text"), (["{}"], "json"),
            (["[1]", "1"], "json"),
            (["1", "[]", "\"x\""], "json"), (["\"\""], "text"), (["\"true\""], "text"), (["1e400"], "text"),
            (["1e-9223372036854775808"], "text"), (["0.1"], "decimal(1,1)"),
        ])
    func types(values: [String], type: String) throws {
        let lines = values.map { "{\"k\":\($0)}" }
        let inspection = try Self.inspect(lines)
        #expect(inspection.columns.map(\.type.description) == [type])
        // What was inferred can be read.
        let reading = try Reading {
            try JSONReader(source: TextSource(lines.joined(separator: "\n").utf8), schema: Schema(inspection.columns))
        }
        #expect(reading.rejects == [])
        #expect(reading.rows.contains([nil]) == inspection.columns[0].nullable)
    }

    @Test("columns stand in the order in which keys first appear")
    func order() throws {
        let inspection = try Self.inspect([#"{"b":1}"#, #"{"a":1,"b":2}"#, #"{"c":1,"\u0061":1}"#])
        #expect(inspection.columns.map(\.name) == ["b", "a", "c"])
        #expect(inspection.columns.map(\.nullable) == [true, true, true])
        #expect(inspection.records == 3)
    }

    @Test("a key that every line has is not nullable, a null is")
    func nullable() throws {
        #expect(try Self.inspect([#"{"a":1,"b":1}"#, "", #"{"a":2,"b":null}"#]).columns.map(\.nullable) == [false, true])
    }

    @Test(
        "a line that will be rejected has no say in the types, but its keys are kept so that it is",
        arguments: [
            (#"{"a":"x""#, 2), (#"{"a":"x","z":1"#, 2), (#"{"z":1,"\ud800":1}"#, 2), ("[]", 2), (#"{"a":"x","b":"\ud800"}"#, 2),
            (#"{"a":"x","z":"\udc00"}"#, 3), (#"{"a":"x","a":1}"#, 2), (#"{"z":1,"z":2}"#, 3), (#"{"a":"x","z":1,"z":2}"#, 3),
        ])
    func faultyLines(line: String, columns: Int) throws {
        let lines = [#"{"a":1,"b":"y"}"#, line, #"{"a":2,"b":"y"}"#]
        let inspection = try Self.inspect(lines)
        #expect(inspection.columns.map(\.name) == ["a", "b", "z"].dropLast(3 - columns))
        #expect(inspection.columns[0].type == .int64)
        let reading = try Reading {
            try JSONReader(source: TextSource(lines.joined(separator: "\n").utf8), schema: Schema(inspection.columns))
        }
        #expect(reading.rejects.map(\.record) == [2])
        #expect(reading.rows == [["1", "y", nil], ["2", "y", nil]].map { Array($0.prefix(columns)) })
    }

    @Test("a key that a line names twice does not stand in for one that is missing elsewhere")
    func duplicates() throws {
        let lines = [#"{"a":1,"a":2,"b":1}"#, #"{"b":2}"#]
        let inspection = try Self.inspect(lines)
        let reading = try Reading {
            try JSONReader(source: TextSource(lines.joined(separator: "\n").utf8), schema: Schema(inspection.columns))
        }
        #expect(reading.rejects.map(\.code) == ["json.duplicate_key"])
    }

    @Test(
        "a key that is named twice with one value says nothing new",
        arguments: [
            (#"{"a":1,"a":1}"#, ["1"]), (#"{"a":"b","c":2,"\u0061":"b"}"#, ["b", "2"]), (#"{"a":null,"a":null}"#, [nil]),
            (#"{"a":1.5,"b":[1],"b":[1],"a":1.5}"#, ["1.5", "[1]"]),
        ] as [(String, [String?])])
    func sameTwice(line: String, row: [String?]) throws {
        let inspection = try Self.inspect([line])
        let reading = try Reading { try JSONReader(source: TextSource(line.utf8), schema: Schema(inspection.columns)) }
        #expect(reading.rejects == [])
        #expect(reading.rows == [row])
    }

    @Test(
        "what is no JSON lines is refused",
        arguments: [
            ("", "input.empty"), ("\n \n", "input.empty"), ("nonsense", "json.malformed"), ("{\"a\":1", "json.malformed"),
        ])
    func refused(text: String, code: String) {
        let error = #expect(throws: TabularError.self) { try Self.inspect([text]) }
        #expect(error?.code == code)
    }
}
