import Columns
import Testing

@testable import SQL

@Suite("COPY text")
struct CopyTextTests {
    @Test(
        "numbers, truth values and moments are written as PostgreSQL reads them",
        arguments: [
            (.bool, 1, "t"), (.bool, 0, "f"), (.int16, -32768, "-32768"), (.int64, .min, "-9223372036854775808"),
            (.int64, .max, "9223372036854775807"), (.int32, 0, "0"), (.int32, 10, "10"), (.int32, 99, "99"),
            (.int32, 100, "100"), (.decimal(precision: 12, scale: 2), 1250, "12.50"),
            (.decimal(precision: 12, scale: 2), -5, "-0.05"),
            (.decimal(precision: 18, scale: 18), 1, "0.000000000000000001"),
            (.decimal(precision: 5, scale: 0), -7, "-7"), (.date, 0, "1970-01-01"), (.date, 20_484, "2026-01-31"),
            (.date, -719528, "0001-01-01 BC"), (.date, -719_162, "0001-01-01"), (.date, -735160, "0044-03-15 BC"),
            (.date, 2_932_897, "10000-01-01"), (.date, -2_440_588, "4714-11-24 BC"),
            (.date, 2_145_042_905, "5874897-12-31"),
            (.time, 0, "00:00:00"), (.time, 86_399_999_999, "23:59:59.999999"), (.time, 250_000, "00:00:00.250000"),
            (.timestamp, 0, "1970-01-01 00:00:00"), (.timestamp, -1, "1969-12-31 23:59:59.999999"),
            (.timestamp, -62_135_596_800_000_001, "0001-12-31 23:59:59.999999 BC"),
            (.timestamptz, 1_769_864_709_250_000, "2026-01-31 13:05:09.250000+00"),
            (.timestamptz, -62_167_219_200_000_001, "0002-12-31 23:59:59.999999+00 BC"),
        ] as [(ColumnType, Int64, String)])
    func integers(type: ColumnType, value: Int64, expected: String) throws {
        #expect(try copyText([ColumnVector(type: type, values: .int64([value]), valid: [true])]) == expected + "\n")
    }

    @Test(
        "wide decimals keep every digit",
        arguments: [
            ("0", 38, 10, "0.0000000000"), ("1", 38, 38, "0.00000000000000000000000000000000000001"),
            ("99999999999999999999999999999999999999", 38, 0, "99999999999999999999999999999999999999"),
            ("-99999999999999999999999999999999999999", 38, 38, "-0.99999999999999999999999999999999999999"),
            ("10000000000000000000", 20, 2, "100000000000000000.00"), ("-123", 20, 5, "-0.00123"),
        ])
    func wideDecimals(unscaled: String, precision: Int, scale: Int, expected: String) throws {
        let value = try #require(Int128(unscaled))
        let type = ColumnType.decimal(precision: precision, scale: scale)
        #expect(try copyText([ColumnVector(type: type, values: .int128([value]), valid: [true])]) == expected + "\n")
    }

    @Test("floats read back as the same value")
    func floats() throws {
        var random = SeededRandom(seed: 7)
        var values: [Double] = [
            0, -0.0, 1, -1, 0.1, 12.5, 1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .pi, 1e15, 1e16,
            123_456.789, 1e-7, 0.000001,
            999_999_999_999.99, -0.05, 1e12, 2.675,
        ]
        for _ in 0..<20_000 {
            values.append(Double(Int64.random(in: -1_000_000_000...1_000_000_000, using: &random)) / 1000)
        }
        for _ in 0..<20_000 { values.append(Double(bitPattern: .random(in: 0...UInt64.max, using: &random))) }
        values = values.filter(\.isFinite)
        let lines = try copyText(
            [ColumnVector(type: .float64, values: .float64(values), valid: values.map { _ in true })]
        ).split(separator: "\n")
        for (value, line) in zip(values, lines) {
            #expect(Double(line)?.bitPattern == value.bitPattern, "\(value) became \(line)")
        }
        let singles = values.map { Double(Float($0)) }.filter(\.isFinite)
        let singleLines = try copyText(
            [ColumnVector(type: .float32, values: .float64(singles), valid: singles.map { _ in true })]
        ).split(separator: "\n")
        for (value, line) in zip(singles, singleLines) {
            #expect(Float(line)?.bitPattern == Float(value).bitPattern, "\(value) became \(line)")
        }
    }

