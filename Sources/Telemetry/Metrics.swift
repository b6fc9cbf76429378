import Synchronization

/// Counters and gauges, named `landfall_<noun>_<unit>…`, with a few labels each.
///
/// `/metrics` shows them in Prometheus' text format ("Exposition formats", text version 0.0.4).
package final class Metrics: Sendable {
    /// A metric's name and what it counts; the fixed list of all there are.
    package enum Name: String, Sendable, CaseIterable {
        case messagesReceived = "landfall_messages_received_total"
        case messagesSettled = "landfall_messages_settled_total"
        case jobsEnded = "landfall_jobs_ended_total"
        case stepSeconds = "landfall_step_seconds_total"
        case stepsEnded = "landfall_steps_ended_total"
        case rows = "landfall_rows_total"
        case jobsRunning = "landfall_jobs_running"
        case queueFailures = "landfall_queue_failures_total"
        case slots = "landfall_slots"
        case receivePaused = "landfall_receive_paused"
        case memoryWaiting = "landfall_memory_waiting_jobs"
        case databaseUp = "landfall_database_up"

        var help: String {
            switch self {
            case .messagesReceived: "Messages taken from the queue."
            case .messagesSettled: "Messages settled, by settlement."
            case .jobsEnded: "Jobs by outcome and pipeline."
            case .stepSeconds: "Time spent in steps, by step."
            case .stepsEnded: "Steps that ended, by step and whether they succeeded."
            case .rows: "Rows by what became of them and pipeline."
            case .jobsRunning: "Jobs that run now."
            case .queueFailures: "Calls to the queue that failed."
            case .slots: "Messages that may be in hand at once."
            case .receivePaused: "1 while no slot is free and nothing is received."
            case .memoryWaiting: "Jobs that wait for their share of memory."
            case .databaseUp: "0 while the database is away and pipelines that load are paused."
            }
        }

        var isGauge: Bool {
            switch self {
            case .jobsRunning, .slots, .receivePaused, .memoryWaiting, .databaseUp: true
            default: false
            }
        }
    }

    private let values = Mutex<[Name: [String: Double]]>([:])

    package init() {}

    package func add(_ amount: Double = 1, to name: Name, _ labels: KeyValuePairs<String, String> = [:]) {
        let key = Self.text(labels)
        values.withLock { $0[name, default: [:]][key, default: 0] += amount }
    }

    /// Sets a gauge without labels.
    package func set(_ value: Double, to name: Name) {
        values.withLock { $0[name, default: [:]][""] = value }
    }

    /// All metrics in Prometheus' text format.
    package func prometheusText() -> String {
        let values = self.values.withLock { $0 }
        var out = ""
        for name in Name.allCases {
            guard let series = values[name] else { continue }
            out += "# HELP \(name.rawValue) \(name.help)\n# TYPE \(name.rawValue) \(name.isGauge ? "gauge" : "counter")\n"
            for (labels, value) in series.sorted(by: { $0.key < $1.key }) {
                out += "\(name.rawValue)\(labels) \(value)\n"
            }
        }
        return out
    }

    private static func text(_ labels: KeyValuePairs<String, String>) -> String {
        if labels.isEmpty { return "" }
        let escaped = labels.map { label, value in
            let safe = value.map { $0 == "\\" || $0 == "\"" ? "\\\($0)" : $0 == "\n" ? "\\n" : String($0) }.joined()
            return "\(label)=\"\(safe)\""
        }
        return "{\(escaped.joined(separator: ","))}"
    }
}
