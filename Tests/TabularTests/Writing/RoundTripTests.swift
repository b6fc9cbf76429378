import Columns
import Testing

@testable import Tabular

@Suite("Writing and reading again")
struct RoundTripTests {
    @Test("random batches of all types come back from CSV", arguments: [UInt8(ascii: ","), UInt8(ascii: ";"), 9, UInt8(ascii: "|")], 0..<4)
    func csv(delimiter: UInt8, seed: UInt64) throws {
        let batches = Self.batches(seed)
        let sink = TextSink()
        let writer = try CSVWriter(sink: sink, schema: SampleColumns.schema, delimiter: delimiter)
        for batch in batches { try writer.write(batch) }
        try writer.finish()
        #expect(sink.isFinished)
        let columns = SampleColumns.schema.columns
        for exactScanOnly in [false, true] {
            let mapping = FieldMapping(columns: columns, fields: Array(columns.indices), fieldNames: columns.map(\.name))
            let reader = try CSVReader(
                source: TextSource(sink.bytes, pieceBytes: 999), dialect: Dialect(delimiter: delimiter), mapping: mapping, chunkBytes: 4096,
                exactScanOnly: exactScanOnly)
            try Self.expectSame(reader, as: batches, "seed \(seed)")
        }
        let inspector = CSVInspector(hints: DialectHints(delimiter: delimiter, header: true)) { TextSource(sink.bytes) }
        // NUL bytes are text to the reader, but no file with them is guessed to be CSV.
        if !sink.bytes.contains(0) { #expect(try inspector.head().names == columns.map(\.name)) }
    }

    @Test("random batches of all types come back from JSON lines", arguments: 0..<8)
    func jsonLines(_ seed: UInt64) throws {
        let batches = Self.batches(seed)
        let sink = TextSink()
        let writer = JSONWriter(sink: sink, schema: SampleColumns.schema)
        for batch in batches { try writer.write(batch) }
        try writer.finish()
        #expect(sink.isFinished)
        #expect(sink.bytes.count { $0 == 10 } == batches.reduce(0) { $0 + $1.rowCount })
        let reader = try JSONReader(source: TextSource(sink.bytes, pieceBytes: 999), schema: SampleColumns.schema, chunkBytes: 4096)
        try Self.expectSame(reader, as: batches, "seed \(seed)")
    }

    @Test(
        "one column of nulls and empty texts comes back from CSV",
        arguments: [[nil], [""], [nil, "", nil], ["", "a", nil, nil], [nil, nil]] as [[String?]])
    func oneColumn(_ values: [String?]) throws {
        var bytes = ByteValues()
        for value in values { bytes.append(value ?? "") }
        let schema = Schema([Column(name: "a", type: .text)])
        let batch = ColumnBatch(
            schema: schema, columns: [ColumnVector(type: .text, values: .bytes(bytes), valid: values.map { $0 != nil })],
            recordNumbers: Array(1...Int64(values.count)))
        let sink = TextSink()
        try CSVWriter(sink: sink, schema: schema).write(batch)
        #expect(try CSVPaths.whole(sink.bytes, Dialect(), schema.columns).rows == values.map { [$0] })
    }

    @Test(
        "JSON of a CSV cell comes back from JSON lines, whatever stands around it",
        arguments: ["{}", " {}", "\t{}", "\"{}\n\"", "\"\r\n[1,\n2]\r\n\"", "1 "])
    func json(_ cell: String) throws {
        let columns = [Column(name: "a", type: .json), Column(name: "b", type: .text)]
        let mapping = FieldMapping(columns: columns, fields: [0, 1], fieldNames: ["a", "b"])
        let reader = try CSVReader(source: TextSource("a,b\n\(cell),x\n".utf8), dialect: Dialect(), mapping: mapping)
        let batch = try #require(try reader.next()).batch
        let sink = TextSink()
        try JSONWriter(sink: sink, schema: reader.schema).write(batch)
        let again = try #require(try JSONReader(source: TextSource(sink.bytes), schema: reader.schema).next()).batch
        #expect(batch.rowCount == 1)
        #expect(Self.digest([again]) == Self.digest([batch]))
    }

    @Test("CSV is spelled as RFC 4180 has it")
    func csvText() throws {
        let sink = TextSink()
        let schema = Schema([Column(name: "a \"b\"", type: .text), Column(name: "c,d", type: .int64), Column(name: "e", type: .bool)])
        var texts = ByteValues()
        for text in ["x", "", "a,b", "say \"hi\"", "two\nlines", " blank", "\r", "tab\t"] { texts.append(text) }
        let valid = [true, true, true, true, true, true, true, true]
        try CSVWriter(sink: sink, schema: schema).write(
            ColumnBatch(
                schema: schema,
                columns: [
                    ColumnVector(type: .text, values: .bytes(texts), valid: valid),
                    ColumnVector(type: .int64, values: .int64([1, -2, 3, 4, 5, 6, 7, 0]), valid: valid.dropLast() + [false]),
                    ColumnVector(type: .bool, values: .int64([1, 0, 1, 1, 1, 1, 1, 0]), valid: valid.dropLast() + [false]),
                ], recordNumbers: Array(1...8)))
        #expect(
            sink.text
                == "\"a \"\"b\"\"\",\"c,d\",e\nx,1,true\n\"\",-2,false\n\"a,b\",3,true\n\"say \"\"hi\"\"\",4,true\n\"two\nlines\",5,true\n\" blank\",6,true\n\"\r\",7,true\ntab\t,,\n"
        )
    }

