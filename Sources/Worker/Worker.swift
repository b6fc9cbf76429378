import Jobs
import Logging
import Telemetry
import Workflows

/// The daemon's loop: receive, hand out, drain. What becomes of one message is ``MessageWork``.
package final class Worker: Sendable {
    private let queue: any ArrivalQueue
    private let executor: JobExecutor
    private let slotCount: Int
    private let budget: MemoryBudget
    private let disk: DiskRoom
    private let drain: Duration
    private let health: Health
    private let protection: BusyProtection?
    private var services: JobServices { executor.services }
    private var log: Logger { services.log }

    /// How long a receive waits for messages: SQS's longest.
    private static let receiveWait = Duration.seconds(20)
    /// The most messages that one receive takes: SQS's batch.
    private static let receiveBatch = 10
    private static let firstFailureWait = Duration.seconds(1)
    private static let maxFailureWait = Duration.seconds(30)

    /// `concurrency` and `memory` (in bytes) bound how many messages are in hand at once.
    package init(
        queue: any ArrivalQueue, executor: JobExecutor, concurrency: Int, memory: Int, drain: Duration, health: Health,
        protection: BusyProtection? = nil
    ) {
        self.queue = queue
        self.executor = executor
        slotCount = max(1, min(concurrency, MemoryBudget.slots(in: memory)))
        budget = MemoryBudget(memory)
        disk = DiskRoom(root: executor.services.workRoot)
        self.drain = drain
        self.health = health
        self.protection = protection
    }

    /// Works until `stop` says so. Then takes nothing new, gives what runs `drain` to end, and hands the rest back.
    package func run(until stop: StopSignal) async {
        let slots = Slots(slotCount)
        services.metrics.set(Double(slotCount), to: .slots)
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
                    let isPaused = slots.taken == slotCount
                    services.metrics.set(isPaused ? 1 : 0, to: .receivePaused)
                    let free = try await stopping(stop) { await slots.free() } ?? 0
                    guard free > 0 else { break }
                    services.metrics.set(0, to: .receivePaused)
                    let wanted = min(free, Self.receiveBatch)
                    let messages = try await stopping(stop) { [queue, services] in
                        try await queue.receive(max: wanted, wait: Self.receiveWait, visibility: services.lease)
                    }
                    failures = 0
                    health.queueAnswered()
                    for chain in Self.chains(messages ?? []) {
                        for _ in chain { slots.take() }
                        handlers.addTask {
                            await self.work(on: chain, slots, stop)
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
        await protection?.settled()
        log.log(.info, "Stopped")
    }

    /// Messages of one group follow one another; the others stand alone.
    static func chains(_ messages: [QueueMessage]) -> [[QueueMessage]] {
        var chains: [[QueueMessage]] = []
        var places: [String: Int] = [:]
        for message in messages {
            if let group = message.group, let place = places[group] {
                chains[place].append(message)
            } else {
                if let group = message.group { places[group] = chains.count }
                chains.append([message])
            }
        }
        return chains
    }

    /// Works on messages one after another. Where one comes back, those behind it do too, so that their order stays.
    private func work(on chain: [QueueMessage], _ slots: Slots, _ stop: StopSignal) async {
        var isBroken = false
        for (index, message) in chain.enumerated() {
            let behind = chain[(index + 1)...]
            if isBroken {
                try? await Task { [queue] in try await queue.release(message, after: .zero) }.value
            } else {
                await protection?.begin()
                isBroken = await !handleUnlessStopped(message, behind: behind, stop)
                await protection?.end()
            }
            slots.giveBack()
        }
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

    /// Handles a message and says whether it is gone; when the time to leave is over, its work is cancelled and handed back.
    private func handleUnlessStopped(_ message: QueueMessage, behind: ArraySlice<QueueMessage>, _ stop: StopSignal) async -> Bool {
        let work = MessageWork(message: message, behind: behind, queue: queue, executor: executor, budget: budget, disk: disk)
        return await withTaskGroup(of: Bool?.self) { group in
            group.addTask { await work.handle() }
            group.addTask {
                try? await stop.wait(for: .now)
                return nil
            }
            var isGone = false
            for await ended in group {
                if let ended {
                    isGone = ended
                    group.cancelAll()
                } else {
                    group.cancelAll()
                }
            }
            return isGone
        }
    }
}
