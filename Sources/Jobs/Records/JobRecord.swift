/// How far a job has come.
package enum JobStatus: String, Sendable, Codable, CaseIterable {
    case running, succeeded, rejected, superseded, failed, cancelled

    /// Whether nothing more will happen to the job.
    package var isEnded: Bool { self != .running }
}

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
    /// In the order in which they were begun.
    package var steps: [StepRecord]
    package var counts: Counts
    package var error: ErrorRecord?
    /// The receipt's URI.
    package var receipt: String?
    /// What an ended job still has to announce, each one JSON, and ``deadLetterDue`` until its message has been copied to
    /// the dead-letter queue; empty once all is done.
    package var announcements: [String]
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

    /// A job nobody has claimed yet, at its first attempt.
    package init(
        jobID: String, pipeline: String, workflow: String, arrival: Arrival, owner: String, leaseUntil: Timestamp,
        now: Timestamp, expiresAt: Timestamp
    ) {
        self.jobID = jobID
        self.pipeline = pipeline
        self.workflow = workflow
        self.arrival = arrival
        self.status = .running
        self.step = nil
        self.attempt = 1
        self.owner = owner
        self.leaseUntil = leaseUntil
        self.createdAt = now
        self.updatedAt = now
        self.steps = []
        self.counts = Counts()
        self.error = nil
        self.receipt = nil
        self.announcements = []
        self.expiresAt = expiresAt
    }

    /// All fields, for the backends that read a record back.
    package init(
        jobID: String, pipeline: String, workflow: String, arrival: Arrival, status: JobStatus, step: String?,
        attempt: Int, owner: String?, leaseUntil: Timestamp?, createdAt: Timestamp, updatedAt: Timestamp,
        steps: [StepRecord], counts: Counts, error: ErrorRecord?, receipt: String?, announcements: [String],
        expiresAt: Timestamp
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
        self.steps = steps
        self.counts = counts
        self.error = error
        self.receipt = receipt
        self.announcements = announcements
        self.expiresAt = expiresAt
    }

    /// Stands among the announcements of a job that was not done, until its message is in the dead-letter queue.
    package static let deadLetterDue = "dead-letter"

    /// What the next write is conditional on.
    package var fence: Fence { Fence(owner: owner, attempt: attempt, leaseUntil: leaseUntil) }

    /// Who held a record, at which attempt and until when, as a writer last saw it.
    package struct Fence: Hashable, Sendable {
        package var owner: String?
        package var attempt: Int
        package var leaseUntil: Timestamp?

        package init(owner: String?, attempt: Int, leaseUntil: Timestamp?) {
            self.owner = owner
            self.attempt = attempt
            self.leaseUntil = leaseUntil
        }
    }
}
