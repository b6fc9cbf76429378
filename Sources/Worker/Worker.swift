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
            await settle(message, "ignored") { try await self.queue.delete(message) }
        case .notUnderstood(let why):
            log.log(.warning, "Message not understood", [.reason: why])
            let reason = DeadLetterReason(
                code: "message.not_understood", message: why, jobID: nil, pipeline: nil, step: nil,
                attempts: message.receiveCount, rejectedAt: services.clock.now())
            await settle(message, "dead_lettered") { try await self.queue.deadLetter(message, reason: reason) }
        case .requests(let requests, let shape):
            log.log(.info, "Message taken", [.shape: shape, .count: requests.count])
            var executions: [Execution] = []
            for request in requests {
                executions.append(
                    await executor.execute(request) { [queue, services] in
                        try await queue.extend(message, visibility: services.lease)
                    })
            }
            await settle(message, executions)
        }
    }

    /// Decides by all records' outcomes: a message with any record left comes back; one with a record that cannot be done
    /// is dead-lettered when the others have ended; else it is deleted.
    private func settle(_ message: QueueMessage, _ executions: [Execution]) async {
        var wait: Duration?
        var interrupted = false
        var rejection: (reason: DeadLetterReason, record: JobRecord?)?
        for execution in executions {
            switch execution.outcome {
            case .done, .alreadyDone, .superseded: break
            case .retry(let after): wait = wait.map { min($0, after) } ?? after
            case .interrupted: interrupted = true
            case .rejected(let reason): rejection = rejection ?? (reason, execution.record)
            }
        }
        if interrupted {
            await settle(message, "released") { try await self.queue.extend(message, visibility: .zero) }
        } else if let wait {
            await settle(message, "retried") { try await self.queue.extend(message, visibility: wait) }
        } else if let rejection {
            await settle(message, "dead_lettered") {
                try await self.queue.deadLetter(message, reason: rejection.reason)
                for execution in executions {
                    guard case .rejected = execution.outcome, let record = execution.record else { continue }
                    try await self.executor.deadLettered(record)
                }
            }
        } else {
            await settle(message, "deleted") { try await self.queue.delete(message) }
        }
    }

    /// The only place that deletes, releases or dead-letters. If it fails, the message comes back by itself.
    private func settle(_ message: QueueMessage, _ how: String, _ action: @escaping @Sendable () async throws -> Void) async {
        do {
            // Settlement is short and must not be cut off by the worker's leaving.
            try await Task { try await action() }.value
            services.metrics.add(to: .messagesSettled, ["how": how])
        } catch {
            log.log(.error, "A message could not be settled; it will come back", [.messageID: message.id, .error: Failure(error)])
        }
    }
}
