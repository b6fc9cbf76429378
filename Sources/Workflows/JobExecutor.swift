import Jobs
import Logging
import SigV4
import Telemetry

/// What became of a request: what to do with its message, and the job's record where there is one.
package struct Execution: Sendable {
    package var outcome: Outcome
    package var record: JobRecord?
    /// Set where this attempt did the job.
    package var receipt: Receipt?
    /// Set where it did not.
    package var failure: Failure?

    /// Of a request that was not begun because the worker is leaving.
    package static let interrupted = Execution(outcome: .interrupted)

    /// Of a request that was not begun, and is to come again.
    package static func waiting(_ wait: Duration, _ failure: Failure) -> Execution {
        Execution(outcome: .retry(after: wait), failure: failure)
    }
}

/// What the delivery of a message adds to its requests.
package struct Delivery: Sendable {
    /// When the job ended whose dead letter was redriven.
    package var redrivenFrom: Timestamp?
    /// How often the message was delivered.
    package var receiveCount = 1
    /// Whether the queue gives the message out for the last time.
    package var isLast = false
    /// Called a few times in every lease, to keep the message hidden.
    package var keepAlive: @Sendable () async throws -> Void

    package init(
        redrivenFrom: Timestamp? = nil, receiveCount: Int = 1, isLast: Bool = false,
        keepAlive: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.redrivenFrom = redrivenFrom
        self.receiveCount = receiveCount
        self.isLast = isLast
        self.keepAlive = keepAlive
    }
}

/// Takes a request from arrival to outcome: finds its pipeline, and does what ``JobHandling`` says.
package struct JobExecutor: Sendable {
    package let catalog: PipelineCatalog
    package let services: JobServices

    private let breaker: DatabaseBreaker?

    package init(catalog: PipelineCatalog, services: JobServices, breaker: DatabaseBreaker? = nil) {
        self.catalog = catalog
        self.services = services
        self.breaker = breaker
    }

    /// Does the request, or says why not. Cancelled, it stops the work, hands the job back and says `interrupted`.
    package func execute(_ request: JobRequest, _ delivery: Delivery = Delivery()) async -> Execution {
        var request = request
        do {
            if let jobID = request.jobID { try await resolve(jobID, &request) }
        } catch {
            let failure = Failure(error)
            services.log.log(.error, "The job that a message speaks of cannot be found", [.error: failure])
            return Execution(outcome: failure.kind == .transient ? .retry(after: services.rules.refusedWait) : .rejected, failure: failure)
        }
        let route: Result<Pipeline, Failure>
        do {
            route = .success(try catalog.pipeline(for: request))
        } catch {
            // What we have made ourselves need not be taken further.
            if request.madeBy != nil { return Execution(outcome: .alreadyDone) }
            route = .failure(error)
        }
        if let pipeline = try? route.get(), pipeline.workflow == .loader, !delivery.isLast,
            let pause = breaker?.pause(receiveCount: delivery.receiveCount), await !isEnded(request, pipeline)
        {
            let failure = Failure(.transient, "database.unavailable", "The database is away; the pipeline is paused.")
            return Execution(outcome: .retry(after: pause), failure: failure)
        }
        var handled = HandledJob(request, route, delivery, services, breaker)
        return await handled.run()
    }

    /// Whether the request's job has ended: then nothing of it needs the database.
    private func isEnded(_ request: JobRequest, _ pipeline: Pipeline) async -> Bool {
        let jobID = JobID.of(request.arrival, pipeline: pipeline.name)
        return (try? await services.records.find(jobID))?.status.isEnded ?? false
    }

    /// Fills in what the record of the job that a request names knows.
    private func resolve(_ jobID: String, _ request: inout JobRequest) async throws {
        guard let record = try await services.records.find(jobID) else {
            if !request.arrival.source.isEmpty { return }
            throw Failure(.badInput, "message.unknown_job", "The message names job \(jobID), of which there is no record.")
        }
        request.arrival = record.arrival
        request.pipeline = request.pipeline ?? record.pipeline
    }

    /// Takes it upon us to store the dead letter of a job that was not done: the record then; nil where somebody else has.
    package func claimDeadLetter(_ record: JobRecord) async throws -> JobRecord? {
        var next = record
        next.state = record.state.claimingDeadLetter(at: services.clock.now())
        return try await services.replace(next, expecting: record.fence) ? next : nil
    }

    /// Notes that the message of a job that was not done is in the dead-letter queue; the record is as
    /// ``claimDeadLetter(_:)`` left it.
    package func noteDeadLetter(_ record: JobRecord) async throws {
        var next = record
        next.state = record.state.notingDeadLetter(at: services.clock.now())
        _ = try await services.replace(next, expecting: record.fence)
    }

    /// Why the message of jobs that cannot be done goes to the dead-letter queue; nil where none of them is such.
    package static func deadLetterReason(_ executions: [Execution], at now: Timestamp) -> DeadLetterReason? {
        let rejected = executions.filter { $0.outcome == .rejected }
        guard let first = rejected.first else { return nil }
        let error = first.record?.error
        return DeadLetterReason(
            code: error?.code ?? first.failure?.code ?? "internal.error",
            message: error?.message ?? first.failure?.message ?? "", jobID: first.record?.jobID,
            pipeline: first.record?.pipeline, step: first.record?.step, attempts: first.record?.attempt ?? 1,
            // Not before the end of any of them: the letter, redriven, asks for all of them again.
            rejectedAt: rejected.compactMap { $0.record?.endedAt }.max() ?? now)
    }
}

