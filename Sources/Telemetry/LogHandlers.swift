import FoundationEssentials
import Glibc
import Logging

/// Writes one line for each event: JSON for machines, or plain text for a person at a terminal. Always to stderr, so
/// that stdout stays free for results.
package struct LineLogHandler: LogHandler {
    package enum Style: Sendable { case json, plain }

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let style: Style
    private let now: @Sendable () -> String

    /// `now` gives the time as it is to be written.
    package init(style: Style, level: Logger.Level, now: @escaping @Sendable () -> String) {
        self.style = style
        self.logLevel = level
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { _, new in new }.mapValues(\.description)
        var line: [UInt8] = []
        switch style {
        case .json:
            var members = facts
            members["time"] = now()
            members["level"] = event.level.rawValue
            members["message"] = event.message.description
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            line = (try? encoder.encode(members)).map(Array.init) ?? []
        case .plain:
            let shown = facts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            let level = event.level >= .warning ? " \(event.level.rawValue.uppercased()):" : ""
            line = Array("\(now())\(level) \(event.message)\(shown.isEmpty ? "" : "  \(shown)")".utf8)
        }
        line.append(10)
        // One write a line, so that lines of several threads do not mix.
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
