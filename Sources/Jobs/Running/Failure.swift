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
        /// The lease is lost, the worker is leaving, or the step asked for is done: nothing is wrong with the job.
        case interrupted
        /// A newer version of the same key was taken first. Ends as `superseded`.
        case superseded
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

extension Failure {
    /// The code of an attempt that ended because its worker was leaving.
    package static let interruptedCode = "job.interrupted"
    /// The code of an attempt that lost its lease.
    package static let leaseLostCode = "job.lease_lost"
    /// The code of an attempt that was asked for one step and has done it.
    package static let stepDoneCode = "job.step_done"

    /// What the protocol makes of the failure.
    package var workEnd: JobHandling.WorkEnd {
        switch kind {
        case .badInput: .badInput
        // That no pipeline takes an arrival is its sender's fault, not ours.
        case .permanent: code == "pipeline.no_match" || code == "pipeline.not_found" ? .badInput : .permanent
        case .transient: .transient
        case .superseded: .superseded
        case .interrupted: code == Self.leaseLostCode ? .leaseLost : code == Self.stepDoneCode ? .stepDone : .interrupted
        }
    }
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
