import Glibc
import Jobs
import Logging
import Telemetry

extension Settings {
    /// Who reads the log.
    enum LogAudience {
        /// Whoever runs the daemon: JSON lines, or readable ones where a person watches.
        case operators
        /// Machines, even where a person watches.
        case machines
        /// A person at a terminal, as progress; elsewhere nothing, unless a level was asked for.
        case person
    }

    func logger(for audience: LogAudience) -> Logger {
        let style: LineLogHandler.Style = Terminal.isInteractive && audience != .machines ? .plain : .json
        let isSilent = audience == .person && !Terminal.isInteractive && !asksForLog
        let level = isSilent ? .critical : logLevel
        return Logger(label: "landfall") { _ in
            LineLogHandler(style: style, level: level) { WallClock.system.now().description }
        }
    }
}
