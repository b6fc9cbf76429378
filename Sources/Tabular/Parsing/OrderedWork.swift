import Glibc

/// Makes outputs of items on several threads, and hands the outputs over in the items' order.
///
/// How this works: whoever has nothing to do takes the next item, if nobody else is at it and not too many are under way, and
/// then works on it while the next one is taken. The caller of ``next()`` does the same while the output it waits for is not
/// there. So items are taken one at a time and in order, by any thread; with one thread all happens in ``next()``.
final class OrderedWork<Item, Output> {
    /// How many items may be under way, for each thread: one to work on, and one that is done before its turn.
    static var itemsPerThread: Int { 2 }

    private let crew: Crew<Item, Output>
    private var threads: [pthread_t] = []
    private let threadCount: Int

    /// How many items are under way at most: an item is not taken before the output of the one `limit` before it was handed over.
    static func limit(threads: Int) -> Int { threads <= 1 ? 1 : threads * itemsPerThread }

    /// `take` gives the next item, nil at the end; it is never called twice at a time, nor after it has thrown. `work` is
    /// called for several items at a time.
    init(threads: Int, take: @escaping () throws -> Item?, work: @escaping (Item) -> Output) {
        threadCount = max(1, threads)
        crew = Crew(limit: Self.limit(threads: threads), take: take, work: work)
    }

    deinit {
        crew.stop()
        for thread in threads { pthread_join(thread, nil) }
    }

    /// The output of the next item; nil behind the last. What `take` throws comes in its item's place, and every time after it.
    func next() throws -> Output? {
        if threads.isEmpty, threadCount > 1 { start() }
        return try crew.next()
    }

    /// Fewer threads than wanted are no fault: the caller works too.
    private func start() {
        for _ in 1..<threadCount {
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            pthread_attr_setstacksize(&attributes, OrderedWorkThread.stackBytes)
            var thread = pthread_t()
            let context = Unmanaged.passRetained(crew as OrderedWorkThread)
            let failed = pthread_create(
                &thread, &attributes,
                { context in
                    guard let context else { return nil }
                    Unmanaged<OrderedWorkThread>.fromOpaque(context).takeRetainedValue().run()
                    return nil
                }, context.toOpaque())
            guard failed == 0 else { return context.release() }
            threads.append(thread)
        }
    }
}

/// What a thread runs, whatever the types of its work are.
private class OrderedWorkThread {
    /// Readers limit their recursion themselves.
    static let stackBytes = 8 << 20

    func run() {}
}

/// What the threads share. All but `take` and `work` is guarded by `mutex`.
private final class Crew<Item, Output>: OrderedWorkThread {
    private enum Slot {
        case empty
        case output(Output)
        case end
        case failed(any Error)
    }

    private let take: () throws -> Item?
    private let work: (Item) -> Output
    private let limit: Int
    // Allocated once and never moved, as POSIX demands.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    /// The outputs of items `delivered..<taken`, item `i` in slot `i % limit`.
    private var slots: [Slot]
    private var taken = 0
    private var delivered = 0
    private var isTaking = false
    private var hasEnded = false
    private var isStopped = false

    init(limit: Int, take: @escaping () throws -> Item?, work: @escaping (Item) -> Output) {
        self.limit = limit
        self.take = take
        self.work = work
        slots = Array(repeating: .empty, count: limit)
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    override func run() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isStopped, !hasEnded {
            if mayTake { step() } else { pthread_cond_wait(changed, mutex) }
        }
    }

    func next() throws -> Output? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            switch slots[delivered % limit] {
            case .output(let output):
                slots[delivered % limit] = .empty
                delivered += 1
                pthread_cond_broadcast(changed)
                return output
            case .end: return nil
            case .failed(let error): throw error
            case .empty: if mayTake { step() } else { pthread_cond_wait(changed, mutex) }
            }
        }
    }

    private var mayTake: Bool { !isTaking && !hasEnded && taken - delivered < limit }

    /// Takes an item and works on it. The mutex is held before and after, and not meanwhile.
    private func step() {
        let place = taken % limit
        taken += 1
        isTaking = true
        pthread_mutex_unlock(mutex)
        let item = Result { try take() }
        pthread_mutex_lock(mutex)
        isTaking = false
        switch item {
        case .success(let item?):
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
            let output = work(item)
            pthread_mutex_lock(mutex)
            slots[place] = .output(output)
        case .success(nil):
            hasEnded = true
            slots[place] = .end
        case .failure(let error):
            hasEnded = true
            slots[place] = .failed(error)
        }
        pthread_cond_broadcast(changed)
    }
}
