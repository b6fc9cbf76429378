/// Runs schedules, one for each seed.
enum Simulation {
    struct Verdict: Sendable {
        var seed: UInt64
        var violation: String?
        var events: Int
        var tally: Tally
    }

    /// What many schedules came to.
    struct Sum: Sendable {
        var schedules = 0
        var events = 0
        var tally = Tally()
        /// The first schedule that broke a promise.
        var failure: Verdict?

        mutating func add(_ other: Sum) {
            schedules += other.schedules
            events += other.events
            tally.add(other.tally)
            if let new = other.failure, new.seed < failure?.seed ?? .max { failure = new }
        }
    }

    static func run(_ seed: UInt64, mutant: Mutant? = nil) -> Verdict {
        let world = World(seed: seed, mutant: mutant)
        world.run()
        return Verdict(seed: seed, violation: world.violation, events: world.events, tally: world.tally)
    }

    /// Runs these seeds, up to the first that breaks a promise.
    static func run(_ seeds: Range<UInt64>, mutant: Mutant? = nil) -> Sum {
        var sum = Sum()
        for seed in seeds {
            let verdict = run(seed, mutant: mutant)
            sum.schedules += 1
            sum.events += verdict.events
            sum.tally.add(verdict.tally)
            if verdict.violation != nil {
                sum.failure = verdict
                break
            }
        }
        return sum
    }

    static func firstFailure(from start: UInt64 = 0, count: Int, mutant: Mutant? = nil) -> Verdict? {
        run(start..<start + UInt64(count), mutant: mutant).failure
    }

    /// The schedule of a seed in words.
    static func trace(_ seed: UInt64, mutant: Mutant? = nil) -> [String] {
        let trace = Trace()
        let world = World(seed: seed, mutant: mutant, trace: trace)
        world.run()
        return trace.lines + [world.violation ?? "no promise was broken in \(world.events) events"]
    }
}
