import Tabular

/// What became of the rows of an input: every one of them, or it is a bug.
struct Accounting {
    var read: Int64
    /// Loaded or written.
    var kept: Int64
    var rejected: Int64
    var filtered: Int64

    /// Throws `internal.accounting` where rows are missing, or more than were read.
    func close() throws(TabularError) {
        guard read == kept + rejected + filtered, kept >= 0, rejected >= 0, filtered >= 0 else {
            throw TabularError(
                "internal.accounting",
                "\(read) rows were read, but \(kept) kept, \(rejected) rejected and \(filtered) left out. Please report this bug.")
        }
    }
}
