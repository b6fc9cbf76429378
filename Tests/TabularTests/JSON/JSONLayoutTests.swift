import Columns
import Foundation
import Testing

@testable import Tabular

@Suite("JSON in every layout")
struct JSONLayoutTests {
    /// Columns, rows and rejects of a text whose layout is found by itself, in pieces of `chunkBytes`.
    private static func read(
        _ text: [UInt8], path: [String]? = nil, keepsNested: Bool = false, chunkBytes: Int = 1 << 20
    ) throws -> (columns: [String], reading: Reading) {
        let layout = try path.map { JSONLayout.array(path: $0) } ?? JSONLayout.detect(TextSource(text))
        let inspection = try JSONInspector(source: TextSource(text), layout: layout, nesting: keepsNested ? .json : .columns(kept: []))
            .inspect()
        let reading = try Reading {
            try JSONReader(
                source: TextSource(text), schema: Schema(inspection.columns), paths: inspection.paths.map { [$0] }, layout: layout,
                chunkBytes: chunkBytes)
        }
        return (inspection.columns.map { "\($0.name):\($0.type)\($0.nullable ? "?" : "")" }, reading)
    }

    private static func everyCut(_ text: String, path: [String]? = nil, keepsNested: Bool = false) throws -> ([String], Reading) {
        let whole = try read(Array(text.utf8), path: path, keepsNested: keepsNested)
        for chunkBytes in 1...min(200, text.utf8.count + 1) {
            let cut = try read(Array(text.utf8), path: path, keepsNested: keepsNested, chunkBytes: chunkBytes)
            #expect(cut.reading.difference(from: whole.reading) == nil, "chunkBytes \(chunkBytes)")
        }
        return whole
    }

    static let two: [[String?]] = [["1"], ["2"]]

    @Test(
        "the same two rows, however they are laid out",
        arguments: [
            ("{\"a\":1}\n{\"a\":2}\n", JSONLayout.lines), ("{\"a\":1}\r\n\r\n{\"a\":2}", .lines), ("{\"a\":1}\n{\"a\":2} \t", .lines),
            ("\u{FEFF}{\"a\":1}\n{\"a\":2}", .lines), ("{\"a\":1}{\"a\":2}", .values), ("{\"a\":1} {\"a\":2}\n", .values),
            ("{\"a\":1}\r{\"a\":2}\r", .values), ("{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n", .values), ("{\"a\":1\n}{\"a\":2}", .values),
            ("[{\"a\":1},{\"a\":2}]", .array(path: [])), (" [\n {\"a\":1} ,\n {\"a\":2}\n]\n\n", .array(path: [])),
            ("\u{FEFF}[{\"a\":1},\n{\"a\":2}]", .array(path: [])), ("{\"a\":1}\n{\"a\":2}{}", .lines),
        ])
    func layouts(text: String, layout: JSONLayout) throws {
        #expect(try JSONLayout.detect(TextSource(text.utf8)) == layout)
        let (columns, reading) = try Self.everyCut(text)
        #expect(columns == [text.hasSuffix("{}") ? "a:int64?" : "a:int64"])
        #expect(reading.rows == (text.hasSuffix("{}") ? Self.two + [[nil]] : Self.two))
        #expect(reading.rejects == [])
        #expect(reading.error == nil)
    }

