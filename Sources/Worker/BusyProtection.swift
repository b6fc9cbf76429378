import Jobs
import Logging
import Telemetry

/// Keeps the ECS task from being stopped while it is busy: set with the first message in hand, renewed while there is one,
/// cleared when there is none (ECS developer guide, "Task scale-in protection endpoint").
///
/// That it cannot be set is logged and never fatal.
package actor BusyProtection {
    /// Sets or clears the protection; it ends by itself after ``lifetime``.
    private let set: @Sendable (_ isProtected: Bool, _ minutes: Int) async throws -> Void
    private let log: Logger
    private var inHand = 0
    /// What was last asked for, and is being asked for.
    private var isWanted = false
    private var renewal: Task<Void, Never>?
    private var lastCall: Task<Void, Never>?

    /// How long a protection lasts, in minutes; renewed at half of it.
    static let lifetime = 60

    package init(log: Logger, set: @escaping @Sendable (Bool, Int) async throws -> Void) {
        self.log = log
        self.set = set
    }

    func begin() {
        inHand += 1
        want(true)
    }

    func end() {
        inHand -= 1
        if inHand == 0 { want(false) }
    }

    /// Waits until what was asked for last has been said.
    func settled() async {
        await lastCall?.value
    }

    private func want(_ isProtected: Bool) {
        guard isProtected != isWanted else { return }
        isWanted = isProtected
        renewal?.cancel()
        call(isProtected)
        guard isProtected else { return }
        renewal = Task {
            while (try? await Task.sleep(for: .seconds(Self.lifetime * 30))) != nil { call(true) }
        }
    }

    /// Calls follow one another, so that the last one counts.
    private func call(_ isProtected: Bool) {
        let before = lastCall
        lastCall = Task { [set, log] in
            await before?.value
            do {
                try await set(isProtected, Self.lifetime)
                log.log(.debug, "Task protection", [.status: isProtected ? "set" : "cleared"])
            } catch {
                log.log(.warning, "The task's protection could not be changed", [.error: Failure(error)])
            }
        }
    }
}
