/// How the characters of a text are spelled in bytes.
package struct TextEncoding: Hashable, Sendable {
    /// As iconv knows it, lower case: `utf-8`, `utf-16le`, `windows-1252`, …
    package var name: String
    /// Why it was taken for this: `declared`, or what was seen.
    package var reason: String

    package var isUTF8: Bool { ["utf-8", "utf8", "us-ascii", "ascii"].contains(name) }

    /// The encoding that a person has named. Throws `encoding.unknown` for a name that iconv does not know.
    package init(named text: String) throws(TabularError) {
        let lower = text.lowercased()
        name = Self.aliases[lower] ?? lower
        reason = "declared"
        let isName = !name.isEmpty && name.utf8.count <= Self.maxNameBytes && name.utf8.allSatisfy(Self.isNameByte)
        guard isUTF8 || (isName && Iconv(from: name) != nil) else {
            throw TabularError(
                "encoding.unknown",
                "There is no encoding \(shown(Array(text.utf8))). Names are those of iconv (iconv -l lists them), for example utf-8, "
                    + "utf-16, windows-1252, iso-8859-15, shift_jis.")
        }
    }

    private init(_ name: String, _ reason: String) {
        self.name = name
        self.reason = reason
    }

    private static let maxNameBytes = 40

    /// iconv takes more than a name: what follows `//` changes how it converts.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte) || "-_.:".utf8.contains(byte)
    }

    private static let aliases = [
        "utf8": "utf-8", "latin1": "iso-8859-1", "latin-1": "iso-8859-1", "cp1252": "windows-1252", "ansi": "windows-1252",
        "utf16": "utf-16", "utf32": "utf-32", "utf-16-le": "utf-16le", "utf-16-be": "utf-16be",
    ]

    // MARK: Detection

    /// Finds the encoding from the beginning of a text. By a byte order mark; by where zero bytes stand; as Windows-1252
    /// where the text is not UTF-8 and every byte of it makes sense so. What is none of these is taken for UTF-8, whose
    /// errors are found, and named, value by value.
    /// `guesses` allows the last of these.
    package init(detecting start: [UInt8], guesses: Bool = true) {
        if let (_, name) = Self.marks.first(where: { start.starts(with: $0.0) }) {
            self.init(name, "the file begins with its byte order mark")
        } else if let name = Self.wide(start) {
            self.init(name, "the file has no byte order mark; zero bytes stand where this encoding has them")
        } else if guesses, Self.isPlausibleWindows1252(start) {
            self.init(
                "windows-1252",
                "the file is not UTF-8, and its bytes above 127 make sense in Windows-1252; declare the encoding if it is another")
        } else {
            self.init("utf-8", "")
        }
    }

    /// How much of a text is looked at.
    package static let sampleBytes = 64 << 10

    private static let marks: [([UInt8], String)] = [
        ([0xEF, 0xBB, 0xBF], "utf-8"), ([0xFF, 0xFE, 0, 0], "utf-32le"), ([0, 0, 0xFE, 0xFF], "utf-32be"), ([0xFF, 0xFE], "utf-16le"),
        ([0xFE, 0xFF], "utf-16be"),
    ]

    /// UTF-16 or UTF-32 of mostly Latin text: nearly all zero bytes stand in the same places of each unit.
    private static func wide(_ start: [UInt8]) -> String? {
        let count = start.count & ~3
        guard count >= 4, start.contains(0) else { return nil }
        var zeros = [0, 0, 0, 0]
        for at in 0..<count where start[at] == 0 { zeros[at & 3] += 1 }
        let units = count / 4
        func many(_ places: Int...) -> Bool { places.allSatisfy { zeros[$0] * 10 >= units * 8 } }
        func few(_ places: Int...) -> Bool { places.allSatisfy { zeros[$0] * 50 <= units } }
        if many(1, 2, 3), few(0) { return "utf-32le" }
        if many(0, 1, 2), few(3) { return "utf-32be" }
        func some(_ first: Int, _ second: Int) -> Bool { (zeros[first] + zeros[second]) * 10 >= units * 8 }
        if some(1, 3), few(0, 2) { return "utf-16le" }
        if some(0, 2), few(1, 3) { return "utf-16be" }
        return nil
    }

    /// Whether a text that is not UTF-8 reads well as Windows-1252: it has no UTF-8 at all, every byte above 127 is a
    /// character, those between letters are letters, and they are few among the letters, as in western languages.
    private static func isPlausibleWindows1252(_ start: [UInt8]) -> Bool {
        guard start.contains(where: { $0 >= 0x80 }), !start.contains(0) else { return false }
        var letters = 0
        var high = 0
        var at = 0
        while at < start.count {
            let byte = start[at]
            guard byte >= 0x80 else {
                if isLetter(byte) { letters += 1 }
                at += 1
                continue
            }
            let length = sequenceLength(start, at)
            // A character of UTF-8 in two or more bytes hardly ever comes about by chance.
            if length > 1 { return false }
            if length == 0, at + 3 >= start.count, start.count >= sampleBytes { break }
            guard !undefined.contains(byte) else { return false }
            let before = at > 0 ? start[at - 1] : 32
            let after = at + 1 < start.count ? start[at + 1] : 32
            if isLetter(before), isLetter(after), !isHighLetter(byte), !betweenLetters.contains(byte) { return false }
            high += 1
            at += 1
        }
        return high > 0 && high * 4 <= letters + 4
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 97 && byte | 0x20 <= 122 }

    /// What Windows-1252 has no character for, and ÿ and þ, which are rarer than binary data.
    private static let undefined: Set<UInt8> = [0x81, 0x8D, 0x8F, 0x90, 0x9D, 0xFE, 0xFF]
    /// Apostrophes, dashes and the soft hyphen.
    private static let betweenLetters: Set<UInt8> = [0x91, 0x92, 0x96, 0x97, 0xAD, 0xB7]

    private static func isHighLetter(_ byte: UInt8) -> Bool {
        (byte >= 0xC0 && byte != 0xD7 && byte != 0xF7) || [0x8A, 0x8C, 0x8E, 0x9A, 0x9C, 0x9E, 0x9F].contains(byte)
    }

    /// The length of the well-formed UTF-8 character at a place; 0 for none.
    private static func sequenceLength(_ text: [UInt8], _ at: Int) -> Int {
        let end = min(text.count, at + 4)
        return text[at..<end].withUnsafeBufferPointer { bytes in
            let invalid = UTF8Check.firstInvalid(bytes) ?? bytes.count
            if invalid == 0 { return 0 }
            return bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : 2
        }
    }
}