/// One request in hand: makes the calls that ``JobHandling`` asks for.
private struct HandledJob {
    let request: JobRequest
    let route: Result<Pipeline, Failure>
    let delivery: Delivery
    let services: JobServices
    let breaker: DatabaseBreaker?
    let jobID: String
    private var handling: JobHandling
    private var record: JobRecord?
    private var uploaded: Uploaded?
    private var failure: Failure?

    init(
        _ request: JobRequest, _ route: Result<Pipeline, Failure>, _ delivery: Delivery, _ services: JobServices,
        _ breaker: DatabaseBreaker?
    ) {
        self.breaker = breaker
        self.request = request
        self.route = route
        self.delivery = delivery
        self.services = services
        jobID = JobID.of(request.arrival, pipeline: (try? route.get())?.name ?? "")
        var known = JobHandling.Request(
            owner: "\(services.owner):\(String(UInt32.random(in: 0...UInt32.max), radix: 16))", jitter: .random(in: 0...1))
        known.asker = request.taskToken.map { String(SHA256.hexadecimal($0).prefix(16)) }
        known.redrivenFrom = delivery.redrivenFrom
        known.isLastDelivery = delivery.isLast
        handling = JobHandling(known, rules: services.rules)
    }

    private var log: Logger {
        services.log.with([.jobID: jobID, .pipeline: (try? route.get())?.name ?? ""])
    }

    mutating func run() async -> Execution {
        var event = JobHandling.Event.begun
        while true {
            switch handling.next(event, at: services.clock.now()) {
            case .finish(let outcome):
                note(outcome)
                return Execution(outcome: outcome, record: record, receipt: uploaded?.receipt, failure: failure)
            case .work(let state):
                record?.state = state
                event = await work()
            case .finishWork(let state):
                record?.state = state
                event = await work(onlyToFinish: true)
            case let action:
                event = await call(action)
            }
        }
    }

    // MARK: Calls

    /// Makes a call that is short, and must not be cut off when the worker leaves.
    private mutating func call(_ action: JobHandling.Action) async -> JobHandling.Event {
        let (services, jobID) = (services, jobID)
        do {
            let next = try written(action)
            switch action {
            case .find:
                record = try await Task { try await services.records.find(jobID) }.value
                return .found(record?.state)
            case .create:
                guard let next else { return .refused }
                let isWritten = try await Task { try await services.records.create(next) }.value
                if isWritten { record = next }
                return .written(isWritten)
            case .replace(_, let fence, let write):
                guard let next else { return .refused }
                let isWritten = try await Task { try await services.replace(next, expecting: fence) }.value
                if isWritten {
                    record = next
                    if write == .end { ended(next) }
                }
                return .written(isWritten)
            case .announce:
                guard let record else { return .refused }
                let heartbeat = Heartbeat(lease: services.lease, log: log, delivery.keepAlive)
                try await Task { try await heartbeat.around { try await services.announce(record) } }.value
                return .announced
            case .work, .finishWork, .finish:
                return .refused
            }
        } catch {
            failure = failure ?? Failure(error)
            log.log(
                .error, "The job's record could not be kept, or its end not be announced; another attempt will", [.error: Failure(error)])
            return .refused
        }
    }

