import Glibc

/// A thread of its own for one actor, so that libpq may block it.
///
/// How this works: jobs wait in a list under a lock; the thread runs them one after the other and ends when the
/// executor is gone. A job keeps the executor alive until it has run.
final class ConnectionThread: SerialExecutor {
    private let jobs = JobList()

    init() throws(PostgresError) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(jobs)
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let jobs = Unmanaged<JobList>.fromOpaque(context).takeRetainedValue()
                while let (job, executor) = jobs.next() {
                    job.runSynchronously(on: executor.asUnownedSerialExecutor())
                }
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw PostgresError(
                code: "database.out_of_resources", message: "No thread can be started for a database connection.",
                isTransient: true)
        }
        pthread_detach(thread)
    }

    deinit { jobs.close() }

    func enqueue(_ job: consuming ExecutorJob) {
        jobs.add(UnownedJob(job), self)
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}

/// Jobs in the order in which they are to run. The lock guards everything, hence `@unchecked Sendable`.
private final class JobList: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [(UnownedJob, ConnectionThread)] = []
    private var isClosed = false

    init() {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    func add(_ job: UnownedJob, _ executor: ConnectionThread) {
        pthread_mutex_lock(lock)
        waiting.append((job, executor))
        pthread_mutex_unlock(lock)
        pthread_cond_signal(changed)
    }

    func close() {
        pthread_mutex_lock(lock)
        isClosed = true
        pthread_mutex_unlock(lock)
        pthread_cond_signal(changed)
    }

    /// Waits for a job; nil when there will be none.
    func next() -> (UnownedJob, ConnectionThread)? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while waiting.isEmpty {
            if isClosed { return nil }
            pthread_cond_wait(changed, lock)
        }
        return waiting.removeFirst()
    }
}
