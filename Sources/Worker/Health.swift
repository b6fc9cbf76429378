import Jobs
import Synchronization

/// Whether the worker is ready: what `/readyz` answers.
package final class Health: Sendable {
    private let queueFailure = Mutex<Failure?>(nil)
    private let hasAnswered = Mutex(false)

    package init() {}

    func queueAnswered() {
        queueFailure.withLock { $0 = nil }
        hasAnswered.withLock { $0 = true }
    }

    func queueFailed(_ failure: Failure) {
        queueFailure.withLock { $0 = failure }
    }

    /// Nil while all is well; else what is not.
    var problem: String? {
        queueFailure.withLock { $0 }.map { "queue: \($0)" }
    }
}
