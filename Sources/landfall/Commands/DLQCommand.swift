import ArgumentParser
import Jobs
import Workflows

/// `landfall dlq list|show|redrive|purge`.
struct DLQCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq", abstract: "Shows messages that could not be done and why, queues them again, or deletes them.",
        subcommands: [List.self, Show.self, Redrive.self, Purge.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists dead letters; they stay where they are.")

        @OptionGroup var flags: DeadLetterFlags
        @Option(help: "How many, at most.") var limit = 100
        @Flag(help: "Print a JSON document a line.") var json = false

        /// How many letters are looked at for those that are meant.
        private static let searchLimit = 10_000

        func run() async throws {
            let limit = try OperatorFlag.limit(limit, Self.searchLimit)
            let settings = try Settings()
            let filter = try flags.filter(now: WallClock.system.now())
            let catalog = flags.pipeline == nil ? nil : try? PipelineCatalog(folder: settings.pipelines)
            let letters = try await Assembly(settings).arrivalQueue()
                .deadLetters(limit: filter.takesAll ? limit : Self.searchLimit)
                .filter { filter.takes($0, catalog: catalog) }
                .prefix(limit).map(DeadLetterReport.init)
            if json {
                for letter in letters { try Terminal.say(json: letter) }
            } else {
                Terminal.say(Terminal.table([DeadLetterReport.header] + letters.map(\.row)))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one dead letter: its reason and its body, untouched.")

        @Argument(help: "The message's id.") var id: String
        @Flag(help: "Print one JSON document.") var json = false

        private static let searchLimit = 10_000

        func run() async throws {
            let letters = try await Assembly(try Settings()).arrivalQueue().deadLetters(limit: Self.searchLimit)
            guard let letter = letters.first(where: { $0.id == id }) else {
                throw Failure(.permanent, "input.not_found", "There is no dead letter \(id) among the first \(Self.searchLimit).")
            }
            let report = DeadLetterReport(letter)
            if json { try Terminal.say(json: report) } else { Terminal.say(report.text) }
        }
    }

    struct Redrive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Queues dead letters again, except those that would fail again unchanged.",
            discussion: """
                A letter is refused where its file was rejected and neither its pipeline nor Landfall has changed since, where no \
                pipeline takes it, and where it is not understood. If all are refused, the exit code is 65.
                """)

        @Argument(help: "The messages' ids; none: all that the filters take.") var ids: [String] = []
        @OptionGroup var flags: DeadLetterFlags
        @Option(help: "How many, at most.") var limit = DeadLetterRound.maxLetters
        @Flag(help: "Also those that would fail again.") var force = false
        @Flag(help: "Only say what would be done.") var dryRun = false
        @Flag(help: "Print one JSON document.") var json = false

        func run() async throws {
            let settings = try Settings()
            let catalog = try PipelineCatalog(folder: settings.pipelines)
            let assembly = try Assembly(settings)
            let check = force ? nil : RedriveCheck(catalog: catalog, services: assembly.services)
            let round = DeadLetterCommandRound(
                ids: ids, flags: flags, limit: limit, isDry: dryRun, isJSON: json,
                verb: dryRun ? "would be redriven" : "redriven", result: dryRun ? "would_be_redriven" : "redriven")
            try await round.run(.redrive(check: check), try assembly.arrivalQueue(), catalog)
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes dead letters for good.")

        @Argument(help: "The messages' ids; none: all that the filters take.") var ids: [String] = []
        @OptionGroup var flags: DeadLetterFlags
        @Option(help: "How many, at most.") var limit = DeadLetterRound.maxLetters
        @Flag(help: "Only say what would be done.") var dryRun = false
        @Flag(help: "Print one JSON document.") var json = false

        func run() async throws {
            let settings = try Settings()
            let catalog = flags.pipeline == nil ? nil : try PipelineCatalog(folder: settings.pipelines)
            let round = DeadLetterCommandRound(
                ids: ids, flags: flags, limit: limit, isDry: dryRun, isJSON: json,
                verb: dryRun ? "would be purged" : "purged", result: dryRun ? "would_be_purged" : "purged")
            try await round.run(.purge, try Assembly(settings).arrivalQueue(), catalog)
        }
    }
}
