import Compression
import Testing

@testable import Tabular

@Suite("Encodings of text")
struct TextEncodingTests {
    static func units16(_ text: String, bigEndian: Bool) -> [UInt8] {
        text.utf16.flatMap { bigEndian ? [UInt8($0 >> 8), UInt8($0 & 255)] : [UInt8($0 & 255), UInt8($0 >> 8)] }
    }

    static func units32(_ text: String, bigEndian: Bool) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar in
            let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: scalar.value >> UInt32($0)) }
            return bigEndian ? bytes : bytes.reversed()
        }
    }

    static let text = "name,città\r\nRené,Zürich\r\nΩ,🙂\r\n"

    @Test(
        "an encoding is known by its mark, by its zero bytes, or by making sense",
        arguments: [
            (Array(text.utf8), "utf-8"), ([0xEF, 0xBB, 0xBF] + Array(text.utf8), "utf-8"), (Array("a,b\n".utf8), "utf-8"), ([], "utf-8"),
            (units16("\u{FEFF}" + text, bigEndian: false), "utf-16le"), (units16("\u{FEFF}" + text, bigEndian: true), "utf-16be"),
            (units16(text, bigEndian: false), "utf-16le"), (units16(text, bigEndian: true), "utf-16be"),
            (units32("\u{FEFF}" + text, bigEndian: false), "utf-32le"), (units32("\u{FEFF}" + text, bigEndian: true), "utf-32be"),
            (units32(text, bigEndian: false), "utf-32le"), (units32(text, bigEndian: true), "utf-32be"),
            (Array("city,street\nZ\u{1}rich,Caf\u{2} Market\n".utf8).map { $0 == 1 ? 0xFC : $0 == 2 ? 0xE9 : $0 }, "windows-1252"),
            (Array("price\n\u{1}5 each\n".utf8).map { $0 == 1 ? 0x80 : $0 }, "windows-1252"),
            // UTF-8 with a broken value is UTF-8; bytes that are no letters between letters, or no characters, are no guess.
            (Array("é,a\u{1}b\n".utf8).map { $0 == 1 ? 0xE9 : $0 }, "utf-8"),
            (Array("a\u{1}b\n".utf8).map { $0 == 1 ? 0xB9 : $0 }, "utf-8"),
            (Array("a,\u{1}\n".utf8).map { $0 == 1 ? 0x81 : $0 }, "utf-8"), ([0xEF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2, 44, 97, 10], "utf-8"),
        ] as [([UInt8], String)])
    func detected(bytes: [UInt8], name: String) {
        #expect(TextEncoding(detecting: bytes).name == name)
    }

    @Test("nothing is guessed where guessing is not wanted")
    func unguessed() {
        #expect(TextEncoding(detecting: [97, 0xE9, 98], guesses: false).name == "utf-8")
        #expect(TextEncoding(detecting: [97, 0xE9, 98]).name == "windows-1252")
    }

    @Test(
        "names are those of iconv, in any case, with a few usual others",
        arguments: [
            ("UTF-8", "utf-8"), ("utf8", "utf-8"), ("latin1", "iso-8859-1"), ("CP1252", "windows-1252"), ("Shift_JIS", "shift_jis"),
            ("UTF-16", "utf-16"), ("gb18030", "gb18030"), ("iso-8859-15", "iso-8859-15"),
        ])
    func named(text: String, name: String) throws {
        let encoding = try TextEncoding(named: text)
        #expect(encoding.name == name)
        #expect(encoding.reason == "declared")
    }

    @Test("other names are refused", arguments: ["klingon", "", "latin1//TRANSLIT", "utf-8 ", "é"])
    func unknown(text: String) {
        let error = #expect(throws: TabularError.self) { try TextEncoding(named: text) }
        #expect(error?.code == "encoding.unknown")
    }

    private static func transcoded(_ bytes: [UInt8], _ name: String, pieceBytes: Int, replaces: Bool = false) throws -> [UInt8] {
        let source = try TranscodedByteSource(
            TextSource(bytes, pieceBytes: pieceBytes), encoding: try TextEncoding(named: name), replacesInvalid: replaces)
        var out: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 7)
        while true {
            let count = try piece.withUnsafeMutableBytes { try source.read(into: $0) }
            if count == 0 { return out }
            out += piece[..<count]
        }
    }

    @Test("a text comes out as UTF-8, however it is cut", arguments: [1, 2, 3, 5, 1000])
    func transcoding(pieceBytes: Int) throws {
        let long = String(repeating: Self.text, count: 5000)
        for (name, bytes) in [
            ("utf-16le", Self.units16(long, bigEndian: false)), ("utf-32be", Self.units32(long, bigEndian: true)),
            ("utf-8", Array(long.utf8)),
        ] {
            #expect(try Self.transcoded(bytes, name, pieceBytes: pieceBytes) == Array(long.utf8), "\(name)")
        }
        #expect(try Self.transcoded([0x80, 0xE9, 10], "windows-1252", pieceBytes: pieceBytes) == Array("€é\n".utf8))
        #expect(try Self.transcoded([0x93, 0xFA, 0x96, 0x7B], "shift_jis", pieceBytes: pieceBytes) == Array("日本".utf8))
    }

    @Test("a byte that is no character is an error that says where it stands, or is replaced")
    func invalid() throws {
        let bytes = Array("a,b\nc,".utf8) + [0x81] + Array("d\n".utf8)
        let error = #expect(throws: CompressionError.self) { try Self.transcoded(bytes, "windows-1252", pieceBytes: 3) }
        #expect(error?.code == "encoding.invalid")
        #expect(error?.message.hasPrefix("Line 2, byte 6 of the file: expected a character of windows-1252, found 0x81") ?? false)
        #expect(try Self.transcoded(bytes, "windows-1252", pieceBytes: 3, replaces: true) == Array("a,b\nc,\u{FFFD}d\n".utf8))
        #expect(try Self.transcoded([97, 0xFF, 98, 0xC3], "utf-8", pieceBytes: 1, replaces: true) == Array("a\u{FFFD}b\u{FFFD}".utf8))
        #expect(try Self.transcoded([97, 0, 98], "utf-16le", pieceBytes: 1, replaces: true) == Array("a\u{FFFD}".utf8))
    }
}
