import Dispatch
import Foundation
import Synchronization

/// One thing that happens once, waited for by a thread or by a task.
final class Signal: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isSent = Mutex(false)

    /// True the first time.
    @discardableResult
    func send() -> Bool {
        let isFirst = isSent.withLock { sent in
            defer { sent = true }
            return !sent
        }
        if isFirst { semaphore.signal() }
        return isFirst
    }

    /// Blocks the thread.
    func wait() { semaphore.wait() }

    /// Waits without blocking the thread of the task.
    func waited() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                self.semaphore.wait()
                continuation.resume()
            }
        }
    }
}

/// The path of a new file with a text in it.
func temporaryFile(_ text: String) -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("landfall-\(UUID().uuidString).sql").path
    _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8))
    return path
}
