/// A file that cannot be read as what it should be.
///
/// `message` says what failed, where (line and byte, 1-based and 0-based as people and tools count them), what was
/// expected and found, and what to do.
package struct TabularError: Error, Hashable, Sendable {
    /// Stable and dotted: `csv.unclosed_quote`, `value.bad_decimal`, … (`docs/ERRORS.md`).
    package var code: String
    package var message: String

    package init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The same error, its message beginning with the file it is about: readers do not know what their text is called.
    package func naming(_ file: String) -> TabularError {
        message.contains(file) ? self : TabularError(code, "\(file): \(message)")
    }
}

extension TabularError: CustomStringConvertible {
    package var description: String { "\(code): \(message)" }
}
