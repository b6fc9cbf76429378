import Glibc

/// The long form of the simulation:
///
///     simulate [--seeds N] [--from SEED] [--mutant NAME]   N schedules; ends with status 1 at the first that breaks a promise
///     simulate --seed SEED [--mutant NAME]                 one schedule in words
///     simulate --mutants                                   how many seeds it takes to catch each of the seeded bugs
@main
enum Simulate {
    private static let chunk: UInt64 = 1000
    private static let maxSeedsForMutant = 200_000

    static func main() async {
        var seeds: UInt64 = 1_000_000
        var from: UInt64 = 0
        var single: UInt64?
        var mutant: Mutant?
        var arguments = CommandLine.arguments.dropFirst()
        while let flag = arguments.popFirst() {
            if flag == "--mutants" { return catchMutants() }
            guard let value = arguments.popFirst() else { return usage() }
            switch flag {
            case "--mutant":
                guard let known = Mutant(rawValue: value) else { return usage() }
                mutant = known
            case "--seeds": seeds = UInt64(value) ?? seeds
            case "--from": from = UInt64(value) ?? from
            case "--seed": single = UInt64(value)
            default: return usage()
            }
        }
        if let single { return tell(single, mutant) }
        await explore(from..<from + seeds, mutant)
    }

    private static func usage() {
        print("simulate [--seeds N] [--from SEED] [--seed SEED] [--mutants] [--mutant NAME], where NAME is one of")
        for mutant in Mutant.allCases { print("    \(mutant.rawValue)") }
        exit(64)
    }

    private static func tell(_ seed: UInt64, _ mutant: Mutant?) {
        for line in Simulation.trace(seed, mutant: mutant) { print(line) }
    }

    private static func explore(_ seeds: Range<UInt64>, _ mutant: Mutant?) async {
        let started = ContinuousClock.now
        var sum = Simulation.Sum()
        await withTaskGroup(of: Simulation.Sum.self) { group in
            var next = seeds.lowerBound
            func add() {
                guard next < seeds.upperBound, sum.failure == nil else { return }
                let part = next..<min(next + chunk, seeds.upperBound)
                next = part.upperBound
                group.addTask { Simulation.run(part, mutant: mutant) }
            }
            for _ in 0..<4 { add() }
            while let part = await group.next() {
                sum.add(part)
                add()
            }
        }
        let (seconds, _) = (ContinuousClock.now - started).components
        print("\(sum.schedules) schedules, \(sum.events) events in \(seconds) s")
        for (name, count) in sum.tally.lines { print("  \(count) \(name)") }
        guard let failure = sum.failure else { return print("no promise was broken") }
        tell(failure.seed, mutant)
        let mutation = mutant.map { " --mutant \($0.rawValue)" } ?? ""
        print("seed \(failure.seed) breaks a promise. To see it again: make simulate ARGUMENTS='--seed \(failure.seed)\(mutation)'")
        exit(1)
    }

    private static func catchMutants() {
        var isMissed = false
        for mutant in Mutant.allCases {
            let found = Simulation.firstFailure(from: 0, count: maxSeedsForMutant, mutant: mutant)
            isMissed = isMissed || found == nil
            let name = mutant.rawValue + String(repeating: " ", count: 26 - mutant.rawValue.count)
            print(name + (found.map { "seed \($0.seed): \($0.violation ?? "")" } ?? "NOT CAUGHT"))
        }
        if isMissed { exit(1) }
    }
}
