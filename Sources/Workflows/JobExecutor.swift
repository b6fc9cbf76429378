import Jobs
import Logging
import Telemetry

/// What became of a request: what to do with its message, and the job's record where there is one.
package struct Execution: Sendable {
    package var outcome: Outcome
    package var record: JobRecord?
    /// Set where this attempt did the job.
    package var receipt: Receipt?
    /// Set where it did not.
    package var failure: Failure?
}

/// Takes a request from arrival to outcome: find the pipeline, claim the job, run its workflow, end its record, announce.
package struct JobExecutor: Sendable {
    package let catalog: PipelineCatalog
    package let services: JobServices

    package init(catalog: PipelineCatalog, services: JobServices) {
        self.catalog = catalog
        self.services = services
    }

    /// How long a request waits whose job another worker holds, at the most.
    private static let maxHeldWait = Duration.seconds(60)
    /// How soon we try again when a job's end could not be recorded or announced.
    private static let settleRetry = Duration.seconds(15)

    /// Does the request, or says why not. `keepAlive` is called a few times in every lease, to keep the message hidden.
    package func execute(_ request: JobRequest, keepAlive: @escaping @Sendable () async throws -> Void) async -> Execution {
        let pipeline: Pipeline?
        var routing: Failure?
        do {
            pipeline = try catalog.pipeline(for: request)
        } catch {
            (pipeline, routing) = (nil, error)
        }
        let jobID = JobID.of(request.arrival, pipeline: pipeline?.name ?? "")
        let claim: JobClaim
        do {
            claim = try await services.claim(
                jobID: jobID, pipeline: pipeline?.name ?? "", workflow: pipeline?.workflow.rawValue ?? "",
                arrival: request.arrival)
        } catch {
            let failure = Failure(error)
            services.log.log(.error, "The job could not be claimed", [.jobID: jobID, .error: failure])
            return Execution(outcome: .retry(after: Self.settleRetry), failure: failure)
        }
        switch claim {
        case .held(let until):
            let wait = Duration.milliseconds(max(1000, until.milliseconds - services.clock.now().milliseconds))
            services.log.log(.info, "Another worker holds the job", [.jobID: jobID])
            return Execution(outcome: .retry(after: min(wait, Self.maxHeldWait)))
        case .ended(let record):
            services.log.log(.info, "The job has ended before", [.jobID: jobID, .status: record.status.rawValue])
            return await settleAgain(record)
        case .claimed(let record):
            return await attempt(record, pipeline, routing, keepAlive)
        }
    }

    /// Notes that the message of a job that was not done is in the dead-letter queue.
    package func deadLettered(_ record: JobRecord) async throws {
        var record = record
        let fence = record.fence
        record.announcements.removeAll { $0 == JobRecord.deadLetterDue }
        record.updatedAt = services.clock.now()
        _ = try await services.records.replace(record, expecting: fence)
    }

    // MARK: One attempt

    private func attempt(
        _ record: JobRecord, _ pipeline: Pipeline?, _ routing: Failure?, _ keepAlive: @escaping @Sendable () async throws -> Void
    ) async -> Execution {
        let run = JobRun(record: record, services: services)
        run.log.log(.info, "Job begun", [.source: record.arrival.source])
        services.metrics.add(1, to: .jobsRunning)
        defer { services.metrics.add(-1, to: .jobsRunning) }
        guard let pipeline, routing == nil else {
            return await end(run, routing ?? Failure(.permanent, "pipeline.no_match", "No pipeline takes this arrival."))
        }
        guard record.attempt <= services.maxAttempts else {
            let last = record.error.map { ": \($0.code), \($0.message)" } ?? ": the worker ended each time before the job did"
            let failure = Failure(
                .permanent, record.error?.code ?? "job.attempts_exhausted",
                "\(services.maxAttempts) attempts did not do the job\(last)".clipped(toUTF8Bytes: 900))
            return await end(run, failure)
        }
        // An end is short, and must not be cut off when the worker leaves: tasks of their own are not cancelled with ours.
        do {
            let uploaded = try await work(run, pipeline, record.arrival, keepAlive)
            return await Task { await succeed(run, uploaded) }.value
        } catch {
            return await Task { await end(run, error) }.value
        }
    }

    /// Runs the workflow, with a heartbeat beside it. A lost lease cancels the work.
    private func work(
        _ run: JobRun, _ pipeline: Pipeline, _ arrival: Arrival, _ keepAlive: @escaping @Sendable () async throws -> Void
    ) async throws(Failure) -> Uploaded {
        do {
            return try await withThrowingTaskGroup(of: Uploaded?.self) { group in
                group.addTask {
                    try await workflow(run, pipeline, arrival)
                }
                group.addTask {
                    try await heartbeat(run, keepAlive)
                    return nil
                }
                defer { group.cancelAll() }
                while let ended = try await group.next() {
                    if let uploaded = ended { return uploaded }
                }
                throw CancellationError()
            }
        } catch {
            throw Failure(error)
        }
    }

    private func workflow(_ run: JobRun, _ pipeline: Pipeline, _ arrival: Arrival) async throws -> Uploaded {
        switch pipeline.workflow {
        case .loader:
            guard let target = pipeline.target else {
                throw Failure(.permanent, "settings.missing_key", "Pipeline \(pipeline.name) has no target.")
            }
            return try await Loader(pipeline: pipeline, target: target, run: run, arrival: arrival, services: services).receipt()
        case .convertor:
            return try await Convertor(pipeline: pipeline, run: run, arrival: arrival, services: services).receipt()
        }
    }

    /// Renews lease and visibility three times in every lease, until cancelled. Ends with an error when the lease is lost.
    private func heartbeat(_ run: JobRun, _ keepAlive: @Sendable () async throws -> Void) async throws {
        while true {
            try await Task.sleep(for: services.lease / 3)
            do {
                try await keepAlive()
                guard try await run.renewLease() else {
                    throw Failure(.interrupted, "job.lease_lost", "Another worker has taken the job over.")
                }
            } catch let failure as Failure where failure.kind == .interrupted {
                throw failure
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // The lease outlives two missed heartbeats; the next may succeed.
                run.log.log(.warning, "A heartbeat failed", [.error: Failure(error)])
            }
        }
    }

    // MARK: Ends

    private func succeed(_ run: JobRun, _ uploaded: Uploaded) async -> Execution {
        let receipt = uploaded.receipt
        do {
            let announcements = try JobAnnouncements(record: await run.current, now: services.clock.now()).succeeded(uploaded)
            try await run.end(
                .succeeded, counts: receipt.counts, error: nil, receipt: uploaded.receiptURI, announcements: announcements)
            if !services.keepsScratch { Scratch.remove(run.scratch) }
            count(receipt.counts, receipt.pipeline)
            services.metrics.add(to: .jobsEnded, ["status": "succeeded", "pipeline": receipt.pipeline])
            run.log.log(
                .info, "Job succeeded",
                [.rows: receipt.counts.read, .rejected: receipt.counts.rejected, .seconds: receipt.seconds])
            try await run.announce()
            return Execution(outcome: .done, record: await run.current, receipt: receipt)
        } catch {
            return await unsettled(run, error)
        }
    }

    private func end(_ run: JobRun, _ failure: Failure) async -> Execution {
        let record = await run.current
        run.log.log(
            failure.kind == .interrupted ? .info : .warning, "Attempt ended without success",
            [.code: failure.code, .reason: failure.message, .step: record.step ?? ""])
        do {
            switch failure.kind {
            case .interrupted:
                if failure.code == Failure.interruptedCode { try await run.release(failure) }
                return Execution(outcome: .interrupted, record: record, failure: failure)
            case .transient where record.attempt < services.maxAttempts:
                try await run.release(failure)
                return Execution(outcome: .retry(after: Self.backoff(record.attempt)), record: record, failure: failure)
            case .badInput: return try await endUndone(run, .rejected, failure)
            case .permanent, .transient: return try await endUndone(run, failure.isRouting ? .rejected : .failed, failure)
            }
        } catch {
            return await unsettled(run, error)
        }
    }

    /// Ends a job that is not done; its message goes to the dead-letter queue.
    private func endUndone(_ run: JobRun, _ status: JobStatus, _ failure: Failure) async throws -> Execution {
        let error = JobRecord.ErrorRecord(code: failure.code, message: failure.message.clipped(toUTF8Bytes: 2000))
        let announcements = try JobAnnouncements(record: await run.current, now: services.clock.now())
            .notDone(status == .rejected ? .jobRejected : .jobFailed, error: error)
        try await run.end(
            status, counts: Counts(), error: error, receipt: nil, announcements: announcements, isDeadLettered: true)
        services.metrics.add(to: .jobsEnded, ["status": status.rawValue, "pipeline": await run.current.pipeline])
        try await run.announce()
        let record = await run.current
        return Execution(outcome: .rejected(reason(record)), record: record, failure: failure)
    }

    /// How long the worker that ended a job has to announce it and to settle its message, before another does.
    private static let settlementGrace = Duration.seconds(10)

    /// A job that ended before: says again what was not said, and settles its message accordingly.
    private func settleAgain(_ ended: JobRecord) async -> Execution {
        let grace = min(Self.settlementGrace, services.lease)
        if !ended.announcements.isEmpty, services.clock.now() < ended.updatedAt.advanced(by: grace) {
            return Execution(outcome: .retry(after: grace), record: ended)
        }
        do {
            let record = try await services.announce(ended)
            guard record.announcements.contains(JobRecord.deadLetterDue) else {
                return Execution(outcome: .alreadyDone, record: record)
            }
            return Execution(outcome: .rejected(reason(record)), record: record)
        } catch {
            let failure = Failure(error)
            services.log.log(.error, "The job's end could not be announced", [.jobID: ended.jobID, .error: failure])
            return Execution(outcome: .retry(after: Self.settleRetry), record: ended, failure: failure)
        }
    }

    private func unsettled(_ run: JobRun, _ error: any Error) async -> Execution {
        let failure = Failure(error)
        run.log.log(.error, "The job's end could not be recorded or announced; another attempt will", [.error: failure])
        let outcome: Outcome = failure.kind == .interrupted ? .interrupted : .retry(after: Self.settleRetry)
        return Execution(outcome: outcome, record: await run.current, failure: failure)
    }

    private func reason(_ record: JobRecord) -> DeadLetterReason {
        DeadLetterReason(
            code: record.error?.code ?? "internal.error", message: record.error?.message ?? "", jobID: record.jobID,
            pipeline: record.pipeline, step: record.step, attempts: record.attempt, rejectedAt: record.updatedAt)
    }

    private func count(_ counts: Counts, _ pipeline: String) {
        for (what, rows) in [
            ("read", counts.read), ("loaded", counts.loaded), ("written", counts.written), ("rejected", counts.rejected),
        ] {
            services.metrics.add(Double(rows), to: .rows, ["what": what, "pipeline": pipeline])
        }
    }

    private static let firstBackoff = 5.0
    private static let maxBackoff = 300.0

    /// 5 s, 10 s, 20 s … up to 5 minutes, between half of it and all.
    private static func backoff(_ attempt: Int) -> Duration {
        var seconds = firstBackoff
        for _ in 1..<max(1, attempt) { seconds = min(seconds * 2, maxBackoff) }
        return .seconds(seconds * Double.random(in: 0.5...1))
    }
}

extension Failure {
    /// Whether no pipeline took the arrival: a rejected job, not a failure of ours.
    fileprivate var isRouting: Bool { code == "pipeline.no_match" || code == "pipeline.not_found" }
}