    @Test(
        "rows under a path",
        arguments: [
            (#"{"data":[{"a":1},{"a":2}]}"#, "data"), (#"{"x":{"data":[9]},"data":[{"a":1},{"a":2}],"y":[{"a":3}]}"#, "data"),
            (#" { "m" : 1 , "d" : { "n" : null , "items" : [ {"a":1} , {"a":2} ] , "o" : [ ] } , "p" : "q" } "#, "d.items"),
            (#"{"a.b":[{"a":1},{"a":2}]}"#, "/a.b"), (#"{"d\u0061ta":[{"a":1},{"a":2}]}"#, "data"), (#"[{"a":1},{"a":2}]"#, ""),
        ])
    func paths(text: String, path: String) throws {
        let keys = path.isEmpty ? [] : JSONLayout.path(path)
        #expect(try Self.everyCut(text, path: keys).1.rows == Self.two)
    }

    @Test(
        "a path that leads nowhere, and a document that is damaged around its rows, are refused by code",
        arguments: [
            (#"{"data":{}}"#, "json.bad_path"), (#"{"other":[]}"#, "json.bad_path"), (#"{}"#, "json.bad_path"),
            (#"{"data":1}"#, "json.bad_path"),
            (#"[]"#, "json.malformed"), (#"{"data":[{"a":1}]"#, "json.malformed"), (#"{"data":[{"a":1}}"#, "json.malformed"),
            (#"{"data":[{"a":1}],}"#, "json.malformed"), (#"{"data":[{"a":1}]} x"#, "json.malformed"),
            (#"{"data":[{"a":1}]}{}"#, "json.malformed"),
            (#"{"data":[{"a":1},]}"#, "json.malformed"), (#"{"x":[1,],"data":[]}"#, "json.malformed"), (#"{"data":"#, "json.malformed"),
        ])
    func badPaths(text: String, code: String) throws {
        for chunkBytes in [1, 3, 1 << 20] {
            let error = #expect(throws: TabularError.self) {
                let reader = try JSONReader(
                    source: TextSource(text.utf8), schema: Schema([Column(name: "a", type: .int64)]), layout: .array(path: ["data"]),
                    chunkBytes: chunkBytes)
                while try reader.next() != nil {}
            }
            #expect(error?.code == code)
        }
    }

    @Test(
        "nested objects become dotted columns, whose nulls and absence are one; what is of several kinds is kept as JSON",
        arguments: [
            (#"{"a":{"b":1,"c":{"d":"x"}}}"#, ["a.b:int64", "a.c.d:text"], [["1", "x"]]),
            (#"{"a":{"b":1}}"# + "\n" + #"{"a":null}"# + "\n{}", ["a.b:int64?"], [["1"], [nil], [nil]]),
            (#"{"a":{"b":1}}"# + "\n" + #"{"a":2}"#, ["a:json"], [[#"{"b":1}"#], ["2"]]),
            (#"{"a":{}}"#, ["a:json"], [["{}"]]), (#"{"a":[{"b":1}]}"#, ["a:json"], [[#"[{"b":1}]"#]]),
            (#"{"a.b":1,"a":{"b":2}}"#, ["a.b:int64", "a.b_2:int64"], [["1", "2"]]),
            (
                #"{"a":{"b":{"c":1},"d":2}}"# + "\n" + #"{"a":{"d":3,"b":[]}}"#, ["a.b:json", "a.d:int64"],
                [[#"{"c":1}"#, "2"], ["[]", "3"]]
            ),
        ] as [(String, [String], [[String?]])])
    func nested(text: String, columns: [String], rows: [[String?]]) throws {
        let found = try Self.everyCut(text)
        #expect(found.0 == columns)
        #expect(found.1.rows == rows)
        #expect(found.1.rejects == [])
    }

    @Test("nested objects are kept as JSON where that is asked for")
    func keptNested() throws {
        let found = try Self.everyCut(#"{"a":{"b": 1},"c":2}"#, keepsNested: true)
        #expect(found.0 == ["a:json", "c:int64"])
        #expect(found.1.rows == [[#"{"b": 1}"#, "2"]])
    }

    @Test("an object with very many keys is a map, and kept as JSON; so is what lies very deep")
    func maps() throws {
        let map = "{" + (0..<1_001).map { "\"k\($0)\":1" }.joined(separator: ",") + "}"
        #expect(try Self.read(Array("{\"a\":\(map)}".utf8)).columns == ["a:json"])
        let deep = String(repeating: "{\"a\":", count: 100) + "1" + String(repeating: "}", count: 100)
        let found = try Self.read(Array(deep.utf8))
        #expect(found.columns == [Array(repeating: "a", count: 33).joined(separator: ".") + ":json"])
        #expect(found.reading.rejects == [])
    }

    @Test(
        "records that are no objects are the values of one column",
        arguments: [
            ("[1,2]", ["value:int64"], [["1"], ["2"]]), ("[\"x\",null]", ["value:text?"], [["x"], [nil]]), ("3", ["value:int64"], [["3"]]),
            ("[null,1,\"1\",{}]", ["value:json"], [["null"], ["1"], [#""1""#], ["{}"]]),
            ("[1]\n[2]\n", ["value:json"], [["[1]"], ["[2]"]]),
            ("{}", ["value:json"], [["{}"]]), ("[]", ["value:json"], []), ("\"a\"\n\"b\"", ["value:text"], [["a"], ["b"]]),
        ] as [(String, [String], [[String?]])])
    func values(text: String, columns: [String], rows: [[String?]]) throws {
        let found = try Self.everyCut(text)
        #expect(found.0 == columns)
        #expect(found.1.rows == rows)
        #expect(found.1.rejects == [])
    }

    @Test("numbers keep their digits")
    func digits() throws {
        let text = #"{"id":1234567890123456789,"d":0.1,"n":-0.10,"big":123456789012345678901234567890}"#
        let found = try Self.read(Array(text.utf8))
        #expect(found.columns == ["id:int64", "d:decimal(1,1)", "n:decimal(2,2)", "big:decimal(30,0)"])
        #expect(found.reading.rows == [["1234567890123456789", "0.1", "-0.10", "123456789012345678901234567890"]])
    }

    @Test(
        "in one document an element that is no row is a reject, and what is no JSON ends the reading with its place",
        arguments: [
            (#"[{"a":1},2,{"a":3}]"#, ["2 1 9 - json.not_an_object"], nil), (#"[{"a":1},{"a":"x"}]"#, ["2 1 9 a value.bad_integer"], nil),
            (#"[{"a":1},{"a":2,"a":3}]"#, ["2 1 9 a json.duplicate_key"], nil), ("[{\"a\":1},\n{\"a\":2]", [], "json.malformed"),
            (#"[{"a":1},{"a":"x",}]"#, [], "json.malformed"), ("[{\"a\":1}\n{\"a\":2}]", [], "json.malformed"),
            (#"[{"a":1}]]"#, [], "json.malformed"),
            (#"[{"a":1},]"#, [], "json.malformed"), (#"[{"a":1}"#, [], "json.malformed"), (#"[,{"a":1}]"#, [], "json.malformed"),
        ] as [(String, [String], String?)])
    func documents(text: String, rejects: [String], code: String?) throws {
        for chunkBytes in 1...text.utf8.count + 1 {
            let reading = try Reading {
                try JSONReader(
                    source: TextSource(text.utf8), schema: Schema([Column(name: "a", type: .int64)]), layout: .array(path: []),
                    chunkBytes: chunkBytes)
            }
            #expect(reading.rejected == rejects)
            #expect(reading.error?.code == code)
            if text.contains("\n"), code != nil { #expect(reading.error?.message.hasPrefix("Line ") == true) }
        }
    }

    @Test("a record without an end is refused when it has grown beyond the limit")
    func recordTooLong() throws {
        let text = Array("{\"a\":\"".utf8) + [UInt8](repeating: 120, count: JSONWindow.maxRecordBytes + (2 << 20))
        let reading = try Reading { try JSONReader(source: TextSource(text), schema: Schema([Column(name: "a", type: .text)])) }
        #expect(reading.error?.code == "json.record_too_long")
    }

    @Test("what is written as an array, or as lines, reads back")
    func writing() throws {
        let schema = Schema([Column(name: "a.b", type: .int64), Column(name: "c", type: .text)])
        let vectors = [
            ColumnVector(type: .int64, values: .int64([1, 2]), valid: [true, false]),
            ColumnVector(type: .text, values: .bytes(ByteValues(offsets: [0, 1, 2], bytes: [120, 34])), valid: [true, true]),
        ]
        for isArray in [true, false] {
            for batches in 0...2 {
                let sink = TextSink()
                let writer = JSONWriter(sink: sink, schema: schema, isArray: isArray)
                for _ in 0..<batches { try writer.write(ColumnBatch(schema: schema, columns: vectors, recordNumbers: [1, 2])) }
                try writer.finish()
                if isArray { #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(sink.bytes)) } }
                let reading = try Reading {
                    try JSONReader(source: TextSource(sink.bytes), schema: schema, layout: isArray ? .array(path: []) : .lines)
                }
                #expect(reading.rows == (0..<batches).flatMap { _ in [["1", "x"], [nil, "\""]] })
            }
        }
    }

    private static let suite: [String] = {
        guard let shared = ProcessInfo.processInfo.environment["LANDFALL_SHARED"] else { return [] }
        let folder = "\(shared)/corpora/3-json/JSONTestSuite/test_parsing"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().map { "\(folder)/\($0)" }
    }()

    @Test(
        "JSONTestSuite as data: y files have columns, n files are refused, i files do no harm",
        .enabled(if: !suite.isEmpty, "needs LANDFALL_SHARED"))
    func jsonTestSuite() throws {
        var counts: [Character: Int] = [:]
        for path in Self.suite {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            let text = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            let found = try? Self.read(text, chunkBytes: 7)
            let isTaken = found != nil && found?.reading.error == nil
            // A key that stands twice is good JSON, and no row.
            let isRead = isTaken && found?.reading.rejects.allSatisfy { $0.code == "json.duplicate_key" } == true
            if name.hasPrefix("y_") { #expect(isRead, "\(name)") }
            if name.hasPrefix("n_") { #expect(!isTaken, "\(name)") }
            counts[name.first ?? "?", default: 0] += 1
        }
        #expect(counts["y", default: 0] > 50 && counts["n", default: 0] > 100)
    }
}
