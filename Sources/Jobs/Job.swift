import SigV4

/// Which job an arrival is for a pipeline: the same arrival twice is the same job.
package enum JobID {
    /// 32 hexadecimal digits of a SHA-256 over pipeline, bucket, key and version (where there is none: the etag).
    package static func of(_ arrival: Arrival, pipeline: String) -> String {
        let parts = [pipeline, arrival.bucket, arrival.key, arrival.identity]
        // Lengths keep `a` + `bc` apart from `ab` + `c`.
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        return String(SHA256.hexadecimal(text).prefix(32))
    }
}

/// How a job ended, or why it did not: what settlement acts on.
package enum Outcome: Hashable, Sendable {
    case done
    /// Another delivery of the same arrival ended before.
    case alreadyDone
    /// A newer version of the key was taken first.
    case superseded
    /// Try again, not before this time has passed.
    case retry(after: Duration)
    /// It can't be done; the message goes to the dead-letter queue with this reason.
    case rejected(DeadLetterReason)
    /// The worker is leaving or lost its lease: give the message back as it was.
    case interrupted
}
