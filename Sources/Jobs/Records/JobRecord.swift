/// Rows by what became of them. `read == loaded + rejected + filtered` or `read == written + rejected + filtered`.
package struct Counts: Hashable, Sendable, Codable {
    package var read: Int64 = 0
    package var loaded: Int64 = 0
    package var written: Int64 = 0
    package var rejected: Int64 = 0
    package var filtered: Int64 = 0

    package init(read: Int64 = 0, loaded: Int64 = 0, written: Int64 = 0, rejected: Int64 = 0, filtered: Int64 = 0) {
        self.read = read
        self.loaded = loaded
        self.written = written
        self.rejected = rejected
        self.filtered = filtered
    }

    package static func + (left: Counts, right: Counts) -> Counts {
        Counts(
            read: left.read + right.read, loaded: left.loaded + right.loaded, written: left.written + right.written,
            rejected: left.rejected + right.rejected, filtered: left.filtered + right.filtered)
    }
}

/// What a checkpoint keeps of a step.
package struct StepRecord: Hashable, Sendable, Codable {
    package var name: String
    package var started: Timestamp
    /// Nil while the step runs.
    package var ended: Timestamp?
    /// The step's result as JSON, which a later attempt reads instead of doing the step again.
    package var result: String?

    package init(name: String, started: Timestamp, ended: Timestamp? = nil, result: String? = nil) {
        self.name = name
        self.started = started
        self.ended = ended
        self.result = result
    }
}

/// The record of a job: a DynamoDB item or an SQLite row (`docs/ARCHITECTURE.md`, "The job record").
///
/// Every write is conditional on the ``fence`` that the writer last saw, so that of two workers one wins and the
/// other learns that it lost.
package struct JobRecord: Hashable, Sendable {
    package var jobID: String
    package var pipeline: String
    package var workflow: String
    package var arrival: Arrival
    package var status: JobStatus
    /// The name of the step that runs, or that ran last.
    package var step: String?
    /// How many times a worker has claimed the job, from 1.
    package var attempt: Int
    /// Which worker holds the job; nil when nobody does.
    package var owner: String?
    /// Until when the owner holds the job; after it anyone may take it over.
    package var leaseUntil: Timestamp?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// When the job ended; nil while it runs.
    package var endedAt: Timestamp?
    /// In the order in which they were begun.
    package var steps: [StepRecord]
    package var counts: Counts
    package var error: ErrorRecord?
    /// The receipt's URI.
    package var receipt: String?
    /// What an ended job still has to announce, each one JSON, and ``deadLetterDue`` until its message has been copied to
    /// the dead-letter queue; empty once all is done.
    package var announcements: [String]
    /// Which Step Functions task asked for the job last (a digest of its token).
    package var asker: String?
    /// The SHA-256 of the source, once it is downloaded: hexadecimal.
    package var content: String?
    /// The job that took the same content before, under another key.
    package var duplicateOf: String?
    /// What read the pipeline's settings: a digest of them and of the software's version, which tells whether another try
    /// would go the same way.
    package var revision: String?
    /// When the record may be forgotten.
    package var expiresAt: Timestamp

    /// An error as it stands in records: a stable code and a sentence.
    package struct ErrorRecord: Hashable, Sendable, Codable {
        package var code: String
        package var message: String

        package init(code: String, message: String) {
            self.code = code
            self.message = message
        }
    }

    /// A job that is claimed for the first time.
    package init(
        jobID: String, pipeline: String, workflow: String, arrival: Arrival, state: JobState, expiresAt: Timestamp
    ) {
        self.init(
            jobID: jobID, pipeline: pipeline, workflow: workflow, arrival: arrival, status: state.status, step: nil,
            attempt: state.attempt, owner: state.owner, leaseUntil: state.leaseUntil, createdAt: state.updatedAt,
            updatedAt: state.updatedAt, endedAt: state.endedAt, steps: [], counts: Counts(), error: nil, receipt: nil,
            announcements: [], asker: state.asker, content: nil, duplicateOf: nil, revision: nil, expiresAt: expiresAt)
    }

    /// All fields, for the backends that read a record back.
    package init(
        jobID: String, pipeline: String, workflow: String, arrival: Arrival, status: JobStatus, step: String?,
        attempt: Int, owner: String?, leaseUntil: Timestamp?, createdAt: Timestamp, updatedAt: Timestamp,
        endedAt: Timestamp?, steps: [StepRecord], counts: Counts, error: ErrorRecord?, receipt: String?,
        announcements: [String], asker: String?, content: String?, duplicateOf: String?, revision: String?, expiresAt: Timestamp
    ) {
        self.jobID = jobID
        self.pipeline = pipeline
        self.workflow = workflow
        self.arrival = arrival
        self.status = status
        self.step = step
        self.attempt = attempt
        self.owner = owner
        self.leaseUntil = leaseUntil
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.endedAt = endedAt
        self.steps = steps
        self.counts = counts
        self.error = error
        self.receipt = receipt
        self.announcements = announcements
        self.asker = asker
        self.content = content
        self.duplicateOf = duplicateOf
        self.revision = revision
        self.expiresAt = expiresAt
    }

    /// Stands among the announcements of a job that was not done, until its message is in the dead-letter queue.
    package static let deadLetterDue = "dead-letter"

    package typealias Fence = JobState.Fence

    /// What the next write is conditional on.
    package var fence: Fence { state.fence }

    /// What the protocol looks at and changes. Announcements that are no longer owed leave the record.
    package var state: JobState {
        get {
            JobState(
                status: status, attempt: attempt, owner: owner, leaseUntil: leaseUntil, updatedAt: updatedAt, endedAt: endedAt,
                asker: asker, owesAnnouncements: announcements.contains { $0 != Self.deadLetterDue },
                owesDeadLetter: announcements.contains(Self.deadLetterDue))
        }
        set {
            status = newValue.status
            attempt = newValue.attempt
            owner = newValue.owner
            leaseUntil = newValue.leaseUntil
            updatedAt = newValue.updatedAt
            endedAt = newValue.endedAt
            asker = newValue.asker
            announcements.removeAll { $0 == Self.deadLetterDue || !newValue.owesAnnouncements }
            if newValue.owesDeadLetter { announcements.append(Self.deadLetterDue) }
        }
    }
}
