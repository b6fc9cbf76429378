import Jobs

/// A job's record as `jobs` shows it.
struct JobReport: Encodable {
    private struct Step: Encodable {
        var name: String
        var started: Timestamp
        var ended: Timestamp?
        var seconds: Double?
    }

    private var jobID, pipeline, workflow, bucket, key, source: String
    private var version, etag, sequencer: String?
    private var size: Int64?
    private var status: JobStatus
    private var step: String?
    private var attempt: Int
    private var owner: String?
    private var leaseUntil: Timestamp?
    private var createdAt, updatedAt, expiresAt: Timestamp
    private var endedAt: Timestamp?
    /// Which attempt comes next, of a job that has not ended; and, while somebody holds it, when another may take it over.
    private var nextAttempt: Int?
    private var nextAttemptAfter: Timestamp?
    private var steps: [Step]
    private var counts: Counts
    private var error: JobRecord.ErrorRecord?
    private var receipt, asker, duplicateOf, revision: String?
    /// How many announcements are not out yet, and whether the dead letter is still to be stored.
    private var owedAnnouncements: Int
    private var owesDeadLetter: Bool

    init(_ record: JobRecord) {
        jobID = record.jobID
        pipeline = record.pipeline
        workflow = record.workflow
        bucket = record.arrival.bucket
        key = record.arrival.key
        source = record.arrival.source
        version = record.arrival.version
        etag = record.arrival.etag
        sequencer = record.arrival.sequencer
        size = record.arrival.size
        status = record.status
        step = record.step
        attempt = record.attempt
        owner = record.owner
        leaseUntil = record.leaseUntil
        createdAt = record.createdAt
        updatedAt = record.updatedAt
        expiresAt = record.expiresAt
        steps = record.steps.map { step in
            Step(
                name: step.name, started: step.started, ended: step.ended,
                seconds: step.ended.map { $0.seconds(since: step.started) })
        }
        counts = record.counts
        error = record.error
        receipt = record.receipt
        endedAt = record.endedAt
        asker = record.asker
        duplicateOf = record.duplicateOf
        revision = record.revision
        owesDeadLetter = record.state.owesDeadLetter
        owedAnnouncements = record.announcements.count - (owesDeadLetter ? 1 : 0)
        if record.status == .running {
            nextAttempt = record.attempt + 1
            nextAttemptAfter = record.owner == nil ? nil : record.leaseUntil
        }
    }

    /// For people.
    var text: String {
        var facts: [(String, String?)] = [
            ("job", jobID), ("status", status.rawValue), ("pipeline", "\(pipeline) (\(workflow))"), ("source", source),
            ("version", version), ("etag", etag), ("sequencer", sequencer), ("size", size.map { "\($0) bytes" }),
            ("attempt", String(attempt)), ("owner", owner), ("lease", owner == nil ? nil : leaseUntil.map { "until \($0)" }),
            ("next", next), ("created", createdAt.description), ("updated", updatedAt.description), ("ended", endedAt?.description),
            ("rows", "\(counts.read) read, \(counts.loaded) loaded, \(counts.written) written, \(counts.rejected) rejected"),
            ("error", error.map { "\($0.code): \($0.message)" }), ("receipt", receipt), ("duplicate", duplicateOf.map { "of \($0)" }),
            ("asker", asker), ("revision", revision),
        ]
        if owedAnnouncements > 0 { facts.append(("owed", "\(owedAnnouncements) announcement(s)")) }
        if owesDeadLetter { facts.append(("owed", "the dead letter")) }
        facts.append(("expires", expiresAt.description))
        var lines = facts.compactMap { name, value in value.map { Self.padded(name) + $0 } }
        for step in steps {
            lines.append("  \(step.name): " + (step.seconds.map { "\($0) s" } ?? "begun \(step.started)"))
        }
        return lines.joined(separator: "\n")
    }

    private var next: String? {
        guard let nextAttempt else { return nil }
        if let nextAttemptAfter { return "attempt \(nextAttempt), if the lease ends at \(nextAttemptAfter) without another heartbeat" }
        return "attempt \(nextAttempt), when the message comes back"
    }

    private static func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(1, 11 - name.count))
    }
}
