import Jobs

/// How the work on one file goes, whoever does it.
struct FileScript {
    enum Fault {
        case none
        /// The file is at fault: each attempt says so.
        case badInput
        /// We are at fault, until the operator has mended it (and redrives).
        case permanent
        /// Passes after ``times`` attempts.
        case transient
        /// Kills the worker that touches it, ``times`` times.
        case crash
    }

    var fault = Fault.none
    var times = 0
    /// In which step: before the rows are loaded, or after it.
    var step = 0
    /// Files of one key are versions of one object, in the order of `sequence`.
    var key = 0
    var sequence = 0

    /// Whether one attempt or another succeeds, unless it is redriven before it is mended.
    var isGood: Bool { fault == .none || fault == .transient || fault == .crash }
}

/// How often what goes wrong does so, in a thousand chances each.
struct FaultMix {
    var kill = 0
    var pause = 0
    /// A worker is asked to leave and started again.
    var leave = 0
    /// A call fails, with or without effect.
    var refuse = 0
    /// A call fails and takes effect later.
    var late = 0
    /// A call is made twice, because its first answer was lost.
    var double = 0
    /// A hidden message is delivered all the same, or a deleted one once more.
    var duplicate = 0
    /// An operator redrives a dead letter.
    var redrive = 0
    /// Clocks are off by minutes and jump, rather than by up to a second.
    var hasWildClocks = false
}

/// What a seed makes of the world before the first event.
struct Scenario {
    static let maxFiles = 4
    static let maxWorkers = 3
    static let lease = Duration.seconds(30)
    static let leaseMilliseconds: Int64 = 30_000

    var files: [FileScript] = []
    /// Which files each first message asks for, when it is sent, and which Step Functions task waits for it (0: none).
    var messages: [(files: [Int], sentAt: Int64, asker: Int)] = []
    var workers = 1
    var slotsPerWorker = 1
    var maxAttempts = 3
    /// How often the queue delivers before it dead-letters by itself; 0: it does not.
    var maxReceives = 0
    var faults = FaultMix()
    /// When the faults stop.
    var calmAt: Int64 = 0
    /// Whether an old receipt still settles its message, as in SQS, or not, as in the local queue.
    var oldReceiptsWork = false
    /// Whether each step takes a while, though not to its first heartbeat.
    var isSlow = false
    /// Whether the operator redrives all dead letters once at the end.
    var redrivesAtEnd = false

    init(_ chance: inout Chance) {
        isSlow = chance.happens(100)
        let count = chance.within(1...Self.maxFiles)
        for index in 0..<count { files.append(Self.file(index, &chance)) }
        for index in 0..<count {
            for _ in 0..<(chance.happens(300) ? 2 : 1) {
                var asked = [index]
                while chance.happens(isSlow ? 800 : 250), asked.count < (isSlow ? count : 3) {
                    let other = chance.below(count)
                    if !asked.contains(other) { asked.append(other) }
                }
                let isTask = asked.count == 1 && chance.happens(150)
                messages.append((asked, Int64(chance.below(20_000)), isTask ? 1 + chance.below(3) : 0))
            }
        }
        workers = chance.within(1...Self.maxWorkers)
        slotsPerWorker = chance.within(1...2)
        maxAttempts = chance.within(2...4)
        maxReceives = chance.happens(250) ? chance.within(3...8) : 0
        oldReceiptsWork = chance.happens(500)
        redrivesAtEnd = chance.happens(250)
        calmAt = Int64(chance.within(20_000...300_000))
        faults = Self.mix(&chance)
    }

    private static func file(_ index: Int, _ chance: inout Chance) -> FileScript {
        var file = FileScript()
        file.key = chance.happens(300) ? 0 : index
        file.sequence = index
        file.step = chance.happens(250) ? 1 : 0
        switch chance.below(10) {
        case 0...5: break
        case 6: file.fault = .badInput
        case 7: file.fault = .permanent
        case 8: (file.fault, file.times) = (.transient, chance.within(1...4))
        default: (file.fault, file.times) = (.crash, chance.happens(500) ? 99 : chance.within(1...2))
        }
        if file.fault == .badInput || file.fault == .crash { file.step = 0 }
        return file
    }

    /// One kind of fault alone, a few, or all: a schedule with few kinds excuses little.
    private static func mix(_ chance: inout Chance) -> FaultMix {
        var mix = FaultMix()
        if chance.happens(100) { return mix }
        let share = [150, 400, 800][chance.below(3)]
        let weight = [1, 3, 10][chance.below(3)]
        if chance.happens(share) { mix.kill = 6 * weight }
        if chance.happens(share) { mix.pause = 6 * weight }
        if chance.happens(share) { mix.leave = 4 * weight }
        if chance.happens(share) { mix.refuse = 10 * weight }
        if chance.happens(share) { mix.late = 5 * weight }
        if chance.happens(share) { mix.double = 8 * weight }
        if chance.happens(share) { mix.duplicate = 100 * weight }
        if chance.happens(share / 2) { mix.redrive = 8 * weight }
        mix.hasWildClocks = chance.happens(share / 4)
        return mix
    }
}

extension Scenario {
    /// For traces.
    var lines: [String] {
        var lines = [
            "\(workers) workers with \(slotsPerWorker) slots, \(maxAttempts) attempts, \(maxReceives) receives (0: any number), "
                + "faults until \(calmAt / 1000) s, \(faults)"
        ]
        for (index, file) in files.enumerated() {
            let fault = file.fault == .none ? "no fault" : "\(file.fault) (\(file.times) times) in step \(file.step)"
            lines.append("file \(index): version \(file.sequence) of key \(file.key), \(fault)")
        }
        for (index, message) in messages.enumerated() {
            let task = message.asker > 0 ? ", for task \(message.asker)" : ""
            lines.append("message \(index) asks for files \(message.files)\(task)")
        }
        return lines
    }
}
