/// What went wrong between us and a database.
///
/// Codes: `database.unavailable`, `.bad_url`, `.authentication_failed`, `.undefined_database`, `.permission_denied`,
/// `.unique_violation`, `.not_null_violation`, `.foreign_key_violation`, `.check_violation`, `.constraint_violation`,
/// `.undefined_table`, `.undefined_column`, `.undefined_schema`, `.no_unique_key`, `.bad_value`, `.conflict`, `.locked`,
/// `.out_of_resources`, `.read_only`, `.limit_exceeded`, `.unsupported`, `.cancelled`, `.commit_unknown`,
/// `.bad_script`, `.error`.
package struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Stable and dotted, for programs.
    package var code: String
    /// Five characters (PostgreSQL manual, appendix A); nil where no server spoke.
    package var sqlState: String?
    /// One or two sentences for people: the server's words, single values cut short, never a whole row.
    package var message: String
    /// The 1-based line of the COPY block that the server stopped at: the n-th row that was sent.
    package var copyLine: Int64?
    /// Whether the same work may succeed if it is tried again later.
    package var isTransient: Bool

    package init(
        code: String, sqlState: String? = nil, message: String, copyLine: Int64? = nil, isTransient: Bool = false
    ) {
        self.code = code
        self.sqlState = sqlState
        self.message = message
        self.copyLine = copyLine
        self.isTransient = isTransient
    }

    package var description: String { "\(code): \(message)" }

    static func unavailable(_ message: String) -> PostgresError {
        PostgresError(code: "database.unavailable", message: message, isTransient: true)
    }

    static func badScript(_ message: String) -> PostgresError {
        PostgresError(code: "database.bad_script", message: message)
    }
}
