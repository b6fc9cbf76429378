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
    private var steps: [Step]
    private var counts: Counts
    private var error: JobRecord.ErrorRecord?
    private var receipt: String?

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
    }

    /// For people.
    var text: String {
        var lines = [
            "job       \(jobID)", "status    \(status.rawValue)", "pipeline  \(pipeline) (\(workflow))", "source    \(source)",
            "attempt   \(attempt)",
            "rows      \(counts.read) read, \(counts.loaded) loaded, \(counts.written) written, \(counts.rejected) rejected",
        ]
        if let error { lines.append("error     \(error.code): \(error.message)") }
        if let receipt { lines.append("receipt   \(receipt)") }
        for step in steps {
            lines.append("  \(step.name): " + (step.seconds.map { "\($0) s" } ?? "begun \(step.started)"))
        }
        return lines.joined(separator: "\n")
    }
}
