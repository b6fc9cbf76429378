import Logging

/// Every key that a log line may carry: one word for one thing, in all modules.
package enum LogKey: String, Sendable, CaseIterable {
    case jobID = "job_id"
    case pipeline, workflow, step, attempt, outcome, status
    case source, bytes, rows, rejected, seconds
    case messageID = "message_id"
    case shape, code, error, reason, path, url, table, owner, signal, count, version
    case afterSeconds = "after_seconds"

    /// Whether the value is a number, and stands unquoted in JSON.
    var isNumber: Bool {
        switch self {
        case .attempt, .bytes, .rows, .rejected, .seconds, .count, .afterSeconds: true
        default: false
        }
    }
}

extension Logger {
    /// Logs a constant sentence with facts.
    package func log(_ level: Logger.Level, _ sentence: StaticString, _ facts: [LogKey: any CustomStringConvertible] = [:]) {
        guard level >= logLevel else { return }
        var metadata: Logger.Metadata = [:]
        for (key, value) in facts { metadata[key.rawValue] = .string(value.description) }
        log(level: level, "\(sentence)", metadata: metadata)
    }

    /// The same logger with facts on every line.
    package func with(_ facts: [LogKey: any CustomStringConvertible]) -> Logger {
        var logger = self
        for (key, value) in facts { logger[metadataKey: key.rawValue] = .string(value.description) }
        return logger
    }
}
