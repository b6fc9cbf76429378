import Columns
import Testing

@testable import Tabular

@Suite("Places in files of other encodings")
struct OriginalOffsetsTests {
    private static let records = ["id,note\n", "1,é\n", "x,é\n", "2,ü\n", "\n", "3\n", "4,\"é\né\"\n", "y,é"]

    /// The records in an encoding, with what stands before them.
    private static func encoded(_ encoding: String, mark: [UInt8]) -> [[UInt8]] {
        let wide = encoding.hasPrefix("utf-16") || encoding.hasPrefix("utf-32")
        var records = Self.records
        // Characters beyond the basic plane, where the encoding has them.
        if wide { records = records.map { $0.replacing("ü", with: "😀") } }
        return [mark]
            + records.map { record in
                record.unicodeScalars.flatMap { scalar -> [UInt8] in
                    switch encoding {
                    case "utf-16le", "utf-16": String(scalar).utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
                    case "utf-16be": String(scalar).utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
                    case "utf-32le": (0..<4).map { UInt8(scalar.value >> (8 * $0) & 0xFF) }
                    case "shift_jis": scalar.isASCII ? [UInt8(scalar.value)] : [0x82, 0xA0]
                    case "utf-8": Array(String(scalar).utf8)
                    default: [UInt8(scalar.value)]
                    }
                }
            }
    }

    private static func rejects(_ text: [UInt8], _ encoding: String, chunkBytes: Int, threads: Int, replaces: Bool) throws -> [Reject] {
        let columns = [Column(name: "id", type: .int64), Column(name: "note", type: .text)]
        let mapping = FieldMapping(columns: columns, fields: [0, 1], fieldNames: ["id", "note"])
        let reading = try Reading {
            let source = try TranscodedByteSource(
                TextSource(text, pieceBytes: 7), encoding: TextEncoding(named: encoding), replacesInvalid: replaces)
            return try CSVReader(source: source, dialect: Dialect(), mapping: mapping, threads: threads, chunkBytes: chunkBytes)
        }
        #expect(reading.error == nil)
        #expect(reading.numbers == [1, 3, 5])
        return reading.rejects
    }

    @Test(
        "a reject's offset is that of its record in the file",
        arguments: [
            ("utf-16le", [0xFF, 0xFE]), ("utf-16le", []), ("utf-16be", [0xFE, 0xFF]), ("utf-16", [0xFF, 0xFE]), ("utf-32le", []),
            ("utf-32le", [0xFF, 0xFE, 0, 0]), ("windows-1252", []), ("iso-8859-15", []), ("iso-8859-1", []),
        ] as [(String, [UInt8])], [false, true])
    func exact(_ example: (encoding: String, mark: [UInt8]), replaces: Bool) throws {
        let parts = Self.encoded(example.encoding, mark: example.mark)
        let starts = parts.indices.map { part in Int64(parts[..<part].joined().count) }
        for (chunkBytes, threads) in [(1, 1), (2, 3), (9, 2), (1 << 20, 1)] {
            let rejects = try Self.rejects(
                Array(parts.joined()), example.encoding, chunkBytes: chunkBytes, threads: threads, replaces: replaces)
            #expect(rejects.map(\.byte) == [starts[3], starts[6], starts[8]])
            #expect(rejects.map(\.line) == [3, 6, 9])
        }
    }

    @Test("it is not known where characters differ in length, or something was put in", arguments: ["shift_jis", "utf-8"])
    func unknown(_ encoding: String) throws {
        let text = Array(Self.encoded(encoding, mark: []).joined())
        let rejects = try Self.rejects(text, encoding, chunkBytes: 9, threads: 1, replaces: true)
        #expect(rejects.map(\.byte) == [nil, nil, nil])
        #expect(rejects.map(\.location) == ["line 3, column \"id\"", "line 6", "line 9, column \"id\""])
    }

    @Test(
        "encodings of one byte a character are told from the others",
        arguments: [
            ("windows-1252", true), ("iso-8859-1", true), ("koi8-r", true), ("cp437", true), ("us-ascii", true), ("macintosh", true),
            ("shift_jis", false), ("gb18030", false), ("big5", false), ("euc-jp", false), ("iso-2022-jp", false), ("utf-7", false),
            ("utf-8", false), ("utf-16", false),
        ])
    func singleBytes(_ encoding: String, _ isSingle: Bool) {
        #expect(Iconv.isSingleByte(encoding) == isSingle)
    }

    @Test("fixed-width text has no offsets")
    func fixedWidth() throws {
        let layout = try FixedWidthLayout("id:1-3,note:4-6")
        let source = FixedWidthByteSource(TextSource("1  abc\n2  abcdef\n".utf8), layout: layout)
        let mapping = FieldMapping(
            columns: [Column(name: "id", type: .int64), Column(name: "note", type: .text)], fields: [0, 1], fieldNames: ["id", "note"])
        var dialect = Dialect(delimiter: FixedWidthLayout.delimiter, quote: nil, escape: nil, header: false)
        dialect.fit.fewestFields = 1
        let reading = try Reading { try CSVReader(source: source, dialect: dialect, mapping: mapping) }
        #expect(reading.rejects.map(\.byte) == [nil])
        #expect(reading.rejects.map(\.line) == [2])
    }
}
