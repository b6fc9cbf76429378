/// What an SQLSTATE means to us.
///
/// Source: PostgreSQL 15 manual, appendix A "PostgreSQL Error Codes".
enum SQLState {
    /// Landfall's own: the load is in the ledger already (`LoadScript.loadedState`).
    static let alreadyLoaded = "LF001"
    /// A newer version of the file is loaded already (`LoadScript.supersededState`).
    static let superseded = "LF002"
    /// Another version of the file is loaded already, and it is to be loaded once (`LoadScript.resentState`).
    static let resent = "LF003"

    /// The error's code and whether trying again later may help.
    static func meaning(of state: String) -> (code: String, isTransient: Bool) {
        exact[state] ?? byClass[String(state.prefix(2))] ?? ("database.error", false)
    }

    private static let exact: [String: (String, Bool)] = [
        "23502": ("database.not_null_violation", false),
        "23503": ("database.foreign_key_violation", false),
        "23505": ("database.unique_violation", false),
        "23514": ("database.check_violation", false),
        "25006": ("database.read_only", true),  // after a failover, until the name points to the new primary
        "3D000": ("database.undefined_database", false),
        "3F000": ("database.undefined_schema", false),
        "42501": ("database.permission_denied", false),
        "42703": ("database.undefined_column", false),
        "42P01": ("database.undefined_table", false),
        "42P10": ("database.no_unique_key", false),
        "55006": ("database.locked", true),
        "55P03": ("database.locked", true),
        "57014": ("database.cancelled", true),
        "57P01": ("database.unavailable", true),
        "57P02": ("database.unavailable", true),
        "57P03": ("database.unavailable", true),
        "57P05": ("database.unavailable", true),
        "25P03": ("database.unavailable", true),
    ]

    private static let byClass: [String: (String, Bool)] = [
        "08": ("database.unavailable", true),
        "0A": ("database.unsupported", false),
        "22": ("database.bad_value", false),
        "23": ("database.constraint_violation", false),
        "28": ("database.authentication_failed", false),
        "40": ("database.conflict", true),
        "53": ("database.out_of_resources", true),
        "54": ("database.limit_exceeded", false),
        "58": ("database.unavailable", true),
    ]
}