    @Test("what is no number has PostgreSQL's names")
    func specialFloats() throws {
        let values: [Double] = [.nan, .infinity, -.infinity]
        #expect(
            try copyText([ColumnVector(type: .float64, values: .float64(values), valid: [true, true, true])])
                == "NaN\nInfinity\n-Infinity\n")
    }

    @Test(
        "text is escaped where COPY asks for it",
        arguments: [
            ("plain", "plain"), ("", ""), ("a\tb", "a\\tb"), ("a\nb", "a\\nb"), ("a\r\nb", "a\\r\\nb"), ("\\", "\\\\"),
            ("\\.", "\\\\."), ("\\N", "\\\\N"), ("\u{8}\u{B}\u{C}", "\\b\\v\\f"),
            ("\u{1}\u{7}\u{E}", "\u{1}\u{7}\u{E}"),
            ("ünï😀", "ünï😀"), ("'\"$$;--", "'\"$$;--"), ("0123456789abcdef0\t", "0123456789abcdef0\\t"),
        ])
    func text(value: String, expected: String) throws {
        #expect(try copyText([texts([value])]) == expected + "\n")
        // The same value where a null and a value to escape stand beside it.
        #expect(try copyText([texts([nil, value, "\t"])]) == "\\N\n\(expected)\n\\t\n")
        #expect(try copyText([texts([nil, value])]) == "\\N\n\(expected)\n")
    }

    @Test("bytes are hexadecimal and UUIDs have hyphens")
    func bytes() throws {
        let blob = ColumnVector(type: .bytes, values: .bytes(byteValues([[0, 0xFF, 0x5C], []])), valid: [true, true])
        let uuid = ColumnVector(
            type: .uuid, values: .bytes(byteValues([Array(0..<16), Array(240...255)])), valid: [true, true])
        #expect(
            try copyText([blob, uuid]) == "\\\\x00ff5c\t00010203-0405-0607-0809-0a0b0c0d0e0f\n"
                + "\\\\x\tf0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff\n")
    }

    @Test("constants and the record number follow the columns")
    func lineage() throws {
        let text = try copyText([texts(["a", nil])], constants: ["load 1", "s3://b/k\t#v"], numbers: [7, 9])
        #expect(text == "a\tload 1\ts3://b/k\\t#v\t7\n\\N\tload 1\ts3://b/k\\t#v\t9\n")
    }

    @Test("any batch comes out as if it were written cell by cell", arguments: 0..<12)
    func randomBatches(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let rows = [0, 1, 1023, 1024, 1025, 3000][Int(seed % 6)]
        let nullShare = seed < 6 ? 0 : 4
        var columns: [ColumnVector] = []
        for type in [ColumnType.text, .int64, .text, .bytes, .text, .bool] {
            let valid = (0..<rows).map { _ in nullShare == 0 || Int.random(in: 0..<nullShare, using: &random) > 0 }
            let values: ColumnValues
            if type.storage == .int64 {
                values = .int64(valid.map { $0 ? .random(in: 0...(type == .bool ? 1 : 1 << 40), using: &random) : 0 })
            } else {
                let alphabet = columns.count == 2 ? Array("ab\t\\\n\r\u{1}é😀'".utf8) : Array("abc xyz".utf8)
                values = .bytes(
                    byteValues(
                        valid.map { isThere in
                            let length = isThere ? Int.random(in: 0...40, using: &random) : 0
                            return (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                            }
                        }))
            }
            columns.append(ColumnVector(type: type, values: values, valid: valid))
        }
        var expected: [UInt8] = []
        for row in 0..<rows {
            for (index, column) in columns.enumerated() {
                if index > 0 { expected.append(9) }
                expected += slowField(column, row)
            }
            expected += Array("\tL\t\(row + 1)\n".utf8)
        }
        let got = try copyBytes(columns, constants: ["L"], numbers: (0..<rows).map { Int64($0 + 1) })
        #expect(got == expected)
    }

    @Test("a large batch reaches the sink in pieces of about a megabyte")
    func pieces() throws {
        let row = String(repeating: "x", count: 1000)
        let column = texts(Array(repeating: row, count: 10_000))
        let batch = ColumnBatch(
            schema: Schema([Column(name: "a", type: .text)]), columns: [column], recordNumbers: Array(1...10_000))
        var sizes: [Int] = []
        try CopyTextEncoder(constants: [], writesRecordNumber: false).encode(batch) { sizes.append($0.count) }
        #expect(sizes.reduce(0, +) == 10_000 * 1001)
        #expect(sizes.allSatisfy { $0 < 3 << 20 })
        #expect(sizes.count > 3)
    }

    @Test("a value that PostgreSQL cannot hold is named by record and column")
    func unstorable() throws {
        let error = #expect(throws: SQLError.self) {
            try copyText([texts(["fine", "a\0b"])], numbers: [11, 12])
        }
        #expect(error?.code == "value.nul_byte")
        #expect(
            error?.message
                == "record 12, column \"c0\": The text contains a NUL character, which PostgreSQL cannot store.")
        #expect(
            "value.date_out_of_range"
                == codeThrown {
                    _ = try copyText([ColumnVector(type: .date, values: .int64([-2_440_589]), valid: [true])])
                })
        #expect(
            "value.bad_uuid"
                == codeThrown {
                    _ = try copyText([ColumnVector(type: .uuid, values: .bytes(byteValues([[1]])), valid: [true])])
                })
    }
}

