import Jobs

/// One round through the dead-letter queue: takes letter after letter, does with each what is asked, and gives back all that
/// is to stay.
package struct DeadLetterRound: Sendable {
    /// What is done with a letter that the filter takes.
    package enum Work: Sendable {
        /// Queue it again; `check` nil: whatever may come of it.
        case redrive(check: RedriveCheck?)
        case purge
    }

    /// A letter that the filter took, and what became of it.
    package struct Handled: Sendable {
        package var letter: DeadLetter
        /// Why it was left where it is; nil where it was redriven or purged (or would have been).
        package var refusal: String?
    }

    /// For how long letters are hidden from others: those that a round leaves behind when it is killed come back after it.
    package static let visibility = Duration.seconds(300)
    /// The most letters that a round looks at.
    package static let maxLetters = 100_000
    private static let batch = 10
    /// How many batches in a row may hold nothing new before the round is over.
    private static let maxIdleBatches = 3

    private let queue: any ArrivalQueue
    private let filter: DeadLetterFilter
    private let catalog: PipelineCatalog?
    private let limit: Int
    private let isDry: Bool

    /// `limit`: how many letters are redriven or purged at the most. Dry: says what would be done, and leaves everything.
    package init(queue: any ArrivalQueue, filter: DeadLetterFilter, catalog: PipelineCatalog?, limit: Int, isDry: Bool) {
        self.queue = queue
        self.filter = filter
        self.catalog = catalog
        self.limit = limit
        self.isDry = isDry
    }

    /// `tell` hears of each letter that the filter took, as soon as that is done; what it has not heard of is still there.
    package func run(_ work: Work, tell: (Handled) throws -> Void) async throws {
        var taken: [String: DeadLetter] = [:]
        let result: Result<Void, any Error>
        do {
            result = .success(try await go(work, &taken, tell))
        } catch {
            result = .failure(error)
        }
        // What cannot be given back comes back by itself.
        if !taken.isEmpty { try? await queue.giveBack(Array(taken.values)) }
        try result.get()
    }

    private func go(_ work: Work, _ taken: inout [String: DeadLetter], _ tell: (Handled) throws -> Void) async throws {
        var seen: Set<String> = []
        var redriven: [String: Timestamp] = [:]
        var done = 0
        var idleBatches = 0
        while done < limit, seen.count < Self.maxLetters, idleBatches < Self.maxIdleBatches {
            let letters = try await queue.takeDeadLetters(max: Self.batch, visibility: Self.visibility)
            if letters.isEmpty { return }
            for letter in letters { taken[letter.id] = letter.withoutBody }
            idleBatches = letters.contains { !seen.contains($0.id) } ? 0 : idleBatches + 1
            for letter in letters where seen.insert(letter.id).inserted && done < limit {
                guard filter.takes(letter, catalog: catalog) else { continue }
                // Of a job that this very round has queued again, and that has failed again: not twice in a round.
                let job = letter.attributes["job.id"] ?? String(letter.body.hashValue)
                if let before = redriven[job], let now = letter.rejectedAt, now > before { continue }
                if let refusal = try await refusal(letter, work) {
                    try tell(Handled(letter: letter, refusal: refusal))
                    continue
                }
                redriven[job] = letter.rejectedAt ?? Timestamp(milliseconds: .min)
                if !isDry {
                    switch work {
                    case .redrive: try await queue.redrive(letter)
                    case .purge: try await queue.deleteDeadLetter(letter)
                    }
                    taken[letter.id] = nil
                }
                done += 1
                try tell(Handled(letter: letter))
            }
        }
    }

    private func refusal(_ letter: DeadLetter, _ work: Work) async throws -> String? {
        guard case .redrive(let check?) = work, case .wouldFailAgain(let why) = try await check.verdict(letter) else { return nil }
        return why
    }
}

extension DeadLetter {
    /// What giving it back needs: bodies may be large.
    fileprivate var withoutBody: DeadLetter {
        var letter = self
        letter.body = ""
        return letter
    }
}
