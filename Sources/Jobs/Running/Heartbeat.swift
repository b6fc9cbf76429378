import Logging
import Telemetry

/// Shows, beside some work, that it is still done: three times in every lease.
package struct Heartbeat: Sendable {
    private let interval: Duration
    private let log: Logger
    private let beat: @Sendable () async throws -> Void

    /// `beat` may fail: a lease outlives two missed beats. Where it throws an interruption (the lease is lost), the work is
    /// cancelled and the interruption thrown.
    package init(lease: Duration, log: Logger, _ beat: @escaping @Sendable () async throws -> Void) {
        interval = lease / 3
        self.log = log
        self.beat = beat
    }

    /// Runs `body` with the heartbeat beside it.
    package func around<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await run()
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let value = ended { return value }
            }
            throw CancellationError()
        }
    }

    private func run() async throws {
        while true {
            try await Task.sleep(for: interval)
            do {
                try await beat()
            } catch let failure as Failure where failure.kind == .interrupted {
                throw failure
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                log.log(.warning, "A heartbeat failed", [.error: Failure(error)])
            }
        }
    }
}
