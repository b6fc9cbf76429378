/// Where a database is: a `postgresql://` URI or libpq's `key=value` text. Never shows the password.
package struct DatabaseURL: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What libpq is given.
    let text: String
    /// `user@host:port/database`, for people.
    package let redacted: String

    /// Throws `database.bad_url`, whose message does not repeat the text: it may hold a password.
    package init(_ text: String) throws(PostgresError) {
        guard !text.isEmpty, let parts = ServerLink.parse(text) else { throw Self.bad }
        let host = parts["host"] ?? parts["hostaddr"] ?? "localhost"
        let port = parts["port"] ?? "5432"
        // A `/` or `@` that is not percent-encoded puts a piece of the password here.
        guard !host.contains("@"), port.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "," }) else { throw Self.bad }
        self.text = text
        let user = parts["user"].map { "\($0)@" } ?? ""
        redacted = "\(user)\(host):\(port)/\(parts["dbname"] ?? parts["user"] ?? "")"
    }

    private static let bad = PostgresError(
        code: "database.bad_url",
        message: "The database URL cannot be read. Expected postgresql://user:password@host:port/database with every "
            + "special character of the user and password percent-encoded (`@` is %40, `/` is %2F, `%` is %25).")

    package var description: String { redacted }
    package var debugDescription: String { redacted }
    package var customMirror: Mirror { Mirror(self, children: ["redacted": redacted]) }
}
