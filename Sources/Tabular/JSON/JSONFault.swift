/// Why a record of JSON is no row.
struct JSONFault: Error {
    var code: String
    var reason: String
    var column: String?
    /// The text is no JSON, so that nobody knows where the record ends; else it is JSON, but not what it should be.
    var isStructural = false

    /// The scanner stands where the text is not JSON; `start` is where the record begins.
    static func malformed(_ scanner: JSONScanner, from start: Int) -> JSONFault {
        let rest = UnsafeBufferPointer(start: scanner.text + scanner.at, count: max(0, scanner.end - scanner.at))
        let unit = scanner.isLine ? "line" : "record"
        let line = scanner.isLine ? rest.prefix { $0 != 10 } : rest[...]
        let found = line.isEmpty ? "the end of the \(scanner.isLine ? "line" : "text")" : shown(line.prefix(12))
        return JSONFault(
            code: scanner.isTooDeep ? "json.too_deep" : "json.malformed",
            reason: "expected \(scanner.expected) at byte \(scanner.at - start) of the \(unit), found \(found)", isStructural: true)
    }

    static func loneSurrogate(_ string: UnsafeBufferPointer<UInt8>) -> JSONFault {
        JSONFault(code: "json.lone_surrogate", reason: "half of a surrogate pair stands alone in \(shown(string))")
    }

    static func notAnObject(_ found: some Collection<UInt8>) -> JSONFault {
        JSONFault(code: "json.not_an_object", reason: "expected an object, found \(shown(found))")
    }

    static func duplicateKey(_ column: String) -> JSONFault {
        JSONFault(code: "json.duplicate_key", reason: "the key is named twice", column: column)
    }
}
