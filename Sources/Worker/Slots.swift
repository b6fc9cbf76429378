import Synchronization

/// How many messages may be worked on at once: one receiver waits for a free slot, handlers give theirs back.
final class Slots: Sendable {
    private struct State {
        var free: Int
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let count: Int
    private let state: Mutex<State>

    init(_ count: Int) {
        self.count = count
        state = Mutex(State(free: count))
    }

    var taken: Int { count - state.withLock { $0.free } }

    func take() {
        state.withLock { $0.free -= 1 }
    }

    func giveBack() {
        let waiter = state.withLock { state in
            state.free += 1
            return Self.removeWaiter(&state)
        }
        waiter?.resume()
    }

    private static func removeWaiter(_ state: inout State) -> CheckedContinuation<Void, Never>? {
        defer { state.waiter = nil }
        return state.waiter
    }

    /// How many slots are free, at least one: waits for it. A cancelled wait gives 0. For one caller at a time.
    func free() async -> Int {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.free > 0 || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { Self.removeWaiter(&$0) }?.resume()
        }
        return Task.isCancelled ? 0 : state.withLock { $0.free }
    }
}
