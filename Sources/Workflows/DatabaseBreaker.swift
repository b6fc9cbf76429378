import Jobs
import Logging
import Synchronization
import Telemetry

/// Pauses the pipelines that need the database while it is away: opened by the first attempt that does not reach it, closed
/// by a probe that does.
package final class DatabaseBreaker: Sendable {
    private struct State {
        var isOpen = false
    }

    private static let firstProbeWait = Duration.seconds(1)
    private static let maxProbeWait = Duration.seconds(30)
    /// How long a message waits whose pipeline is paused: doubled with each delivery, because deliveries may be counted.
    private static let firstPause = Duration.seconds(15)
    private static let maxPause = Duration.seconds(600)

    private let state = Mutex(State())
    private let probe: @Sendable () async throws -> Void
    private let metrics: Metrics
    private let log: Logger

    /// `probe` throws as long as the database is away.
    package init(metrics: Metrics, log: Logger, probe: @escaping @Sendable () async throws -> Void) {
        self.metrics = metrics
        self.log = log
        self.probe = probe
    }

    /// Nil while the database is thought to be there; else how long a message should wait that was delivered so often.
    package func pause(receiveCount: Int) -> Duration? {
        guard state.withLock({ $0.isOpen }) else { return nil }
        return min(Self.firstPause * (1 << min(max(receiveCount - 1, 0), 10)), Self.maxPause)
    }

    /// An attempt did not reach the database.
    func failed(_ failure: Failure) {
        let opens = state.withLock { state in
            defer { state.isOpen = true }
            return !state.isOpen
        }
        guard opens else { return }
        metrics.set(0, to: .databaseUp)
        log.log(.error, "The database is away; pipelines that load are paused", [.error: failure])
        Task { await probeUntilThere() }
    }

    private func probeUntilThere() async {
        var wait = Self.firstProbeWait
        while true {
            try? await Task.sleep(for: wait)
            do {
                try await probe()
                break
            } catch {
                log.log(.info, "The database is still away", [.error: Failure(error)])
                wait = min(wait * 2, Self.maxProbeWait)
            }
        }
        state.withLock { $0.isOpen = false }
        metrics.set(1, to: .databaseUp)
        log.log(.info, "The database is back")
    }
}
