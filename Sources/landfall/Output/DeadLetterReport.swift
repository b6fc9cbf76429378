import Jobs
import Workflows

/// A dead letter as `dlq` shows it.
struct DeadLetterReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, code, pipeline, keys, body, attributes
        case jobID = "job_id", rejectedAt = "rejected_at", group, sentAt = "sent_at"
    }

    private var id, code, body: String
    private var jobID, pipeline, group: String?
    private var keys: [String]
    private var rejectedAt, sentAt: Timestamp?
    private var attributes: [String: String]
    private var reason: String

    init(_ letter: DeadLetter) {
        id = letter.id
        code = letter.code
        body = letter.body
        jobID = letter.attributes["job.id"]
        pipeline = letter.attributes["pipeline"]
        group = letter.group
        keys = letter.requests.map(\.arrival.key)
        rejectedAt = letter.rejectedAt
        sentAt = letter.sentAt
        attributes = letter.attributes
        reason = letter.isMovedByQueue ? "(moved by the queue)" : letter.attributes["error.message"] ?? ""
    }

    /// The header of ``row``s.
    static let header = ["message", "code", "pipeline", "key", "rejected at", "reason"]

    /// For people: one line.
    var row: [String] {
        let key = keys.count > 1 ? "\(keys[0]) and \(keys.count - 1) more" : keys.first ?? ""
        return [id, code, pipeline ?? "", key, rejectedAt?.description ?? "", reason].map { $0.replacing("\n", with: " ") }
    }

    /// For people: all of it.
    var text: String {
        var lines = attributes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        if attributes["error.code"] == nil { lines.insert("code: \(code) \(reason)", at: 0) }
        return lines.joined(separator: "\n") + "\n\n\(body)"
    }
}
