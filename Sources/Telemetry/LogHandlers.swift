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
            var members = facts.map { Member(name: $0.key, text: $0.value) }
            members.append(Member(name: "level", text: event.level.rawValue))
            members.append(Member(name: "message", text: event.message.description))
            members.append(Member(name: "time", text: now()))
            line = Array("{\(members.sorted { $0.name < $1.name }.map(\.json).joined(separator: ","))}".utf8)
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

/// One member of a log line's JSON object.
private struct Member {
    let name: String
    let text: String

    var json: String {
        let isNumber = LogKey(rawValue: name)?.isNumber == true && Double(text)?.isFinite == true
        return "\(Self.quoted(name)):\(isNumber ? text : Self.quoted(text))"
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
