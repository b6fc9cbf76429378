import Jobs
import Logging
import Synchronization
import Telemetry
import Workflows

/// One message in hand: read it, keep it hidden, do what it asks for, settle it.
struct MessageWork: Sendable {
    let message: QueueMessage
    /// Messages of the same group that wait for this one, and are kept hidden with it.
    let behind: ArraySlice<QueueMessage>
    let queue: any ArrivalQueue
    let executor: JobExecutor
    let budget: MemoryBudget
    let disk: DiskRoom
    private let listener = TaskListener()

    init(
        message: QueueMessage, behind: ArraySlice<QueueMessage>, queue: any ArrivalQueue, executor: JobExecutor,
        budget: MemoryBudget, disk: DiskRoom
    ) {
        self.message = message
        self.behind = behind
        self.queue = queue
        self.executor = executor
        self.budget = budget
        self.disk = disk
    }

    private var services: JobServices { executor.services }
    private var log: Logger { services.log.with([.messageID: message.id]) }

    /// Whether the message is gone from the queue afterwards, as far as we know.
    func handle() async -> Bool {
        services.metrics.add(to: .messagesReceived)
        switch MessageReading(body: message.body) {
        case .ignored(let what):
            log.log(.info, "Message acknowledged without work", [.shape: what])
            return await settle([], [.done], reason: nil)
        case .notUnderstood(let why):
            log.log(.warning, "Message not understood", [.reason: why])
            let reason = DeadLetterReason(
                code: "message.not_understood", message: why, jobID: nil, pipeline: nil, step: nil,
                attempts: message.receiveCount, rejectedAt: services.clock.now())
            return await settle([], [.rejected], reason: reason)
        case .requests(let requests, let shape):
            log.log(.info, "Message taken", [.shape: shape, .count: requests.count])
            var done: [(request: JobRequest, execution: Execution)] = []
            for request in requests {
                if !done.isEmpty { await stayHidden(request) }
                done.append((request, await execute(request)))
            }
            let executions = done.map(\.execution)
            return await settle(
                done, executions.map(\.outcome), reason: JobExecutor.deadLetterReason(executions, at: services.clock.now()))
        }
    }

    // MARK: Work

    /// Waits for the request's share of memory, then does it; the message stays hidden meanwhile.
    private func execute(_ request: JobRequest) async -> Execution {
        let delivery = Delivery(
            redrivenFrom: message.attributes["rejected.at"].flatMap { Timestamp($0) }, receiveCount: message.receiveCount,
            isLast: message.isLastDelivery
        ) { [self] in try await keepAlive(request) }
        let share = MemoryBudget.share(ofFile: request.arrival.size)
        do {
            try await wait(for: share, request)
        } catch {
            return .interrupted
        }
        defer { budget.giveBack(share) }
        var room: Int64 = 0
        do {
            room = try disk.take(for: request.arrival)
        } catch {
            // At the last delivery the job begins all the same: it may fit, or fails with the reason.
            guard message.isLastDelivery else {
                log.log(.warning, "A job waits for room in the work folder", [.source: request.arrival.source, .error: error])
                return .waiting(DiskRoom.pause(receiveCount: message.receiveCount), error)
            }
        }
        defer { disk.giveBack(room) }
        return await executor.execute(request, delivery)
    }

    /// Waits for memory, with the message kept alive beside it.
    private func wait(for share: Int, _ request: JobRequest) async throws {
        services.metrics.set(Double(budget.waiting), to: .memoryWaiting)
        let heartbeat = Heartbeat(lease: services.lease, log: log) { try await keepAlive(request) }
        try await heartbeat.around { try await budget.take(share) }
        services.metrics.set(Double(budget.waiting), to: .memoryWaiting)
    }

    /// Begins the message's visibility anew before each further request: many short works are as long as one, and none of them
    /// lives to its first heartbeat.
    private func stayHidden(_ request: JobRequest) async {
        do {
            try await keepAlive(request)
        } catch {
            log.log(.warning, "A heartbeat failed", [.error: Failure(error)])
        }
    }

    private func keepAlive(_ request: JobRequest) async throws {
        try await queue.extend(message, visibility: services.lease)
        for other in behind { try await queue.extend(other, visibility: services.lease) }
        if let token = request.taskToken, !listener.isSilent {
            try await tell { try await services.callbacks.beat(token) }
        }
    }

