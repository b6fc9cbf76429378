import Synchronization

/// Tells the parts of a worker to leave: first gently, then at once.
package final class StopSignal: Sendable {
    package enum Level: Int, Sendable, Comparable {
        case draining = 1
        case now = 2

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    private struct State {
        var level: Level?
        var waiters: [Int: (level: Level, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var isRaised: Bool { state.withLock { $0.level != nil } }

    /// Raises the signal to a level; it never falls.
    package func raise(_ level: Level) {
        let due = state.withLock { state in
            state.level = max(state.level ?? level, level)
            let due = state.waiters.filter { $0.value.level <= level }
            for key in due.keys { state.waiters[key] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Raises the signal by one level: what another SIGTERM does.
    package func raiseFurther() {
        raise(isRaised ? .now : .draining)
    }

    /// Returns when the signal has reached a level; throws `CancellationError` when the task is cancelled first.
    package func wait(for level: Level) async throws {
        let key = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isOver = state.withLock { state in
                    if let reached = state.level, reached >= level { return true }
                    // A cancellation that came first found nobody to resume.
                    if Task.isCancelled { return true }
                    state.waiters[key] = (level, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: key) }
            waiter?.continuation.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }
}
