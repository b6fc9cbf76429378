import Jobs
import Workflows

/// What `redrive` and `purge` have in common: a round, told letter by letter, and its sum.
struct DeadLetterCommandRound {
    var ids: [String]
    var flags: DeadLetterFlags
    var limit: Int
    var isDry, isJSON: Bool
    /// For people, and as the JSON's `result`.
    var verb, result: String

    private struct Report: Encodable {
        /// Then the numbers are of what would be done.
        var dryRun: Bool
        var matched = 0
        var redriven: Int?
        var purged: Int?
        var refused = 0
        var letters: [Letter] = []

        mutating func add(_ letter: Letter) {
            letters.append(letter)
            matched += 1
            if letter.reason != nil {
                refused += 1
            } else if let count = purged {
                purged = count + 1
            } else {
                redriven = (redriven ?? 0) + 1
            }
        }
    }

    private struct Letter: Encodable {
        var id, code, result: String
        var jobID, pipeline: String?
        var keys: [String]
        var reason: String?
    }

    func run(_ work: DeadLetterRound.Work, _ queue: any ArrivalQueue, _ catalog: PipelineCatalog?) async throws {
        var filter = try flags.filter(now: WallClock.system.now())
        filter.ids = Set(ids)
        let round = DeadLetterRound(
            queue: queue, filter: filter, catalog: catalog, limit: try OperatorFlag.limit(limit, DeadLetterRound.maxLetters),
            isDry: isDry)
        var report = Report(dryRun: isDry)
        if case .purge = work { report.purged = 0 } else { report.redriven = 0 }
        do {
            try await round.run(work) { handled in report.add(letter(handled)) }
        } catch {
            // What was done is done, and to be known.
            try say(report)
            throw error
        }
        try say(report)
        let missing = Set(ids).subtracting(report.letters.map(\.id)).sorted()
        if let first = missing.first {
            throw Failure(.permanent, "input.not_found", "There is no dead letter \(first) that can be taken now.")
        }
        if report.redriven == 0, report.refused > 0 {
            throw Failure(
                .badInput, "message.would_fail_again", "Refused \(report.refused) of \(report.refused): they would fail again unchanged.")
        }
    }

    private func letter(_ handled: DeadLetterRound.Handled) -> Letter {
        let letter = handled.letter
        return Letter(
            id: letter.id, code: letter.code, result: handled.refusal == nil ? result : "refused", jobID: letter.attributes["job.id"],
            pipeline: letter.attributes["pipeline"], keys: letter.requests.map(\.arrival.key), reason: handled.refusal)
    }

    private func say(_ report: Report) throws {
        if isJSON {
            try Terminal.say(report: report)
            return
        }
        for letter in report.letters {
            let what = ([letter.id, letter.code] + letter.keys.prefix(1)).joined(separator: " ")
            Terminal.say(letter.reason.map { "refused  \(what)\n         \($0)" } ?? "\(verb)  \(what)")
        }
        let refused = report.purged == nil ? ", \(report.refused) refused" : ""
        Terminal.say("\(report.matched - report.refused) \(verb)\(refused)")
    }
}
