import ArgumentParser
import Jobs
import Workflows

/// Which dead letters a command is about.
struct DeadLetterFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Those with this code, or with codes that begin so.", valueName: "code|prefix*"))
    var code: String?
    @Option(help: ArgumentHelp("Those of a pipeline; where they name none: that would take them now.", valueName: "name"))
    var pipeline: String?
    @Option(help: ArgumentHelp("Those of files whose key fits, as in a pipeline's match.", valueName: "pattern")) var key: String?
    @Option(help: ArgumentHelp("Those rejected longer ago: 90s, 15m, 2h, 7d.", valueName: "duration")) var olderThan: String?
    @Option(help: ArgumentHelp("Those rejected no longer ago.", valueName: "duration")) var newerThan: String?

    func filter(now: Timestamp) throws(Failure) -> DeadLetterFilter {
        var filter = DeadLetterFilter()
        filter.code = code
        filter.pipeline = pipeline
        filter.key = try key.map { text throws(Failure) in try OperatorFlag.pattern(text, "--key") }
        filter.before = try olderThan.map { text throws(Failure) in try OperatorFlag.moment(text, before: now, "--older-than") }
        filter.since = try newerThan.map { text throws(Failure) in try OperatorFlag.moment(text, before: now, "--newer-than") }
        return filter
    }
}

/// Reads the values of flags that several commands for operators have.
enum OperatorFlag {
    static func pattern(_ text: String, _ flag: String) throws(Failure) -> KeyPattern {
        guard let pattern = KeyPattern(text) else {
            throw Failure(
                .permanent, "usage.pattern", "\(flag): \"\(text)\" is no pattern: a brace is not closed, or gives too many choices.")
        }
        return pattern
    }

    static func moment(_ text: String, before now: Timestamp, _ flag: String) throws(Failure) -> Timestamp {
        guard let duration = Duration(text: text) else {
            throw Failure(.permanent, "usage.duration", "\(flag) must be a duration like 90s, 15m, 2h or 7d, found \"\(text)\".")
        }
        return now.advanced(by: .zero - duration)
    }

    static func limit(_ limit: Int, _ most: Int) throws(Failure) -> Int {
        guard (1...most).contains(limit) else {
            throw Failure(.permanent, "usage.limit", "--limit must be from 1 to \(most).")
        }
        return limit
    }
}
