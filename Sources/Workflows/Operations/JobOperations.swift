import Jobs

/// What an operator may do to a job: ask for it again, or call it off.
package struct JobOperations: Sendable {
    private let services: JobServices

    /// How often a write that another one overtook is tried again.
    private static let maxRaces = 5
    package static let cancelledCode = "job.cancelled"

    package init(services: JobServices) {
        self.services = services
    }

    // MARK: Again

    /// Opens a job that ended undone or superseded again and queues a message for it; of a job that waits for its next try, or
    /// whose worker has died, only a message, which may have been lost. Gives the id of the job that is asked for: of a file
    /// that no pipeline took it is another one, now that one does.
    ///
    /// - Throws: `Failure` `input.not_found`, `job.has_succeeded`, `job.is_running`, `job.not_addressable`, `job.held`,
    ///   `pipeline.no_match`, `pipeline.not_found`, or the backend's own.
    package func retry(_ jobID: String, catalog: PipelineCatalog, queue: any ArrivalQueue) async throws -> String {
        let record = try await find(jobID)
        let arrival = record.arrival
        if record.pipeline.isEmpty {
            let request = JobRequest(arrival: arrival)
            let id = JobID.of(arrival, pipeline: try catalog.pipeline(for: request).name)
            try await queue.send(OwnMessage(arrival, pipeline: nil).jsonText())
            return id
        }
        _ = try catalog.pipeline(for: JobRequest(arrival: arrival, pipeline: record.pipeline))
        let body = try OwnMessage(arrival, pipeline: record.pipeline).jsonText()
        guard case .requests(let requests, _) = MessageReading(body: body), requests.count == 1,
            JobID.of(requests[0].arrival, pipeline: record.pipeline) == jobID
        else {
            throw Failure(
                .permanent, "job.not_addressable",
                "Job \(jobID) cannot be asked for by a message: its record does not say the whole of its source. Send the file again.")
        }
        if record.status == .succeeded {
            throw Failure(.badInput, "job.has_succeeded", "Job \(jobID) has succeeded: there is nothing to retry.")
        }
        if record.status == .running {
            if record.owner != nil, let until = record.leaseUntil, until > services.clock.now() {
                throw Failure(
                    .badInput, "job.is_running", "Job \(jobID) is being worked on, under a lease until \(until). Cancel it first.")
            }
        } else {
            // What is not said by now would be forgotten.
            try await services.announce(record)
            guard try await services.reopen(jobID) else {
                throw Failure(.transient, "job.held", "Job \(jobID) was changed by somebody else meanwhile. Look again.")
            }
        }
        try await queue.send(body)
        return jobID
    }

    // MARK: Off

    /// Ends a job that runs or waits as cancelled. The fence changes, so that the worker that holds it stops at its next write,
    /// and its message is acknowledged when it comes back. What the worker has committed by then stays.
    ///
    /// - Throws: `Failure` `input.not_found`, `job.has_ended`, `job.held`, or the backend's own.
    package func cancel(_ jobID: String) async throws -> JobRecord {
        for _ in 0..<Self.maxRaces {
            let found = try await find(jobID)
            guard found.status == .running else {
                throw Failure(.badInput, "job.has_ended", "Job \(jobID) has ended as \(found.status.rawValue): there is nothing to cancel.")
            }
            let now = services.clock.now()
            var next = found
            next.status = .cancelled
            next.owner = nil
            next.leaseUntil = nil
            next.updatedAt = found.state.nextUpdate(at: now)
            next.endedAt = next.updatedAt
            next.announcements = []
            next.error = JobRecord.ErrorRecord(code: Self.cancelledCode, message: "An operator cancelled the job.")
            if try await services.replace(next, expecting: found.fence) { return next }
        }
        throw Failure(.transient, "job.held", "Job \(jobID) kept changing while it was to be cancelled. Try again.")
    }

    private func find(_ jobID: String) async throws -> JobRecord {
        guard let record = try await services.records.find(jobID) else {
            throw Failure(.permanent, "input.not_found", "There is no job \(jobID).")
        }
        return record
    }
}
