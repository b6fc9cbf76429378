/// Walks over JSON text (RFC 8259) without building anything: where values begin and end, and what they are.
///
/// Strict: no comments, no trailing commas, no leading zeros; strings must be UTF-8 with valid escapes. Depth is
/// limited by ``maxDepth``. Where a scan fails, ``at`` is where it stopped: at ``end``, more text may mend it.
struct JSONScanner {
    static let maxDepth = 512

    let text: UnsafePointer<UInt8>
    /// Where the text ends.
    let end: Int
    /// Whether a newline ends the record, as in JSON lines, rather than being a blank.
    let isLine: Bool
    private(set) var at: Int
    /// What was expected at `at` when a scan failed.
    private(set) var expected: StaticString = ""
    private(set) var isTooDeep = false
    /// Whether the string scanned last has an escape.
    private(set) var hasEscape = false

    init(_ text: UnsafePointer<UInt8>, from start: Int, to end: Int, isLine: Bool) {
        self.text = text
        self.end = end
        self.isLine = isLine
        at = start
    }

    enum Kind {
        case null, bool, number, string, array, object
    }

    /// Whether the text is exactly one JSON value, blanks around it allowed.
    static func isOneValue(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = text.baseAddress else { return false }
        var scanner = JSONScanner(base, from: 0, to: text.count, isLine: false)
        guard scanner.value() != nil else { return false }
        scanner.skipBlanks()
        return scanner.at == scanner.end
    }

    // MARK: Parts

    @inline(__always)
    mutating func skipBlanks() {
        while at < end {
            let byte = text[at]
            guard byte == 32 || byte == 9 || byte == 13 || (byte == 10 && !isLine) else { return }
            at &+= 1
        }
    }

    /// The byte that comes next, after blanks; 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        skipBlanks()
        return at < end ? text[at] : 0
    }

    /// Takes a byte if it comes next, after blanks.
    @inline(__always)
    mutating func take(_ byte: UInt8, _ expected: StaticString) -> Bool {
        skipBlanks()
        guard at < end, text[at] == byte else {
            self.expected = expected
            return false
        }
        at &+= 1
        return true
    }

    /// Moves on to where a value was found to end.
    @inline(__always)
    mutating func move(to position: Int) { at = position }

    mutating func fail(_ expected: StaticString) { self.expected = expected }

    @inline(__always)
    func bytes(from start: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: text + start, count: at &- start)
    }

    /// Scans one value behind blanks. Its kind, and where it begins; it ends at `at`. Nil, and `expected`, where it is broken.
    mutating func value(depth: Int = 0) -> (kind: Kind, start: Int)? {
        skipBlanks()
        guard at < end else {
            expected = "a value"
            return nil
        }
        let start = at
        switch text[at] {
        case UInt8(ascii: "\""): return string() ? (.string, start) : nil
        case UInt8(ascii: "{"): return object(depth) ? (.object, start) : nil
        case UInt8(ascii: "["): return array(depth) ? (.array, start) : nil
        case UInt8(ascii: "t"): return word("true") ? (.bool, start) : nil
        case UInt8(ascii: "f"): return word("false") ? (.bool, start) : nil
        case UInt8(ascii: "n"): return word("null") ? (.null, start) : nil
        default: return number() ? (.number, start) : nil
        }
    }

    @inline(__always)
    mutating func word(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        for i in 0..<count {
            guard at &+ i < end, text[at &+ i] == word.utf8Start[i] else {
                if at &+ i >= end { at = end }
                expected = word
                return false
            }
        }
        at &+= count
        return true
    }

    private mutating func digits() -> Bool {
        let start = at
        while at < end, text[at] &- 48 < 10 { at &+= 1 }
        if at == start { expected = "a digit" }
        return at > start
    }

    mutating func number() -> Bool {
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
        if at < end, text[at] == UInt8(ascii: ".") {
            at += 1
            guard digits() else { return false }
        }
        if at < end, text[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < end, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") { at += 1 }
            guard digits() else { return false }
        }
        return true
    }

    // MARK: Strings

    /// Scans a string, `at` standing on its opening quote.
    ///
    /// How this works: eight bytes at a time are tested for a quote, a backslash and control characters with carries that
    /// only blur what stands above the first hit (Hacker's Delight, 6-1), and everything before it is gathered to know
    /// whether the text must be checked for being UTF-8.
    @inline(__always)
    mutating func string() -> Bool {
        at &+= 1
        let start = at
        var high: UInt64 = 0
        hasEscape = false
        while true {
            while at &+ 8 <= end {
                let word = UInt64(littleEndian: UnsafeRawPointer(text + at).loadUnaligned(as: UInt64.self))
                let hits = Self.specials(word)
                if hits == 0 {
                    high |= word
                    at &+= 8
                    continue
                }
                high |= word & ((hits & (0 &- hits)) &- 1)
                at &+= hits.trailingZeroBitCount &>> 3
                break
            }
            guard at < end else {
                expected = "a closing quote"
                return false
            }
            let byte = text[at]
            switch byte {
            case UInt8(ascii: "\""):
                if high & 0x8080_8080_8080_8080 != 0, !isUTF8(from: start) { return false }
                at &+= 1
                return true
            case UInt8(ascii: "\\"):
                at &+= 1
                hasEscape = true
                guard escape() else { return false }
            case 0..<32:
                expected = isLine && byte == 10 ? "a closing quote" : "no control character within a string"
                return false
            default:
                high |= UInt64(byte)
                at &+= 1
            }
        }
    }

    @inline(__always)
    private static func specials(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let found = ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | ((word &- ones &* 0x20) & ~word)
        return found & 0x8080_8080_8080_8080
    }

    private mutating func isUTF8(from start: Int) -> Bool {
        guard let invalid = UTF8Check.firstInvalid(UnsafeBufferPointer(start: text + start, count: at - start)) else { return true }
        expected = "UTF-8"
        at = start + invalid
        return false
    }

    private mutating func escape() -> Bool {
        guard at < end else {
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
                guard at < end, CellParsing.hexDigit(text[at]) != nil else {
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

    // MARK: Nested values

    /// Scans a member's key, and the colon behind it; where the key's quotes begin.
    @inline(__always)
    mutating func key() -> Int? {
        skipBlanks()
        guard at < end, text[at] == UInt8(ascii: "\"") else {
            expected = "a key in quotes"
            return nil
        }
        let start = at
        return string() ? start : nil
    }

    private mutating func goesDeeper(_ depth: Int) -> Bool {
        guard depth + 1 < Self.maxDepth else {
            expected = "at most 512 nested values"
            isTooDeep = true
            return false
        }
        at &+= 1
        return true
    }

    private mutating func object(_ depth: Int) -> Bool {
        guard goesDeeper(depth) else { return false }
        if peek() == UInt8(ascii: "}") {
            at &+= 1
            return true
        }
        while true {
            guard key() != nil, take(UInt8(ascii: ":"), "':'"), value(depth: depth + 1) != nil else { return false }
            if peek() == UInt8(ascii: "}") {
                at &+= 1
                return true
            }
            guard take(UInt8(ascii: ","), "',' or '}'") else { return false }
        }
    }

    private mutating func array(_ depth: Int) -> Bool {
        guard goesDeeper(depth) else { return false }
        if peek() == UInt8(ascii: "]") {
            at &+= 1
            return true
        }
        while true {
            guard value(depth: depth + 1) != nil else { return false }
            if peek() == UInt8(ascii: "]") {
                at &+= 1
                return true
            }
            guard take(UInt8(ascii: ","), "',' or ']'") else { return false }
        }
    }
}
