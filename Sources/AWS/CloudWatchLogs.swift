/// CloudWatch Logs, for events that no log driver carries.
package struct CloudWatchLogs: Sendable {
    let client: AWSClient
    private static let wire = JSONProtocol(targetPrefix: "Logs_20140328", version: "1.1")
    /// Limits of one request (API reference, `PutLogEvents`).
    package static let maxEvents = 10_000
    package static let maxBatchBytes = 1_048_576
    /// What each event counts beside its UTF-8 bytes.
    package static let eventOverheadBytes = 26

    private struct PutEvents: Encodable {
        struct Event: Encodable {
            var timestamp: Int64
            var message: String
        }
        var logGroupName: String
        var logStreamName: String
        var logEvents: [Event]
    }

    private struct PutEventsAnswer: Decodable {
        struct Rejected: Decodable {
            var tooNewLogEventStartIndex: Int?
            var tooOldLogEventEndIndex: Int?
            var expiredLogEventEndIndex: Int?
        }
        var rejectedLogEventsInfo: Rejected?
    }

    /// CloudWatch Logs `PutLogEvents`: one batch to a stream, which must be there.
    ///
    /// - Parameter events: 1...``maxEvents`` of at most ``maxBatchBytes`` together; sent in the order of their times.
    /// - Returns: whether the service took all; it drops those older than 14 days or more than 2 hours ahead.
    package func putEvents(
        group: String, stream: String, events: [(milliseconds: Int64, message: String)]
    ) async throws(AWSError) -> Bool {
        let action = "PutLogEvents"
        let size = events.reduce(0) { $0 + $1.message.utf8.count + Self.eventOverheadBytes }
        guard (1...Self.maxEvents).contains(events.count), size <= Self.maxBatchBytes else {
            throw .invalid(.logs, action, "\(events.count) events of \(size) bytes do not go into one request")
        }
        let sorted = events.sorted { $0.milliseconds < $1.milliseconds }
        let input = PutEvents(
            logGroupName: group, logStreamName: stream,
            logEvents: sorted.map { .init(timestamp: $0.milliseconds, message: $0.message) })
        let answer = try await client.json(
            .logs, Self.wire, action, subject: "\(group)/\(stream)", input, answer: PutEventsAnswer.self)
        return answer.rejectedLogEventsInfo == nil
    }

    private struct CreateStream: Encodable {
        var logGroupName: String
        var logStreamName: String
    }

    /// CloudWatch Logs `CreateLogStream`; one that is there already is no error.
    package func createStream(group: String, stream: String) async throws(AWSError) {
        do throws(AWSError) {
            _ = try await client.json(
                .logs, Self.wire, "CreateLogStream", subject: "\(group)/\(stream)",
                CreateStream(logGroupName: group, logStreamName: stream), answer: NoAnswer.self)
        } catch {
            if error.awsCode != "ResourceAlreadyExistsException" { throw error }
        }
    }
}
