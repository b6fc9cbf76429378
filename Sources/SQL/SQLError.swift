/// Why a name, a value or a script cannot be written as SQL.
///
/// Codes: `sql.identifier_empty`, `sql.identifier_nul`, `sql.identifier_too_long`, `sql.bad_table_name`,
/// `sql.duplicate_column`, `sql.system_column`, `sql.too_many_columns`, `sql.no_columns`, `sql.bad_key`,
/// `sql.literal_nul`; for values `value.nul_byte`, `value.date_out_of_range`, `value.time_out_of_range`,
/// `value.bad_json`, `value.bad_uuid`.
package struct SQLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Stable and dotted, for programs.
    package var code: String
    /// One or two sentences for people.
    package var message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code): \(message)" }
}
