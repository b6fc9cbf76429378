/// What libpq says about a connection that did not come about.
///
/// libpq keeps no fields of such a message. Asked to be verbose it puts the SQLSTATE into the text, between colons:
/// `connection to server at "db" (10.0.0.7), port 5432 failed: FATAL:  28P01: password authentication failed …`.
struct ConnectionRefusal {
    var text: String
    var needsPassword: Bool

    var error: PostgresError {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("LOCATION:") }
        var shown = lines.map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
        guard let state else {
            let code = needsPassword ? "database.authentication_failed" : "database.unavailable"
            return PostgresError(
                code: code, message: ServerReport.cut(shown, ServerReport.maxPrimaryCharacters),
                isTransient: !needsPassword)
        }
        shown = shown.split(separator: ":  \(state): ").joined(separator: ": ")
        let meaning = SQLState.meaning(of: state)
        return PostgresError(
            code: meaning.code, sqlState: state, message: ServerReport.cut(shown, ServerReport.maxPrimaryCharacters),
            isTransient: meaning.isTransient)
    }

    /// Five capital letters or digits between `:  ` and `: `; the last one, that of the last server tried.
    private var state: String? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 10 else { return nil }
        for at in (0...bytes.count - 10).reversed() where bytes[at..<at + 3].elementsEqual(":  ".utf8) {
            let state = bytes[at + 3..<at + 8]
            let isState = state.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
            if isState && bytes[at + 8..<at + 10].elementsEqual(": ".utf8) {
                return String(decoding: state, as: UTF8.self)
            }
        }
        return nil
    }
}