    /// Tells the task that waits; one that waits no more gets no further heartbeats, and is no error.
    private func tell(_ call: () async throws -> Void) async throws {
        do {
            try await call()
        } catch let failure as Failure where failure.code == TaskCallbacks.goneCode {
            listener.isSilent = true
            log.log(.warning, "The Step Functions task waits no more", [.reason: failure.message])
        }
    }

    // MARK: Settlement

    /// Does what ``Settlement`` says: the only place that deletes, releases or dead-letters. If a call fails, the message
    /// comes back by itself. Says whether the message is gone.
    private func settle(
        _ done: [(request: JobRequest, execution: Execution)], _ outcomes: [Outcome], reason: DeadLetterReason?
    ) async -> Bool {
        var settlement = Settlement(outcomes)
        // A message that was not understood has an outcome, but no job.
        var records = outcomes.indices.map { done.indices.contains($0) ? done[$0].execution.record : nil }
        var event = Settlement.Event.begun
        var isGone = false
        while true {
            let action = settlement.next(event)
            if action == .finish { return isGone }
            do {
                // Settlement is short and must not be cut off by the worker's leaving.
                switch action {
                case .claimDeadLetter(let index):
                    records[index] = try await Task { [record = records[index]] in try await claimDeadLetter(record) }.value
                case .noteDeadLetter(let index):
                    guard let record = records[index] else { break }
                    try await Task { try await executor.noteDeadLetter(record) }.value
                default:
                    try await Task { try await perform(action, done, reason) }.value
                }
                if action == .delete { isGone = true }
                event = .done
            } catch {
                log.log(.error, "A message could not be settled; it will come back", [.error: Failure(error)])
                event = .refused
            }
        }
    }

    private func perform(
        _ action: Settlement.Action, _ done: [(request: JobRequest, execution: Execution)], _ reason: DeadLetterReason?
    ) async throws {
        switch action {
        case .release(let wait):
            try await queue.release(message, after: wait)
            services.metrics.add(to: .messagesSettled, ["how": wait == .zero ? "released" : "retried"])
        case .respond:
            try await keepingHidden {
                for (request, execution) in done { try await respond(request, execution) }
            }
        case .copyToDeadLetters:
            guard let reason else { return }
            try await keepingHidden { try await queue.copyToDeadLetters(message, reason: reason) }
            services.metrics.add(to: .messagesSettled, ["how": "dead_lettered"])
        case .delete:
            try await queue.delete(message)
            if reason == nil { services.metrics.add(to: .messagesSettled, ["how": done.isEmpty ? "ignored" : "deleted"]) }
        case .claimDeadLetter, .noteDeadLetter, .finish:
            break
        }
    }

    /// The record under our claim; a request without one (its message was not understood) needs none.
    private func claimDeadLetter(_ record: JobRecord?) async throws -> JobRecord? {
        guard let record else { return nil }
        guard let claimed = try await executor.claimDeadLetter(record) else {
            throw Failure(.interrupted, Failure.leaseLostCode, "Another delivery settles job \(record.jobID).")
        }
        return claimed
    }

    /// A call that takes long must not let another delivery do the same.
    private func keepingHidden(_ call: @escaping @Sendable () async throws -> Void) async throws {
        let heartbeat = Heartbeat(lease: services.lease, log: log) {
            try await queue.extend(message, visibility: services.lease)
        }
        try await heartbeat.around(call)
    }

    private func respond(_ request: JobRequest, _ execution: Execution) async throws {
        // Also where a heartbeat found nobody: the end is worth another try.
        guard let token = request.taskToken, let reply = await executor.reply(execution, request) else { return }
        try await tell {
            switch reply {
            case .success(let output): try await services.callbacks.succeed(token, output)
            case .failure(let code, let cause): try await services.callbacks.fail(token, code, cause)
            }
        }
    }
}

/// Whether the Step Functions task behind a message still hears heartbeats.
private final class TaskListener: Sendable {
    private let silent = Mutex(false)

    var isSilent: Bool {
        get { silent.withLock { $0 } }
        set { silent.withLock { $0 = newValue } }
    }
}
