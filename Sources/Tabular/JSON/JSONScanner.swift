import Columns

/// Walks over JSON text (RFC 8259) without building anything: where values begin and end, and what they are.
///
/// Strict: no comments, no trailing commas, no leading zeros; strings must be UTF-8 with valid escapes. Depth is
/// limited by ``maxDepth``.
struct JSONScanner {
    static let maxDepth = 512

    let text: UnsafeBufferPointer<UInt8>
    private(set) var at = 0
    /// What was expected at `at` when a scan failed.
    private(set) var expected = ""

    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    enum Kind {
        case null, bool, number, string, array, object
    }

    /// Whether the text is exactly one JSON value, blanks around it allowed.
    static func isOneValue(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var scanner = JSONScanner(text)
        return scanner.value() != nil && scanner.isAtEnd()
    }

    mutating func skipBlanks() {
        while at < text.count, text[at] == 32 || (text[at] >= 9 && text[at] <= 13 && text[at] != 11 && text[at] != 12) {
            at &+= 1
        }
    }

    mutating func isAtEnd() -> Bool {
        skipBlanks()
        if at == text.count { return true }
        expected = "the end of the line"
        return false
    }

    /// Takes a byte if it comes next, after blanks.
    mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard at < text.count, text[at] == byte else {
            expected = "'\(Character(Unicode.Scalar(byte)))'"
            return false
        }
        at &+= 1
        return true
    }

    /// Scans one value; its kind and its bytes (a string's with the quotes). Nil, and `expected`, where it is broken.
    mutating func value(depth: Int = 0) -> (kind: Kind, bytes: UnsafeBufferPointer<UInt8>)? {
        skipBlanks()
        guard at < text.count else { return fail("a value") }
        guard depth < Self.maxDepth else { return fail("at most \(Self.maxDepth) nested values") }
        let start = at
        let kind: Kind
        switch text[at] {
        case UInt8(ascii: "\""):
            guard string() else { return nil }
            kind = .string
        case UInt8(ascii: "{"):
            guard object(depth) else { return nil }
            kind = .object
        case UInt8(ascii: "["):
            guard array(depth) else { return nil }
            kind = .array
        case UInt8(ascii: "t"):
            guard word("true") else { return nil }
            kind = .bool
        case UInt8(ascii: "f"):
            guard word("false") else { return nil }
            kind = .bool
        case UInt8(ascii: "n"):
            guard word("null") else { return nil }
            kind = .null
        default:
            guard number() else { return nil }
            kind = .number
        }
        return (kind, UnsafeBufferPointer(rebasing: text[start..<at]))
    }

    private mutating func fail<T>(_ expected: String) -> T? {
        self.expected = expected
        return nil
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        for i in 0..<count where at + i >= text.count || text[at + i] != word.utf8Start[i] {
            expected = "\(word)"
            return false
        }
        at += count
        return true
    }

    private mutating func digits() -> Bool {
        let start = at
        while at < text.count, text[at] &- 48 < 10 { at &+= 1 }
        if at == start { expected = "a digit" }
        return at > start
    }

    private mutating func number() -> Bool {
        let start = at
        if text[at] == UInt8(ascii: "-") { at += 1 }
        let whole = at
        guard digits() else {
            if at == start { expected = "a value" }
            return false
        }
        if text[whole] == 48, at > whole + 1 {
            at = whole + 1
            expected = "no digit after a leading zero"
            return false
        }
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            guard digits() else { return false }
        }
        if at < text.count, text[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < text.count, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") { at += 1 }
            guard digits() else { return false }
        }
        return true
    }

    /// Scans a string, `at` standing on its opening quote.
    mutating func string() -> Bool {
        at &+= 1
        let start = at
        var high: UInt8 = 0
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "\"") {
                if high >= 0x80, !UTF8Check.isValid(UnsafeBufferPointer(rebasing: text[start..<at])) {
                    expected = "UTF-8"
                    at = start
                    return false
                }
                at &+= 1
                return true
            }
            if byte < 0x20 {
                expected = "no control character within a string"
                return false
            }
            high |= byte
            at &+= 1
            if byte == UInt8(ascii: "\\"), !escape() { return false }
        }
        expected = "a closing quote"
        return false
    }

    private mutating func escape() -> Bool {
        guard at < text.count else {
            expected = "an escape"
            return false
        }
        let byte = text[at]
        at &+= 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard at < text.count, CellParsing.hexDigit(text[at]) != nil else {
                    expected = "four hexadecimal digits"
                    return false
                }
                at &+= 1
            }
            return true
        default:
            at &-= 1
            expected = "one of \" \\ / b f n r t u"
            return false
        }
    }

    /// Scans a member's key; its bytes with the quotes.
    mutating func key() -> UnsafeBufferPointer<UInt8>? {
        skipBlanks()
        guard at < text.count, text[at] == UInt8(ascii: "\"") else { return fail("a key in quotes") }
        let start = at
        return string() ? UnsafeBufferPointer(rebasing: text[start..<at]) : nil
    }

    private mutating func object(_ depth: Int) -> Bool {
        at &+= 1
        skipBlanks()
        if at < text.count, text[at] == UInt8(ascii: "}") {
            at &+= 1
            return true
        }
        while true {
            guard key() != nil, take(UInt8(ascii: ":")), value(depth: depth + 1) != nil else { return false }
            skipBlanks()
            guard at < text.count else {
                expected = "',' or '}'"
                return false
            }
            if text[at] == UInt8(ascii: "}") {
                at &+= 1
                return true
            }
            guard take(UInt8(ascii: ",")) else {
                expected = "',' or '}'"
                return false
            }
        }
    }

    private mutating func array(_ depth: Int) -> Bool {
        at &+= 1
        skipBlanks()
        if at < text.count, text[at] == UInt8(ascii: "]") {
            at &+= 1
            return true
        }
        while true {
            guard value(depth: depth + 1) != nil else { return false }
            skipBlanks()
            guard at < text.count else {
                expected = "',' or ']'"
                return false
            }
            if text[at] == UInt8(ascii: "]") {
                at &+= 1
                return true
            }
            guard take(UInt8(ascii: ",")) else {
                expected = "',' or ']'"
                return false
            }
        }
    }

    /// Appends what a scanned string says, `bytes` with its quotes; false where it holds a lone surrogate.
    static func appendDecoded(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) -> Bool {
        var at = 1
        let end = bytes.count - 1
        while at < end {
            let byte = bytes[at]
            at += 1
            guard byte == UInt8(ascii: "\\") else {
                out.append(byte)
                continue
            }
            let kind = bytes[at]
            at += 1
            switch kind {
            case UInt8(ascii: "b"): out.append(8)
            case UInt8(ascii: "f"): out.append(12)
            case UInt8(ascii: "n"): out.append(10)
            case UInt8(ascii: "r"): out.append(13)
            case UInt8(ascii: "t"): out.append(9)
            case UInt8(ascii: "u"):
                var code = unit(bytes, at)
                at += 4
                if code >= 0xD800, code < 0xDC00, at + 6 <= end, bytes[at] == UInt8(ascii: "\\"),
                    bytes[at + 1] == UInt8(ascii: "u")
                {
                    let low = unit(bytes, at + 2)
                    guard low >= 0xDC00, low < 0xE000 else { return false }
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                    at += 6
                }
                guard let scalar = Unicode.Scalar(code) else { return false }
                out.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            default: out.append(kind)
            }
        }
        return true
    }

    private static func unit(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> UInt32 {
        var value: UInt32 = 0
        for i in 0..<4 { value = value << 4 | UInt32(CellParsing.hexDigit(bytes[at + i]) ?? 0) }
        return value
    }
}
