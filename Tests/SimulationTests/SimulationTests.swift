import Testing

/// The protocol's model, explored: `docs/PROTOCOL.md` explains it. The long form is `make simulate`.
@Suite("The protocol's model")
struct SimulationTests {
    private static let schedules: UInt64 = 10_000
    private static let parts: UInt64 = 8
    private static let seedsForMutant = 2000
    /// Rare bugs are looked for from here on, so that the tests stay short; `simulate --mutants` starts at seed 0.
    private static let rare: [Mutant: UInt64] = [.deleteAfterFirst: 4000, .hiddenOnce: 9000, .sameFence: 345_000]

    @Test("no schedule breaks a promise", arguments: 0..<parts)
    func promises(_ part: UInt64) throws {
        let size = Self.schedules / Self.parts
        let sum = Simulation.run(part * size..<(part + 1) * size)
        if let failure = sum.failure {
            let words = Simulation.trace(failure.seed).joined(separator: "\n")
            Issue.record("\(words)\nTo see it again: make simulate ARGUMENTS='--seed \(failure.seed)'")
        }
        #expect(sum.schedules == Int(size))
    }

    @Test("the schedules hold what they are to hold")
    func variety() {
        let sum = Simulation.run(0..<500)
        for (name, count) in sum.tally.lines where name != Tally.rarest { #expect(count > 0, "no \(name)") }
    }

    @Test("a seeded bug is caught", arguments: Mutant.allCases)
    func mutants(_ mutant: Mutant) {
        let failure = Simulation.firstFailure(from: Self.rare[mutant] ?? 0, count: Self.seedsForMutant, mutant: mutant)
        #expect(failure != nil, "\(mutant.rawValue) was not caught")
    }

    @Test("a seed is the same schedule each time")
    func repeats() {
        for seed in [0, 1, 144, 2538] as [UInt64] {
            #expect(Simulation.trace(seed) == Simulation.trace(seed))
        }
    }
}
