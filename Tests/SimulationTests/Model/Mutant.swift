/// Bugs to seed into the world around the protocol, to show that the invariants can fail.
enum Mutant: String, CaseIterable, Sendable {
    /// Records are replaced whatever they hold.
    case noFencing = "no-fencing"
    /// The load does not look into the ledger.
    case noLedger = "no-ledger"
    /// The message is deleted before the job's end is recorded.
    case deleteBeforeRecord = "delete-before-record"
    /// The message is deleted before its copy is in the dead-letter queue.
    case deleteBeforeCopy = "delete-before-copy"
    /// The message is deleted when the first of its files has ended.
    case deleteAfterFirst = "delete-after-first"
    /// What an ended job has to announce is not kept in its record.
    case forgetAnnouncements = "forget-announcements"
    /// A dead letter is not noted in the record.
    case noNote = "no-note"
    /// A dead letter is noted without changing what the next write is conditional on.
    case sameFence = "same-fence"
    /// A dead letter is stored without claiming it first.
    case noLetterClaim = "no-letter-claim"
    /// Dead letters are copied by whoever comes first, without grace.
    case noGrace = "no-grace"
    /// Heartbeats extend the message's visibility, not the lease.
    case beatWithoutLease = "beat-without-lease"
    /// Heartbeats extend the lease, not the message's visibility.
    case beatWithoutVisibility = "beat-without-visibility"
    /// A message with many files is kept hidden by the heartbeats of its works alone.
    case hiddenOnce = "hidden-once"
    /// A job that ended is taken as if nobody held it.
    case endedIsFree = "ended-is-free"
    /// A job that another holds is taken all the same.
    case heldIsFree = "held-is-free"
    /// A call whose answer is lost counts as made.
    case refusedIsDone = "refused-is-done"
    /// A worker writes for others to see without looking at its lease.
    case noConfirmation = "no-confirmation"
    /// Attempts are not counted.
    case endlessAttempts = "endless-attempts"
    /// A redriven letter opens its job each time it is delivered.
    case redriveAlways = "redrive-always"
}
