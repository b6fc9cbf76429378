import Glibc
import Jobs
import Logging
import Telemetry

extension Settings {
    /// JSON lines on stderr, or readable ones where a person watches.
    func logger(json: Bool = false) -> Logger {
        let style: LineLogHandler.Style = Terminal.isInteractive && !json ? .plain : .json
        let level = logLevel
        return Logger(label: "landfall") { _ in
            LineLogHandler(style: style, level: level) { WallClock.system.now().description }
        }
    }
}
