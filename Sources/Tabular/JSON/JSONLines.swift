import Columns
import Compression

/// JSON lines (one object a line): walks over the objects of a text, one member at a time.
///
/// A JSON-lines text is a CSV of one field without quotes, so ``RecordChunker`` finds the lines.
enum JSONLines {
    static let dialect = Dialect(
        delimiter: UInt8(ascii: "\n"), quote: nil, escape: nil, newline: UInt8(ascii: "\n"), header: false)

    struct Fault: Error {
        var code: String
        var reason: String
        var column: String?
    }

    /// Calls `member` with each member of the object on a line: key and value bytes as they are spelled.
    @inline(__always)
    static func forEachMember(
        of line: UnsafeBufferPointer<UInt8>,
        _ member: (UnsafeBufferPointer<UInt8>, JSONScanner.Kind, UnsafeBufferPointer<UInt8>) throws(Fault) -> Void
    ) throws(Fault) {
        var scanner = JSONScanner(line)
        guard scanner.take(UInt8(ascii: "{")) else {
            throw Fault(code: "json.not_an_object", reason: "expected an object, found \(shown(line))")
        }
        scanner.skipBlanks()
        if scanner.take(UInt8(ascii: "}")) {
            guard scanner.isAtEnd() else { throw malformed(scanner) }
            return
        }
        while true {
            guard let key = scanner.key(), scanner.take(UInt8(ascii: ":")), let value = scanner.value() else {
                throw malformed(scanner)
            }
            try member(key, value.kind, value.bytes)
            if scanner.take(UInt8(ascii: ",")) { continue }
            guard scanner.take(UInt8(ascii: "}")), scanner.isAtEnd() else { throw malformed(scanner) }
            return
        }
    }

    private static func malformed(_ scanner: JSONScanner) -> Fault {
        let rest = UnsafeBufferPointer(rebasing: scanner.text[scanner.at...])
        let found = rest.isEmpty ? "the end of the line" : shown(rest.prefix(12))
        return Fault(
            code: "json.malformed", reason: "expected \(scanner.expected) at byte \(scanner.at) of the line, found \(found)")
    }

    /// The text of a key or a string value.
    static func decoded(_ string: UnsafeBufferPointer<UInt8>) throws(Fault) -> [UInt8] {
        var out: [UInt8] = []
        guard JSONScanner.appendDecoded(string, to: &out) else {
            throw Fault(code: "json.lone_surrogate", reason: "half of a surrogate pair stands alone in \(shown(string))")
        }
        return out
    }

    static func isBlank(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        line.allSatisfy { $0 == 32 || $0 == 9 || $0 == 13 }
    }
}
