import Jobs

/// The world around the protocol: workers, a queue, job records, a database, and what goes wrong with them.
///
/// How this works: whatever happens next, by simulated time, happens; each call to the outside takes effect at one moment
/// and is answered at another, and before either the worker may be killed or stopped. All choices come from the seed.
/// ``JobHandling``, ``HeldLease`` and ``Settlement`` are the product's own; the rest stands for the outside. While it runs,
/// the world is watched (`Watch.swift`), and at the end judged (`Verdict.swift`).
final class World {
    /// A call that was given up by its worker, and takes effect all the same.
    struct LateCall {
        var at: Int64
        var order: Order
    }

    /// A file as the outside knows it.
    struct FileState {
        /// How often the file itself made an attempt fail.
        var failures = 0
        /// How often its rows were loaded.
        var loads = 0
        var uploads = 0
        /// How often an operator or another task asked for the job again, and how often it was opened again.
        var reasons = 0
        var reopens = 0
        /// Counts the reopenings: which claims belong together.
        var epoch = 0
        var isMended = false
        /// Whether a worker loaded it that was stopped between looking at its lease and the load, and had lost the job since.
        var isLoadedLate = false
    }

    static let maxEvents = 20_000
    static let maxOperatorRounds = 20
    private static let maxLatency = 300

    let mutant: Mutant?
    var chance: Chance
    var scenario: Scenario
    var rules: JobHandling.Rules
    var now: Int64 = 0
    var events = 0
    var queue = MessageQueue()
    var rows: [Kept?]
    var files: [FileState]
    /// The latest version of each key that was begun.
    var latest: [Int]
    var workers: [SimulatedWorker] = []
    var hands: [Hand] = []
    var lateCalls: [LateCall] = []
    var claims: [Claim] = []
    var ends: [JobEnd] = []
    var violation: String?
    var tally = Tally()
    var trace: Trace?
    var operatorRounds = 0

    init(seed: UInt64, mutant: Mutant? = nil, trace: Trace? = nil) {
        self.mutant = mutant
        self.trace = trace
        chance = Chance(seed: seed)
        scenario = Scenario(&chance)
        rules = JobHandling.Rules(
            lease: Scenario.lease, maxAttempts: mutant == .endlessAttempts ? 1_000_000 : scenario.maxAttempts)
        if mutant == .noGrace { rules.settlementGrace = .zero }
        rows = Array(repeating: nil, count: scenario.files.count)
        files = Array(repeating: FileState(), count: scenario.files.count)
        latest = Array(repeating: -1, count: scenario.files.count)
        queue.maxReceives = scenario.maxReceives
        queue.oldReceiptsWork = scenario.oldReceiptsWork
        for number in 0..<scenario.workers {
            var worker = SimulatedWorker()
            let skew = scenario.faults.hasWildClocks ? 120_000 : 1_000
            worker.offset = Int64(chance.within(-skew...skew))
            worker.drift = scenario.faults.hasWildClocks ? Int64(chance.within(-20...20)) : Int64(chance.within(-1...1))
            workers.append(worker)
            for _ in 0..<scenario.slotsPerWorker { hands.append(Hand(index: hands.count, worker: number)) }
        }
        for message in scenario.messages {
            queue.send(Message(files: message.files, asker: message.asker, visibleAt: message.sentAt))
        }
        for file in files.indices { files[file].reasons = askers(of: file) }
        for hand in hands { hand.pollAt = nextPoll() }
        if let trace { for line in scenario.lines { trace.add(0, line) } }
    }

    var hasFaults: Bool { now < scenario.calmAt }
    var isWild: Bool { scenario.faults.hasWildClocks }

    private func askers(of file: Int) -> Int {
        var seen = 0
        for message in scenario.messages where message.files.contains(file) { seen |= 1 << message.asker }
        return (seen >> 1).nonzeroBitCount
    }

    // MARK: Time

    /// Runs until all is quiet, or something that must not be is seen.
    func run() {
        while violation == nil {
            events += 1
            guard events <= Self.maxEvents else { return fail("not quiet after \(Self.maxEvents) events") }
            guard let next = nextEvent() else {
                if operatorSteps() { continue }
                judge()
                return
            }
            now = max(now, next.at)
            switch next.what {
            case .late(let index):
                let late = lateCalls.remove(at: index)
                note { "worker \(self.hands[late.order.hand].worker) hand \(late.order.hand)'s \(late.order.call.name) is made now" }
                _ = perform(late.order)
            case .main(let hand): if !isStopped(hand, isBeat: false) { mainStep(hand) }
            case .beat(let hand): if !isStopped(hand, isBeat: true) { beatStep(hand) }
            }
        }
    }

    private enum Happening {
        case late(Int)
        case main(Hand)
        case beat(Hand)
    }

    private func nextEvent() -> (at: Int64, what: Happening)? {
        var at = Int64.max
        var what: Happening?
        for hand in hands {
            let main = hand.stage == .idle ? idleUntil(hand) : hand.at
            if main < at { (at, what) = (main, .main(hand)) }
            if hand.beatAt < at { (at, what) = (hand.beatAt, .beat(hand)) }
        }
        for (index, late) in lateCalls.enumerated() where late.at < at { (at, what) = (late.at, .late(index)) }
        return what.map { (at, $0) }
    }

    private func idleUntil(_ hand: Hand) -> Int64 {
        let visible = queue.visibleAt == .max ? .max : max(hand.readyAt, queue.visibleAt)
        return hasFaults ? min(visible, max(hand.readyAt, hand.pollAt)) : visible
    }

    func nextPoll() -> Int64 {
        scenario.faults.duplicate > 0 && !queue.messages.isEmpty ? now + Int64(chance.within(500...20_000)) : .max
    }

    func latency() -> Int64 { Int64(1 + chance.below(Self.maxLatency)) }

    func clock(_ hand: Hand) -> Timestamp { workers[hand.worker].clock(at: now) }

    // MARK: What is seen of it

    func fail(_ sentence: String) {
        violation = violation ?? sentence
        note { "VIOLATION: \(sentence)" }
    }

    @inline(__always)
    func note(_ text: () -> String) {
        trace?.add(now, text())
    }
}
