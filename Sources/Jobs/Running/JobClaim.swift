/// What became of an attempt to claim a job.
package enum JobClaim: Sendable {
    /// The job is ours until its lease ends.
    case claimed(JobRecord)
    /// The job has ended before.
    case ended(JobRecord)
    /// Another worker holds it until then.
    case held(until: Timestamp)
}

extension JobServices {
    /// How long a job's record is kept after it was made: 90 days.
    package static let recordLifetime = Duration.seconds(90 * 86_400)

    /// How often a lost race is run again before the job counts as held.
    private static let maxClaimRaces = 5

    /// Claims the job of an arrival: makes its record, or takes over one that nobody holds any more.
    package func claim(jobID: String, pipeline: String, workflow: String, arrival: Arrival) async throws -> JobClaim {
        // Unique to this claim: a write whose answer was lost is known again by it.
        let owner = "\(self.owner):\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
        for _ in 0..<Self.maxClaimRaces {
            let now = clock.now()
            guard var record = try await records.find(jobID) else {
                let fresh = JobRecord(
                    jobID: jobID, pipeline: pipeline, workflow: workflow, arrival: arrival, owner: owner,
                    leaseUntil: now.advanced(by: lease), now: now, expiresAt: now.advanced(by: Self.recordLifetime))
                if try await records.create(fresh) { return .claimed(fresh) }
                continue
            }
            if record.status.isEnded { return .ended(record) }
            if record.owner == owner { return .claimed(record) }
            if let until = record.leaseUntil, until > now { return .held(until: until) }
            let fence = record.fence
            record.owner = owner
            // A job that was given back unharmed keeps its number of attempts.
            let wasInterrupted = fence.owner == nil && record.error?.code == Failure.interruptedCode
            record.attempt += wasInterrupted ? 0 : 1
            record.leaseUntil = now.advanced(by: lease)
            record.updatedAt = now
            if try await records.replace(record, expecting: fence) { return .claimed(record) }
        }
        return .held(until: clock.now().advanced(by: lease))
    }
}

extension Failure {
    /// The code of an attempt that ended because its worker was leaving.
    package static let interruptedCode = "job.interrupted"
}

extension JobServices {
    /// Opens a job that ended without success again, so that it can be claimed: because a person asked for it.
    package func reopen(_ jobID: String) async throws {
        guard let ended = try await records.find(jobID), ended.status.isEnded, ended.status != .succeeded else { return }
        var record = ended
        record.status = .running
        record.attempt = 0
        record.owner = nil
        record.leaseUntil = nil
        record.steps = []
        record.error = nil
        record.announcements = []
        record.updatedAt = clock.now()
        _ = try await records.replace(record, expecting: ended.fence)
    }
}