// MARK: Making batches

func texts(_ values: [String?], type: ColumnType = .text) -> ColumnVector {
    ColumnVector(
        type: type, values: .bytes(byteValues(values.map { Array(($0 ?? "").utf8) })), valid: values.map { $0 != nil })
}

func byteValues(_ values: [[UInt8]]) -> ByteValues {
    var bytes = ByteValues()
    for value in values { bytes.append(value) }
    return bytes
}

private func copyBytes(_ columns: [ColumnVector], constants: [String], numbers: [Int64]) throws -> [UInt8] {
    let schema = Schema(columns.enumerated().map { Column(name: "c\($0)", type: $1.type) })
    let batch = ColumnBatch(schema: schema, columns: columns, recordNumbers: numbers)
    var out: [UInt8] = []
    try CopyTextEncoder(constants: constants, writesRecordNumber: !constants.isEmpty).encode(batch) {
        out.append(contentsOf: $0)
    }
    return out
}

private func copyText(
    _ columns: [ColumnVector], constants: [String] = [], numbers: [Int64]? = nil
) throws -> String {
    let count = columns.first?.count ?? 0
    let bytes = try copyBytes(columns, constants: constants, numbers: numbers ?? (0..<count).map { Int64($0 + 1) })
    return String(decoding: bytes, as: UTF8.self)
}

/// A field, the slow and obvious way.
private func slowField(_ column: ColumnVector, _ row: Int) -> [UInt8] {
    guard column.valid[row] else { return Array("\\N".utf8) }
    if column.type == .bool { return Array((column.text(row: row) == "true" ? "t" : "f").utf8) }
    var raw: [UInt8] = []
    column.appendText(row: row, to: &raw)
    let letters: [UInt8: Character] = [8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 92: "\\"]
    return raw.flatMap { byte in letters[byte].map { Array("\\\($0)".utf8) } ?? [byte] }
}

/// xorshift64*: the same numbers for the same seed everywhere.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
