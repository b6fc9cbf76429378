/// The fields of a server's error message that we use, and how they become a ``PostgresError``.
///
/// Source: PostgreSQL 15 manual, section 55.8 "Error and Notice Message Fields".
struct ServerReport: Hashable, Sendable {
    static let maxPrimaryCharacters = 300
    static let maxDetailCharacters = 200

    var state: String
    var primary: String
    var detail: String?
    var hint: String?
    var context: String?

    var error: PostgresError {
        let meaning = SQLState.meaning(of: state)
        var message = Self.cut(primary, Self.maxPrimaryCharacters)
        if let detail = shownDetail { message += ". " + Self.cut(detail, Self.maxDetailCharacters) }
        if let place = shownContext { message += " (\(Self.cut(place, Self.maxDetailCharacters)))" }
        if let advice = advice { message += ". " + advice }
        return PostgresError(
            code: meaning.code, sqlState: state, message: message, copyLine: copyLine, isTransient: meaning.isTransient)
    }

    /// "Failing row contains (…)" is a whole row: it goes.
    private var shownDetail: String? {
        ["23502", "23514", "44000"].contains(state) ? nil : detail
    }

    /// The first line of the context. `COPY orders, line 5, column total: "12,5O"` is shown whole;
    /// `COPY orders, line 5: "…"` shows a row and is cut before it.
    private var shownContext: String? {
        guard let line = context?.split(separator: "\n").first else { return nil }
        guard line.hasPrefix("COPY "), let value = Self.start(of: ": \"", in: line) else { return String(line) }
        return Self.start(of: ", column ", in: line[..<value]) == nil ? String(line[..<value]) : String(line)
    }

    /// The number after `, line ` in `COPY orders, line 5, …`.
    private var copyLine: Int64? {
        guard let line = context?.split(separator: "\n").first, line.hasPrefix("COPY "),
            let start = Self.start(of: ", line ", in: line)
        else { return nil }
        return Int64(line[line.index(start, offsetBy: 7)...].prefix { $0.isASCII && $0.isNumber })
    }

    private var advice: String? {
        switch state {
        case "42P10":
            "The table has no unique index over exactly the key's columns: add one, or choose another key or mode."
        case "42703", "42P01", "42501": hint.map { Self.cut($0, Self.maxDetailCharacters) }
        default: nil
        }
    }

    static func cut(_ text: String, _ maxCharacters: Int) -> String {
        let line = String(text.map { $0.isNewline ? " " : $0 })
        return line.count > maxCharacters ? line.prefix(maxCharacters) + "…" : line
    }

    /// Where a part begins.
    private static func start(of part: String, in text: Substring) -> Substring.Index? {
        text.indices.first { text[$0...].hasPrefix(part) }
    }
}
