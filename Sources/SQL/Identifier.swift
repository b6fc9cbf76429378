/// Names of tables and columns in SQL text: always quoted, so that case, blanks and reserved words are kept.
///
/// Source: PostgreSQL 15 manual, section 4.1.1 "Identifiers and Key Words".
package enum Identifier {
    /// The most bytes that PostgreSQL keeps of a name (NAMEDATALEN - 1); it would cut off the rest without a word.
    package static let maxBytes = 63

    /// The name in double quotes, embedded quotes doubled.
    ///
    /// Throws `sql.identifier_empty`, `sql.identifier_nul` or `sql.identifier_too_long`.
    package static func quoted(_ name: String) throws(SQLError) -> String {
        try check(name)
        return quotedUnchecked(name)
    }

    static func check(_ name: String) throws(SQLError) {
        guard !name.isEmpty else {
            throw SQLError(
                code: "sql.identifier_empty",
                message: "A column or table has an empty name, which PostgreSQL does not allow. Give it a name.")
        }
        guard !name.utf8.contains(0) else {
            throw SQLError(
                code: "sql.identifier_nul",
                message: "The name \"\(printable(name))\" contains a NUL byte, which PostgreSQL does not allow.")
        }
        guard name.utf8.count <= maxBytes else {
            throw SQLError(
                code: "sql.identifier_too_long",
                message: "The name \"\(printable(name))\" has \(name.utf8.count) bytes; PostgreSQL keeps at most "
                    + "\(maxBytes). Declare the column under a shorter name (`name:` with `from:`).")
        }
    }

    static func quotedUnchecked(_ name: String) -> String { quoted(name, by: "\"") }

    /// Puts text between quotes, doubling each one inside. Works on bytes: a combining mark after a quote does not
    /// hide it, as it would if characters were compared.
    static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
        var out = String.UnicodeScalarView()
        out.append(quote)
        for scalar in text.unicodeScalars {
            out.append(scalar)
            if scalar == quote { out.append(quote) }
        }
        out.append(quote)
        return String(out)
    }

    /// A name as a message or a comment can show it: no control characters or line ends, and not endless.
    static func printable(_ text: String, maxScalars: Int = 200) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if out.count == maxScalars {
                out.append("…")
                break
            }
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: out.append("\u{FFFD}")
            default: out.append(scalar)
            }
        }
        return String(out)
    }
}
