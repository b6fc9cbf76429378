import ArgumentParser
import Jobs

/// `landfall dlq list|show`.
struct DLQCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dlq", abstract: "Shows messages that could not be done, and why.", subcommands: [List.self, Show.self])

    private struct Report: Encodable {
        var id, body: String
        var attributes: [String: String]

        init(_ letter: DeadLetter) {
            id = letter.id
            body = letter.body
            attributes = letter.attributes
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists dead letters; they stay where they are.")

        @Option(help: "How many, at most.") var limit = 100
        @Flag(help: "Print a JSON document a line.") var json = false

        func run() async throws {
            guard (1...10_000).contains(limit) else {
                throw Failure(.permanent, "usage.limit", "--limit must be from 1 to 10000.")
            }
            let letters = try await Assembly(try Settings()).arrivalQueue().deadLetters(limit: limit)
            if json {
                for letter in letters { try Terminal.say(json: Report(letter)) }
                return
            }
            Terminal.say(
                Terminal.table(
                    [["message", "code", "pipeline", "rejected at", "reason"]]
                        + letters.map { letter in
                            ["error.code", "pipeline", "rejected.at", "error.message"].reduce(into: [letter.id]) {
                                $0.append((letter.attributes[$1] ?? "").replacing("\n", with: " "))
                            }
                        }))
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
            if json {
                try Terminal.say(json: Report(letter))
                return
            }
            for (name, value) in letter.attributes.sorted(by: { $0.key < $1.key }) { Terminal.say("\(name): \(value)") }
            Terminal.say("\n\(letter.body)")
        }
    }
}
