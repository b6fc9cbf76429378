import Jobs
import Synchronization

/// Whether the worker is ready: what `/readyz` answers.
package final class Health: Sendable {
    private let queueFailure = Mutex<Failure?>(nil)

    package init() {}

    func queueAnswered() {
        queueFailure.withLock { $0 = nil }
    }

    func queueFailed(_ failure: Failure) {
        queueFailure.withLock { $0 = failure }
    }

    /// Nil while all is well; else what is not.
    var problem: String? {
        queueFailure.withLock { $0 }.map { "queue: \($0)" }
    }
}
