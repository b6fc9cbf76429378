import AWS
import Jobs

/// The queue of arrivals in SQS, and its dead-letter queue. Both are standard queues.
package struct SQSQueue: ArrivalQueue {
    /// SQS's bounds on visibility timeouts and waits (SQS API reference, ReceiveMessage, ChangeMessageVisibility).
    static let maxVisibilitySeconds = 43_200
    static let maxWaitSeconds = 20
    static let maxMessages = 10

    let sqs: SQS
    let queueURL: String
    let deadLetterURL: String

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
        return messages.map {
            QueueMessage(
                id: $0.id, receipt: $0.receiptHandle, body: $0.body, receiveCount: $0.receiveCount,
                attributes: $0.messageAttributes)
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
        _ = try await sqs.send(queueURL: deadLetterURL, body: message.body, attributes: attributes)
    }

    package func send(_ body: String) async throws {
        _ = try await sqs.send(queueURL: queueURL, body: body)
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

extension Duration {
    /// Rounded up, not below zero.
    var wholeSeconds: Int {
        let (seconds, attoseconds) = components
        return max(0, Int(clamping: seconds) + (attoseconds > 0 ? 1 : 0))
    }
}
