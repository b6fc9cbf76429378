/// One element of an XML answer with all that is in it.
struct XMLElement: Hashable, Sendable {
    var name: String
    /// The character data directly inside, joined.
    var text = ""
    var children: [XMLElement] = []

    /// The first child of a name.
    subscript(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// The text of the first child of a name.
    func text(_ name: String) -> String? { self[name]?.text }
}

/// Reads the XML that AWS answers with: elements, text, CDATA, the five entities and character references.
///
/// How this works: one pass over the bytes with a stack of open elements, so that no nesting can exhaust the thread's
/// stack. Attributes, comments and processing instructions are skipped. A document type declaration is refused, and
/// with it every entity that could expand into more than it is. Namespace prefixes are dropped.
struct XMLReader {
    struct Problem: Error, Hashable {
        let byte: Int
        let reason: String
    }

    static let maxBytes = 16 << 20
    static let maxDepth = 64
    static let maxElements = 200_000

    private let bytes: [UInt8]
    private var position = 0
    private var elements = 0
    private var open: [XMLElement] = []

    /// The root element of a document.
    static func read(_ bytes: [UInt8]) throws(Problem) -> XMLElement {
        guard bytes.count <= maxBytes else { throw Problem(byte: 0, reason: "more than \(maxBytes) bytes") }
        var reader = XMLReader(bytes: bytes)
        return try reader.document()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func document() throws(Problem) -> XMLElement {
        if starts([0xEF, 0xBB, 0xBF]) { position = 3 }
        while position < bytes.count {
            if bytes[position] != UInt8(ascii: "<") {
                try takeText()
            } else if starts("<!--") {
                try skip(past: "-->")
            } else if starts("<?") {
                try skip(past: "?>")
            } else if starts("<![CDATA[") {
                try takeCharacterData()
            } else if starts("<!") {
                throw problem("a document type declaration is not accepted")
            } else if let root = try takeTag() {
                return root
            }
        }
        throw problem(open.isEmpty ? "no element" : "the element \(open[open.count - 1].name) does not end")
    }

    /// Takes a start or end tag; gives the root when it has ended.
    private mutating func takeTag() throws(Problem) -> XMLElement? {
        position += 1
        if position < bytes.count, bytes[position] == UInt8(ascii: "/") {
            position += 1
            let name = try takeName()
            skipSpaces()
            try take(UInt8(ascii: ">"))
            guard let element = open.last, element.name == name else { throw problem("</\(name)> ends nothing") }
            return endElement()
        }
        let name = try takeName()
        elements += 1
        guard open.count < Self.maxDepth else { throw problem("more than \(Self.maxDepth) levels") }
        guard elements <= Self.maxElements else { throw problem("more than \(Self.maxElements) elements") }
        open.append(XMLElement(name: name))
        if try skipAttributes() { return endElement() }
        return nil
    }

    private mutating func endElement() -> XMLElement? {
        guard let element = open.popLast() else { return nil }
        if open.isEmpty { return element }
        open[open.count - 1].children.append(element)
        return nil
    }

    /// Skips to the end of a start tag; true where it is an empty element's.
    private mutating func skipAttributes() throws(Problem) -> Bool {
        var quote: UInt8?
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if let ending = quote {
                if byte == ending { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return bytes[position - 2] == UInt8(ascii: "/")
            } else if byte == UInt8(ascii: "<") {
                throw problem("a tag inside a tag")
            }
        }
        throw problem("a tag does not end")
    }

    private mutating func takeText() throws(Problem) {
        var text: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") {
            if bytes[position] == UInt8(ascii: "&") {
                text += try takeReference().utf8
            } else {
                text.append(bytes[position])
                position += 1
            }
        }
        try add(text)
    }

    private mutating func takeCharacterData() throws(Problem) {
        let start = position + 9
        try skip(past: "]]>")
        try add(Array(bytes[start..<position - 3]))
    }

    private mutating func add(_ text: [UInt8]) throws(Problem) {
        guard let text = String(validating: text, as: UTF8.self) else { throw problem("text that is not UTF-8") }
        if open.isEmpty {
            guard text.allSatisfy(\.isWhitespace) else { throw problem("text outside the root element") }
        } else {
            open[open.count - 1].text += text
        }
    }

    private static let maxReferenceBytes = 12

    private mutating func takeReference() throws(Problem) -> String {
        let start = position + 1
        let end = bytes[start...].prefix(Self.maxReferenceBytes).firstIndex(of: UInt8(ascii: ";"))
        guard let end else { throw problem("an & that begins no entity") }
        let name = String(decoding: bytes[start..<end], as: UTF8.self)
        position = end + 1
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        let isHexadecimal = name.hasPrefix("#x")
        let digits = name.dropFirst(isHexadecimal ? 2 : 1)
        guard name.hasPrefix("#"), let number = UInt32(digits, radix: isHexadecimal ? 16 : 10),
            let scalar = Unicode.Scalar(number)
        else { throw problem("the entity &\(name); is not known") }
        return String(Character(scalar))
    }

    private mutating func takeName() throws(Problem) -> String {
        let start = position
        while position < bytes.count, !isNameEnd(bytes[position]) { position += 1 }
        guard position > start else { throw problem("a tag without a name") }
        let name = bytes[start..<position]
        let local = name.lastIndex(of: UInt8(ascii: ":")).map { name[($0 + 1)...] } ?? name
        guard !local.isEmpty, name.allSatisfy(isNamePart), let text = String(validating: local, as: UTF8.self) else {
            throw problem("a tag whose name is none")
        }
        return text
    }

    /// ASCII's part of what a name may hold (XML 1.0 section 2.3), and every other character.
    private func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: ":"), 128...:
            true
        default: false
        }
    }

    private func isNameEnd(_ byte: UInt8) -> Bool {
        byte <= 32 || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "<")
    }

    private mutating func skipSpaces() {
        while position < bytes.count, bytes[position] <= 32 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) throws(Problem) {
        guard position < bytes.count, bytes[position] == byte else { throw problem("a tag does not end") }
        position += 1
    }

    private mutating func skip(past ending: String) throws(Problem) {
        let ending = Array(ending.utf8)
        while position + ending.count <= bytes.count {
            if starts(ending) {
                position += ending.count
                return
            }
            position += 1
        }
        throw problem("something that should end with \(String(decoding: ending, as: UTF8.self)) does not")
    }

    private func starts(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { buffer in
            position + buffer.count <= bytes.count && zip(bytes[position...], buffer).allSatisfy { $0 == $1 }
        }
    }

    private func starts(_ expected: [UInt8]) -> Bool {
        position + expected.count <= bytes.count && zip(bytes[position...], expected).allSatisfy { $0 == $1 }
    }

    private func problem(_ reason: String) -> Problem {
        Problem(byte: position, reason: reason)
    }
}
