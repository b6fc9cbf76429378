/// Why a step, a job or a command did not succeed: the one error type above the libraries.
package struct Failure: Error, Hashable, Sendable {
    /// What is to be done about it.
    package enum Kind: String, Sendable {
        /// The input is at fault: the same file would fail again. Ends as `rejected`.
        case badInput
        /// We, our settings or our rights are at fault, or a service refuses: trying again does not help now, but
        /// the file may be good. Ends as `failed`.
        case permanent
        /// It may pass: try again later.
        case transient
        /// The lease is lost or the worker is leaving: nothing is wrong with the job.
        case interrupted
    }

    /// Stable and dotted; all are listed in `docs/ERRORS.md`.
    package var code: String
    /// What failed, where exactly, expected and found, what to do. Never a secret, never a whole row.
    package var message: String
    package var kind: Kind

    package init(_ kind: Kind, _ code: String, _ message: String) {
        self.kind = kind
        self.code = code
        self.message = message
    }
}

extension Failure: CustomStringConvertible {
    package var description: String { "\(code): \(message)" }
}

extension String {
    /// The longest prefix of whole characters that fits.
    package func clipped(toUTF8Bytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var out = ""
        var bytes = 0
        for character in self {
            bytes += character.utf8.count
            if bytes > limit { break }
            out.append(character)
        }
        return out
    }
}
