import Jobs
import Synchronization

/// The memory that jobs share: each waits, in the order of asking, until its share is free.
final class MemoryBudget: Sendable {
    private struct State {
        var free: Int
        var waiters: [(id: Int, bytes: Int, continuation: CheckedContinuation<Void, any Error>)] = []
        var nextID = 0
    }

    /// What any job takes: buffers, dictionaries, a connection. In bytes.
    static let leastShare = 32 << 20
    /// What a job takes at the most, however large its file: files are streamed. Those of a dozen columns took under 100 MB.
    static let greatestShare = 128 << 20

    private let total: Int
    private let state: Mutex<State>

    /// `total` in bytes; never less than one job takes.
    init(_ total: Int) {
        self.total = max(total, Self.greatestShare)
        state = Mutex(State(free: self.total))
    }

    /// How many jobs the budget has room for at once, at the most.
    static func slots(in total: Int) -> Int { max(1, total / leastShare) }

    /// The share of a job whose file has so many bytes; of an unknown size: the greatest.
    static func share(ofFile bytes: Int64?) -> Int {
        guard let bytes else { return greatestShare }
        return leastShare + Int(min(max(bytes, 0), Int64(greatestShare - leastShare)))
    }

    var waiting: Int { state.withLock { $0.waiters.count } }

    /// Waits for a share. Throws `CancellationError` when the task is cancelled first.
    func take(_ bytes: Int) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isOver: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if state.waiters.isEmpty, state.free >= bytes {
                        state.free -= bytes
                        return true
                    }
                    state.waiters.append((id, bytes, continuation))
                    return nil
                }
                if isOver == true { continuation.resume() }
                if isOver == false { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
            admit()
        }
    }

    func giveBack(_ bytes: Int) {
        state.withLock { $0.free += bytes }
        admit()
    }

    private func admit() {
        let due = state.withLock { state in
            var due: [CheckedContinuation<Void, any Error>] = []
            while let first = state.waiters.first, state.free >= first.bytes {
                state.free -= first.bytes
                due.append(state.waiters.removeFirst().continuation)
            }
            return due
        }
        for continuation in due { continuation.resume() }
    }
}