    @Test("JSON lines keep digits, and spell what JSON lacks as strings")
    func jsonText() throws {
        let sink = TextSink()
        let types: [ColumnType] = [.int64, .decimal(precision: 5, scale: 2), .float64, .float64, .text, .bytes, .date, .bool, .json, .text]
        let schema = Schema(types.enumerated().map { Column(name: $0.offset == 0 ? "a\"\n" : "c\($0.offset)", type: $0.element) })
        func one(_ type: ColumnType, _ values: ColumnValues, _ valid: Bool = true) -> ColumnVector {
            ColumnVector(type: type, values: values, valid: [valid])
        }
        func bytes(_ text: String) -> ColumnValues {
            var values = ByteValues()
            values.append(text)
            return .bytes(values)
        }
        try JSONWriter(sink: sink, schema: schema).write(
            ColumnBatch(
                schema: schema,
                columns: [
                    one(types[0], .int64([.min])), one(types[1], .int64([-150])), one(.float64, .float64([0.1])),
                    one(.float64, .float64([.nan])), one(.text, bytes("\"\\\u{1}\u{1F}\té/")),
                    one(.bytes, bytes("a")), one(.date, .int64([0])), one(.bool, .int64([0])), one(.json, bytes("[1,\n2]")),
                    one(.text, bytes(""), false),
                ], recordNumbers: [1]))
        #expect(
            sink.text
                == #"{"a\"\n":-9223372036854775808,"c1":-1.50,"c2":0.1,"c3":"NaN","c4":"\"\\\u0001\u001f\té/","c5":"\\x61","c6":"1970-01-01","c7":false,"c8":[1, 2],"c9":null}"#
                + "\n")
    }

    private static func batches(_ seed: UInt64) -> [ColumnBatch] {
        var random = Seeded(seed)
        var batches: [ColumnBatch] = []
        var first: Int64 = 1
        for rows in [random.below(40), 0, 1 + random.below(100), 1] {
            batches.append(SampleColumns.batch(rows: rows, from: first, &random))
            first += Int64(rows)
        }
        return batches
    }

    private static func digest(_ batches: [ColumnBatch]) -> DataDigest {
        var digest = DataDigest(columnCount: batches.first?.columns.count ?? 0)
        for batch in batches { digest.add(batch) }
        return digest
    }

    private static func expectSame(_ source: any BatchSource, as batches: [ColumnBatch], _ comment: Comment) throws {
        var found: [ColumnBatch] = []
        while let result = try source.next() {
            #expect(result.rejects == [], comment)
            found.append(result.batch)
        }
        #expect(found.flatMap(\.recordNumbers) == batches.flatMap(\.recordNumbers), comment)
        func texts(_ batches: [ColumnBatch], _ column: Int) -> [String?] {
            // JSON lines cannot keep line ends between JSON tokens.
            batches.flatMap { batch in (0..<batch.rowCount).map { batch.columns[column].text(row: $0)?.replacing("\n", with: " ") } }
        }
        for column in SampleColumns.types.indices {
            #expect(texts(found, column) == texts(batches, column), comment)
        }
        #expect(digest(found) == digest(batches), comment)
    }
}