    /// The record that an action writes: its state, and what belongs to it.
    private func written(_ action: JobHandling.Action) throws -> JobRecord? {
        let pipeline = try? route.get()
        switch action {
        case .create(let state):
            var record = JobRecord(
                jobID: jobID, pipeline: pipeline?.name ?? "", workflow: pipeline?.workflow.rawValue ?? "",
                arrival: request.arrival, state: state, expiresAt: state.updatedAt.advanced(by: JobServices.recordLifetime))
            record.revision = pipeline?.revision(software: services.softwareName)
            return record
        case .replace(let state, _, let write):
            guard var next = record else { return nil }
            switch write {
            case .takeOver:
                next.revision = pipeline?.revision(software: services.softwareName)
            case .reopen:
                (next.steps, next.step, next.error, next.counts, next.receipt) = ([], nil, nil, Counts(), nil)
                next.revision = pipeline?.revision(software: services.softwareName)
            case .release:
                next.error = failure.flatMap { $0.code == Failure.stepDoneCode ? nil : JobRecord.ErrorRecord($0) }
            case .end:
                try end(&next, as: state)
            case .settle:
                break
            case .announced:
                let step = StepRecord(
                    name: StepName.announce.rawValue, started: next.updatedAt, ended: state.updatedAt, result: "{}")
                next.steps.append(step)
            }
            next.state = state
            return next
        case .find, .announce, .work, .finishWork, .finish:
            return nil
        }
    }

    /// Adds what an ended job's record holds: counts, error or receipt, and what is to be announced.
    private func end(_ next: inout JobRecord, as state: JobState) throws {
        let announcements = JobAnnouncements(record: next, now: state.updatedAt)
        var due: [AnnouncementRecord] = []
        if state.status == .succeeded, let uploaded {
            (next.counts, next.receipt, next.error) = (uploaded.receipt.counts, uploaded.receiptURI, nil)
            due = try announcements.succeeded(uploaded)
        } else {
            let error = JobRecord.ErrorRecord(failure ?? exhausted(next))
            next.error = error
            if state.owesAnnouncements {
                due = try announcements.notDone(state.status == .rejected ? .jobRejected : .jobFailed, error: error)
            }
        }
        next.announcements = try due.map { try $0.jsonText() }
    }

    /// Why a job fails that was begun too often: each time its worker died before it could say more.
    private func exhausted(_ record: JobRecord) -> Failure {
        let last = record.error.map { ": \($0.code), \($0.message)" } ?? ": the worker ended each time before the job did"
        return Failure(
            .permanent, record.error?.code ?? "job.attempts_exhausted",
            "\(services.maxAttempts) attempts did not do the job\(last)".clipped(toUTF8Bytes: 900))
    }

    // MARK: Work

    private mutating func work(onlyToFinish: Bool = false) async -> JobHandling.Event {
        guard let record else { return .refused }
        let run = JobRun(record: record, services: services, lastStep: request.step)
        run.log.log(.info, "Job begun", [.source: record.arrival.source])
        services.metrics.add(1, to: .jobsRunning)
        defer { services.metrics.add(-1, to: .jobsRunning) }
        let end: JobHandling.WorkEnd
        do {
            let job = JobWork(run: run, pipeline: try route.get(), arrival: record.arrival, services: services)
            uploaded = try await job.run(onlyToFinish: onlyToFinish, delivery.keepAlive)
            end = uploaded == nil ? .permanent : .succeeded
        } catch {
            let failure = Failure(error)
            self.failure = failure
            run.log.log(
                failure.kind == .interrupted ? .info : .warning, "Attempt ended without success",
                [.code: failure.code, .reason: failure.message, .step: await run.current.step ?? ""])
            end = failure.workEnd
            if failure.code == "database.unavailable" { breaker?.failed(failure) }
        }
        let current = await run.current
        self.record = current
        return .worked(end, current.state)
    }

    // MARK: What is seen of it

    private func ended(_ record: JobRecord) {
        services.metrics.add(to: .jobsEnded, ["status": record.status.rawValue, "pipeline": record.pipeline])
        guard record.status == .succeeded else { return }
        let counts = record.counts
        for (what, rows) in [
            ("read", counts.read), ("loaded", counts.loaded), ("written", counts.written), ("rejected", counts.rejected),
        ] {
            services.metrics.add(Double(rows), to: .rows, ["what": what, "pipeline": record.pipeline])
        }
        let seconds = uploaded?.receipt.seconds ?? 0
        log.log(.info, "Job succeeded", [.rows: counts.read, .rejected: counts.rejected, .seconds: seconds])
        if !services.keepsScratch { Scratch.remove(services.scratch(of: record)) }
    }

    private func note(_ outcome: Outcome) {
        switch outcome {
        case .alreadyDone:
            log.log(.info, "The job has ended before", [.status: record?.status.rawValue ?? ""])
            // The worker that did it may have been killed before it could tidy up.
            if let record, record.status == .succeeded, !services.keepsScratch { Scratch.remove(services.scratch(of: record)) }
        case .retry(let after) where failure == nil:
            log.log(.info, "Another worker holds the job", [.afterSeconds: after.components.seconds])
        default: break
        }
    }
}

extension JobRecord.ErrorRecord {
    fileprivate init(_ failure: Failure) {
        self.init(code: failure.code, message: failure.message.clipped(toUTF8Bytes: 2000))
    }
}
