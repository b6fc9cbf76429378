import AWS
import Jobs
import SigV4
import Synchronization

/// The queue of arrivals in SQS, and its dead-letter queue: standard queues, or FIFO ones (`….fifo`).
package struct SQSQueue: ArrivalQueue {
    /// SQS's bounds on visibility timeouts and waits (SQS API reference, ReceiveMessage, ChangeMessageVisibility).
    static let maxVisibilitySeconds = 43_200
    static let maxWaitSeconds = 20
    static let maxMessages = 10

    let sqs: SQS
    let queueURL: String
    let deadLetterURL: String
    private let redrive = RedriveLimit()

    package init(sqs: SQS, queueURL: String, deadLetterURL: String) {
        self.sqs = sqs
        self.queueURL = queueURL
        self.deadLetterURL = deadLetterURL
    }

    package func receive(max: Int, wait: Duration, visibility: Duration) async throws -> [QueueMessage] {
        let messages = try await sqs.receive(
            queueURL: queueURL, maxMessages: min(Swift.max(max, 1), Self.maxMessages),
            waitSeconds: min(wait.wholeSeconds, Self.maxWaitSeconds),
            visibilitySeconds: min(visibility.wholeSeconds, Self.maxVisibilitySeconds))
        let limit = messages.isEmpty ? nil : await redrive.limit(of: queueURL, sqs)
        return messages.map {
            QueueMessage(
                id: $0.id, receipt: $0.receiptHandle, body: $0.body, receiveCount: $0.receiveCount,
                attributes: $0.messageAttributes, group: $0.attributes["MessageGroupId"],
                isLastDelivery: limit.map { [count = $0.receiveCount] limit in count >= limit } ?? false)
        }
    }

    package func extend(_ message: QueueMessage, visibility: Duration) async throws {
        do {
            try await sqs.changeVisibility(
                queueURL: queueURL, receiptHandle: message.receipt,
                seconds: min(visibility.wholeSeconds, Self.maxVisibilitySeconds))
        } catch  where Self.saysStale(error) {}
    }

    package func delete(_ message: QueueMessage) async throws {
        do {
            try await sqs.delete(queueURL: queueURL, receiptHandle: message.receipt)
        } catch  where Self.saysStale(error) {}
    }

    package func copyToDeadLetters(_ message: QueueMessage, reason: DeadLetterReason) async throws {
        let attributes = DeadLetterAttributes.fitting(
            reason.attributes, original: message.attributes, bodyBytes: message.body.utf8.count)
        // A FIFO queue drops a second copy of the same end within five minutes.
        let fifo = Self.fifo(
            deadLetterURL, group: message.group ?? reason.jobID ?? message.id,
            deduplication: "\(reason.jobID ?? message.id)-\(reason.rejectedAt.milliseconds)")
        _ = try await sqs.send(
            queueURL: deadLetterURL, body: message.body, attributes: attributes, groupID: fifo?.group,
            deduplicationID: fifo?.deduplication)
    }

    package func send(_ body: String) async throws {
        let digest = SHA256.hexadecimal(body)
        let fifo = Self.fifo(queueURL, group: digest, deduplication: "\(digest)-\(UInt64.random(in: 0...UInt64.max))")
        _ = try await sqs.send(queueURL: queueURL, body: body, groupID: fifo?.group, deduplicationID: fifo?.deduplication)
    }

    /// What a FIFO queue wants to know of a message (SQS developer guide, "FIFO queue message identifiers"); nil for others.
    static func fifo(_ url: String, group: String, deduplication: String) -> (group: String, deduplication: String)? {
        url.hasSuffix(".fifo") ? (String(group.prefix(128)), String(deduplication.prefix(128))) : nil
    }

    /// Whether the error says that the delivery is over: then another one settles the message.
    static func saysStale(_ error: AWSError) -> Bool {
        let code = error.awsCode ?? ""
        if code.hasSuffix("MessageNotInflight") || code.hasSuffix("ReceiptHandleIsInvalid") { return true }
        // The older answers have one code for all parameters; only the text tells.
        return code.contains("InvalidParameterValue")
            && (error.message.contains("receipt handle has expired")
                || error.message.contains("does not exist or is not available"))
    }
}

/// How often a queue gives a message out before it dead-letters it by itself: its redrive policy, looked up once.
private final class RedriveLimit: Sendable {
    private struct Policy {
        var isKnown = false
        /// Nil: there is no policy, or it may not be read.
        var limit: Int?
    }

    private let policy = Mutex(Policy())

    func limit(of queueURL: String, _ sqs: SQS) async -> Int? {
        let known = policy.withLock { $0 }
        if known.isKnown { return known.limit }
        var limit: Int?
        do {
            let attributes = try await sqs.queueAttributes(queueURL: queueURL, names: ["RedrivePolicy"])
            let policy = attributes["RedrivePolicy"].flatMap { JSONValue(text: $0) }
            limit = policy?["maxReceiveCount"].flatMap { $0.int64 ?? $0.text.flatMap { Int64($0) } }.map { Int($0) }
        } catch {
            if error.isTransient { return nil }
        }
        let found = limit
        policy.withLock { $0 = Policy(isKnown: true, limit: found) }
        return found
    }
}

extension Duration {
    /// Rounded up, not below zero.
    var wholeSeconds: Int {
        let (seconds, attoseconds) = components
        return max(0, Int(clamping: seconds) + (attoseconds > 0 ? 1 : 0))
    }
}
