import Jobs
import Logging
import Telemetry
import Workflows

/// The daemon's loop: receive, keep alive, settle, drain.
package final class Worker: Sendable {
    private let queue: any ArrivalQueue
    private let executor: JobExecutor
    private let concurrency: Int
    private let drain: Duration
    private let health: Health
    private var services: JobServices { executor.services }
    private var log: Logger { services.log }

    /// How long a receive waits for messages: SQS's longest.
    private static let receiveWait = Duration.seconds(20)
    /// The most messages that one receive takes: SQS's batch.
    private static let receiveBatch = 10
    private static let firstFailureWait = Duration.seconds(1)
    private static let maxFailureWait = Duration.seconds(30)

    package init(queue: any ArrivalQueue, executor: JobExecutor, concurrency: Int, drain: Duration, health: Health) {
        self.queue = queue
        self.executor = executor
        self.concurrency = max(1, concurrency)
        self.drain = drain
        self.health = health
    }

    /// Works until `stop` says so. Then takes nothing new, gives what runs `drain` to end, and hands the rest back.
    package func run(until stop: StopSignal) async {
        let slots = Slots(concurrency)
        let deadline = Task {
            try await stop.wait(for: .draining)
            log.log(.info, "Draining", [.count: slots.taken])
            try await Task.sleep(for: drain)
            stop.raise(.now)
        }
        await withDiscardingTaskGroup { handlers in
            var failures = 0
            while !stop.isRaised {
                do {
                    let free = try await stopping(stop) { await slots.free() } ?? 0
                    guard free > 0 else { break }
                    let wanted = min(free, Self.receiveBatch)
                    let messages = try await stopping(stop) { [queue, services] in
                        try await queue.receive(max: wanted, wait: Self.receiveWait, visibility: services.lease)
                    }
                    failures = 0
                    health.queueAnswered()
                    for message in messages ?? [] {
                        slots.take()
                        handlers.addTask {
                            await self.handleUnlessStopped(message, stop)
                            slots.giveBack()
                        }
                    }
                } catch {
                    failures += 1
                    let failure = Failure(error)
                    services.metrics.add(to: .queueFailures)
                    health.queueFailed(failure)
                    let wait = min(Self.firstFailureWait * Double(1 << min(failures - 1, 5)), Self.maxFailureWait)
                    log.log(.error, "The queue could not be read", [.error: failure, .afterSeconds: wait.components.seconds])
                    _ = try? await stopping(stop) { try await Task.sleep(for: wait) }
                }
            }
        }
        deadline.cancel()
        log.log(.info, "Stopped")
    }

    /// Runs `body` unless or until the worker is to stop; nil where it was.
    private func stopping<Value: Sendable>(
        _ stop: StopSignal, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await stop.wait(for: .draining)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Handles a message; when the time to leave is over, its work is cancelled and handed back.
    private func handleUnlessStopped(_ message: QueueMessage, _ stop: StopSignal) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.handle(message) }
            group.addTask { try? await stop.wait(for: .now) }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: One message

    /// Reads a message, does what it asks for, and settles it.
    package func handle(_ message: QueueMessage) async {
        services.metrics.add(to: .messagesReceived)
        let log = self.log.with([.messageID: message.id])
        switch MessageReading(body: message.body) {
        case .ignored(let what):
            log.log(.info, "Message acknowledged without work", [.shape: what])
            await settle(message, [.done])
        case .notUnderstood(let why):
            log.log(.warning, "Message not understood", [.reason: why])
            let reason = DeadLetterReason(
                code: "message.not_understood", message: why, jobID: nil, pipeline: nil, step: nil,
                attempts: message.receiveCount, rejectedAt: services.clock.now())
            await settle(message, [.rejected], reason: reason)
        case .requests(let requests, let shape):
            log.log(.info, "Message taken", [.shape: shape, .count: requests.count])
            let delivery = Delivery(
                redrivenFrom: message.attributes["rejected.at"].flatMap { Timestamp($0) }, isLast: message.isLastDelivery
            ) { [queue, services] in
                try await queue.extend(message, visibility: services.lease)
            }
            var executions: [Execution] = []
            for request in requests { executions.append(await executor.execute(request, delivery)) }
            await settle(
                message, executions.map(\.outcome), executions: executions, reason: JobExecutor.deadLetterReason(executions))
        }
    }

    // MARK: Settlement

    /// Does what ``Settlement`` says: the only place that deletes, releases or dead-letters. If a call fails, the message
    /// comes back by itself.
    private func settle(
        _ message: QueueMessage, _ outcomes: [Outcome], executions: [Execution] = [], reason: DeadLetterReason? = nil
    ) async {
        var settlement = Settlement(outcomes)
        var event = Settlement.Event.begun
        while true {
            let action = settlement.next(event)
            if action == .finish { return }
            do {
                // Settlement is short and must not be cut off by the worker's leaving.
                try await Task { try await self.perform(action, message, executions, reason) }.value
                event = .done
            } catch {
                log.log(
                    .error, "A message could not be settled; it will come back",
                    [.messageID: message.id, .error: Failure(error)])
                event = .refused
            }
        }
    }

    private func perform(
        _ action: Settlement.Action, _ message: QueueMessage, _ executions: [Execution], _ reason: DeadLetterReason?
    ) async throws {
        switch action {
        case .release(let wait):
            try await queue.extend(message, visibility: wait)
            services.metrics.add(to: .messagesSettled, ["how": wait == .zero ? "released" : "retried"])
        case .respond:
            break
        case .claimDeadLetter(let index):
            guard executions.indices.contains(index), let record = executions[index].record else { return }
            guard try await executor.claimDeadLetter(record) else {
                throw Failure(.interrupted, Failure.leaseLostCode, "Another delivery settles job \(record.jobID).")
            }
        case .copyToDeadLetters:
            guard let reason else { return }
            try await queue.copyToDeadLetters(message, reason: reason)
            services.metrics.add(to: .messagesSettled, ["how": "dead_lettered"])
        case .noteDeadLetter(let index):
            guard executions.indices.contains(index), let record = executions[index].record else { return }
            try await executor.noteDeadLetter(record)
        case .delete:
            try await queue.delete(message)
            if reason == nil { services.metrics.add(to: .messagesSettled, ["how": executions.isEmpty ? "ignored" : "deleted"]) }
        case .finish:
            break
        }
    }
}
