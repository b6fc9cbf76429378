/// Text constants in SQL.
///
/// Source: PostgreSQL 15 manual, sections 4.1.2.1 "String Constants", 4.1.2.2 "String Constants With C-Style
/// Escapes" and 4.1.2.4 "Dollar-Quoted String Constants".
package enum Literal {
    /// The text in single quotes; in the `E''` form where there is a backslash, so that it means the same whatever
    /// `standard_conforming_strings` says. Throws `sql.literal_nul`.
    package static func quoted(_ text: String) throws(SQLError) -> String {
        guard !text.utf8.contains(0) else {
            throw SQLError(
                code: "sql.literal_nul",
                message:
                    "The text \"\(Identifier.printable(text))\" contains a NUL byte, which PostgreSQL cannot store.")
        }
        return quotedUnchecked(text)
    }

    static func quotedUnchecked(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return Identifier.quoted(text, by: "'") }
        var doubled = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            doubled.append(scalar)
            if scalar == "\\" { doubled.append(scalar) }
        }
        return "E" + Identifier.quoted(String(doubled), by: "'")
    }

    /// Text between dollar quotes whose tag does not occur in it, however the names inside are chosen.
    static func dollarQuoted(_ body: String) -> String {
        var tag = "$landfall$"
        var attempt = 0
        while contains(body, tag) {
            attempt += 1
            tag = "$landfall\(attempt)$"
        }
        return "\(tag)\n\(body)\n\(tag)"
    }

    private static func contains(_ text: String, _ part: String) -> Bool {
        let text = Array(text.utf8)
        let part = Array(part.utf8)
        guard text.count >= part.count else { return false }
        return (0...text.count - part.count).contains { text[$0..<$0 + part.count].elementsEqual(part) }
    }
}
