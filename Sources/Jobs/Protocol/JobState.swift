/// How far a job has come.
package enum JobStatus: String, Sendable, Codable, CaseIterable {
    case running, succeeded, rejected, superseded, failed, cancelled

    /// Whether nothing more will happen to the job by itself.
    package var isEnded: Bool { self != .running }

    /// Whether the job ended undone, so that it may be asked for again.
    package var isUndone: Bool { self == .rejected || self == .failed || self == .cancelled }
}

/// What the job protocol looks at and changes in a job's record: everything else in a record is payload.
package struct JobState: Hashable, Sendable {
    package var status: JobStatus
    /// How many times a worker has claimed the job since it was asked for; an attempt given back unharmed is taken off.
    package var attempt: Int
    /// Which claim holds the job: unique to it. Nil when nobody does.
    package var owner: String?
    /// Until when the owner holds the job; after it anyone may take it over.
    package var leaseUntil: Timestamp?
    /// When it was last changed; always later than before, whatever the clock of who changes it says.
    package var updatedAt: Timestamp
    /// When the job ended; nil while it runs.
    package var endedAt: Timestamp?
    /// Which Step Functions tasks asked for the job (digests of their tokens), the last one first, between commas.
    package var asker: String?
    /// Whether an ended job has announcements that are not out.
    package var owesAnnouncements: Bool
    /// Whether the message of a job that was not done has no copy in the dead-letter queue yet.
    package var owesDeadLetter: Bool

    package init(
        status: JobStatus, attempt: Int, owner: String?, leaseUntil: Timestamp?, updatedAt: Timestamp,
        endedAt: Timestamp? = nil, asker: String? = nil, owesAnnouncements: Bool = false, owesDeadLetter: Bool = false
    ) {
        self.status = status
        self.attempt = attempt
        self.owner = owner
        self.leaseUntil = leaseUntil
        self.updatedAt = updatedAt
        self.endedAt = endedAt
        self.asker = asker
        self.owesAnnouncements = owesAnnouncements
        self.owesDeadLetter = owesDeadLetter
    }

    /// How many tasks are remembered.
    private static let maxAskers = 8

    /// Whether this task has asked for the job: it is not heard twice, even where another asked in between.
    func isAsked(by task: String) -> Bool {
        asker?.split(separator: ",").contains { $0 == task } ?? false
    }

    /// ``asker``, with this task in front.
    func asker(and task: String?) -> String? {
        guard let task, !isAsked(by: task) else { return asker }
        return ([task[...]] + (asker?.split(separator: ",") ?? [])).prefix(Self.maxAskers).joined(separator: ",")
    }

    /// What the next write is conditional on.
    package var fence: Fence { Fence(owner: owner, attempt: attempt, leaseUntil: leaseUntil, updatedAt: updatedAt) }

    /// The time that the next write gives the record: later than the one before it, so that no two states of a record have one
    /// fence, and a writer who read an old one cannot put back what was crossed out since.
    package func nextUpdate(at now: Timestamp) -> Timestamp { max(now, updatedAt.advanced(by: .milliseconds(1))) }

    /// The state that takes the dead letter of an ended job upon its writer.
    package func claimingDeadLetter(at now: Timestamp) -> JobState {
        var next = self
        next.updatedAt = nextUpdate(at: now)
        return next
    }

    /// The state after ``claimingDeadLetter(at:)`` that says that the letter is stored.
    package func notingDeadLetter(at now: Timestamp) -> JobState {
        var next = self
        next.updatedAt = nextUpdate(at: now)
        next.owesDeadLetter = false
        return next
    }

    /// Who held a record, at which attempt and until when, and when it was written, as a writer last saw it.
    package struct Fence: Hashable, Sendable {
        package var owner: String?
        package var attempt: Int
        package var leaseUntil: Timestamp?
        package var updatedAt: Timestamp

        package init(owner: String?, attempt: Int, leaseUntil: Timestamp?, updatedAt: Timestamp) {
            self.owner = owner
            self.attempt = attempt
            self.leaseUntil = leaseUntil
            self.updatedAt = updatedAt
        }
    }
}

/// The lease of one attempt, as its worker knows it: what was last written, and what a write would make of it.
package struct HeldLease: Hashable, Sendable {
    package private(set) var state: JobState
    package let length: Duration

    /// `state` must have been written by this claim.
    package init(_ state: JobState, length: Duration) {
        self.state = state
        self.length = length
    }

    /// The state that keeps the job for another lease, to be written against ``state``'s fence.
    package func renewed(at now: Timestamp) -> JobState {
        var next = state
        next.updatedAt = state.nextUpdate(at: now)
        next.leaseUntil = now.advanced(by: length)
        return next
    }

    package mutating func wrote(_ next: JobState) {
        state = next
    }

    /// Goes on from the record as it was found after a write was refused: true where this claim holds it all the same, because
    /// an earlier write was made whose answer was lost.
    package mutating func goesOn(from found: JobState?) -> Bool {
        guard let found, found.owner == state.owner, found.attempt == state.attempt, !found.status.isEnded else { return false }
        state = found
        return true
    }

    /// Whether so much of the lease is gone that it must be renewed before anything is written elsewhere: a worker that
    /// was stopped for longer than its lease learns here that the job is another's.
    package func mustBeConfirmed(at now: Timestamp) -> Bool {
        guard let until = state.leaseUntil else { return true }
        return now.advanced(by: length / 2) > until
    }
}
