import Glibc
import Synchronization

/// Threads of their own for work that computes or blocks, so that heartbeats and network calls are never late.
///
/// A task that prefers this executor (`withTaskExecutorPreference`) runs its nonisolated code here.
package final class WorkThreads: TaskExecutor {
    private struct Queue {
        var jobs: [UnownedJob] = []
        var next = 0

        mutating func pop() -> UnownedJob? {
            guard next < jobs.count else { return nil }
            let job = jobs[next]
            next += 1
            if next == jobs.count {
                jobs.removeAll(keepingCapacity: true)
                next = 0
            }
            return job
        }
    }

    private let queue = Mutex(Queue())
    private let signal: Semaphore
    /// 8 MiB: deep recursion in readers is limited by them, not by the stack.
    private static let stackBytes = 8 << 20

    /// Starts `count` threads, which live as long as the process.
    package init(count: Int) {
        signal = Semaphore()
        for _ in 0..<max(1, count) {
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            pthread_attr_setstacksize(&attributes, Self.stackBytes)
            pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
            var thread = pthread_t()
            let context = Unmanaged.passRetained(self).toOpaque()
            pthread_create(
                &thread, &attributes,
                { context in
                    guard let context else { return nil }
                    Unmanaged<WorkThreads>.fromOpaque(context).takeUnretainedValue().run()
                    return nil
                }, context)
            pthread_attr_destroy(&attributes)
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        queue.withLock { $0.jobs.append(unowned) }
        signal.post()
    }

    private func run() {
        while true {
            signal.wait()
            if let job = queue.withLock({ $0.pop() }) {
                job.runSynchronously(on: asUnownedTaskExecutor())
            }
        }
    }
}

/// A POSIX semaphore.
private final class Semaphore: @unchecked Sendable {
    // Allocated once and never moved, as sem_t demands; the pointer is only handed to sem_* functions.
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    func post() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0 {}
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }
}
