// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// The Simple Queue Service.
package struct SQS: Sendable {
    let client: AWSClient
    static let wire = JSONProtocol(targetPrefix: "AmazonSQS", version: "1.0")
    /// Messages in one request, and the longest wait for one.
    package static let maxMessages = 10
    package static let maxWaitSeconds = 20
    /// A message can be hidden for 12 hours from its first receipt on.
    package static let maxVisibilitySeconds = 43_200

    private struct StringAttribute: Codable {
        var DataType: String
        var StringValue: String?
    }

    private struct ReceiveMessage: Encodable {
        var QueueUrl: String
        var MaxNumberOfMessages: Int
        var WaitTimeSeconds: Int
        var VisibilityTimeout: Int?
        var MessageSystemAttributeNames = ["All"]
        var MessageAttributeNames = ["All"]
    }

    private struct ReceiveMessageAnswer: Decodable {
        struct Message: Decodable {
            var MessageId: String
            var ReceiptHandle: String
            var Body: String?
            var Attributes: [String: String]?
            var MessageAttributes: [String: StringAttribute]?
        }
        var Messages: [Message]?
    }

    /// SQS `ReceiveMessage` by long polling; no messages within the wait is an empty list.
    ///
    /// - Parameters:
    ///   - maxMessages: 1...10
    ///   - waitSeconds: 0...20
    ///   - visibilitySeconds: 0...43,200; nil takes the queue's own.
    package func receive(
        queueURL: String, maxMessages: Int = maxMessages, waitSeconds: Int = maxWaitSeconds,
        visibilitySeconds: Int? = nil
    ) async throws(AWSError) -> [SQSMessage] {
        let input = ReceiveMessage(
            QueueUrl: queueURL, MaxNumberOfMessages: maxMessages, WaitTimeSeconds: waitSeconds,
            VisibilityTimeout: visibilitySeconds)
        let answer = try await client.json(
            .sqs, Self.wire, "ReceiveMessage", subject: queueURL, input, waitSeconds: waitSeconds,
            answer: ReceiveMessageAnswer.self)
        return (answer.Messages ?? []).map {
            SQSMessage(
                id: $0.MessageId, receiptHandle: $0.ReceiptHandle, body: $0.Body ?? "",
                attributes: $0.Attributes ?? [:],
                messageAttributes: ($0.MessageAttributes ?? [:]).compactMapValues(\.StringValue))
        }
    }

    private struct Receipt: Encodable {
        var QueueUrl: String
        var ReceiptHandle: String
        var VisibilityTimeout: Int?
    }

    /// SQS `DeleteMessage`.
    package func delete(queueURL: String, receiptHandle: String) async throws(AWSError) {
        let input = Receipt(QueueUrl: queueURL, ReceiptHandle: receiptHandle)
        _ = try await client.json(.sqs, Self.wire, "DeleteMessage", subject: queueURL, input, answer: NoAnswer.self)
    }

    /// SQS `ChangeMessageVisibility`: hides a received message for so many seconds from now; 0 gives it back at once.
    package func changeVisibility(queueURL: String, receiptHandle: String, seconds: Int) async throws(AWSError) {
        let input = Receipt(QueueUrl: queueURL, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds)
        _ = try await client.json(
            .sqs, Self.wire, "ChangeMessageVisibility", subject: queueURL, input, answer: NoAnswer.self)
    }

    private struct SendMessage: Encodable {
        var QueueUrl: String
        var MessageBody: String
        var MessageAttributes: [String: StringAttribute]?
        var DelaySeconds: Int?
        var MessageGroupId: String?
        var MessageDeduplicationId: String?
    }

    private struct SendMessageAnswer: Decodable {
        var MessageId: String
    }

    /// SQS `SendMessage`; gives the message's id.
    ///
    /// - Parameters:
    ///   - body: 1 to 1,048,576 bytes with the attributes.
    ///   - attributes: at most 10, sent as type String; those with empty values are left out, because SQS refuses them.
    ///   - groupID: for FIFO queues (and fair standard queues).
    package func send(
        queueURL: String, body: String, attributes: [String: String] = [:], delaySeconds: Int? = nil,
        groupID: String? = nil, deduplicationID: String? = nil
    ) async throws(AWSError) -> String {
        let sent = attributes.filter { !$0.value.isEmpty }
            .mapValues { StringAttribute(DataType: "String", StringValue: $0) }
        let input = SendMessage(
            QueueUrl: queueURL, MessageBody: body, MessageAttributes: sent.isEmpty ? nil : sent,
            DelaySeconds: delaySeconds, MessageGroupId: groupID, MessageDeduplicationId: deduplicationID)
        return try await client.json(
            .sqs, Self.wire, "SendMessage", subject: queueURL, input, answer: SendMessageAnswer.self
        ).MessageId
    }

    private struct GetQueueAttributes: Encodable {
        var QueueUrl: String
        var AttributeNames: [String]
    }

    private struct GetQueueAttributesAnswer: Decodable {
        var Attributes: [String: String]?
    }

    /// SQS `GetQueueAttributes`: `ApproximateNumberOfMessages`, `VisibilityTimeout`, `QueueArn` …
    package func queueAttributes(queueURL: String, names: [String] = ["All"]) async throws(AWSError) -> [String: String] {
        try await client.json(
            .sqs, Self.wire, "GetQueueAttributes", subject: queueURL,
            GetQueueAttributes(QueueUrl: queueURL, AttributeNames: names), answer: GetQueueAttributesAnswer.self
        ).Attributes ?? [:]
    }

    private struct GetQueueURL: Encodable {
        var QueueName: String
    }

    private struct GetQueueURLAnswer: Decodable {
        var QueueUrl: String
    }

    /// SQS `GetQueueUrl`.
    package func queueURL(name: String) async throws(AWSError) -> String {
        try await client.json(
            .sqs, Self.wire, "GetQueueUrl", subject: name, GetQueueURL(QueueName: name), answer: GetQueueURLAnswer.self
        ).QueueUrl
    }
}

/// A message that was received and is hidden from others for now.
package struct SQSMessage: Hashable, Sendable {
    package let id: String
    /// Names this receipt of the message, for deleting and hiding it.
    package let receiptHandle: String
    package let body: String
    /// The system's attributes: `ApproximateReceiveCount`, `SentTimestamp`, `MessageGroupId` …
    package let attributes: [String: String]
    /// The sender's attributes of type String and Number.
    package let messageAttributes: [String: String]

    package init(
        id: String, receiptHandle: String, body: String, attributes: [String: String] = [:],
        messageAttributes: [String: String] = [:]
    ) {
        self.id = id
        self.receiptHandle = receiptHandle
        self.body = body
        self.attributes = attributes
        self.messageAttributes = messageAttributes
    }

    /// How often the message has been received, this time among them.
    package var receiveCount: Int { attributes["ApproximateReceiveCount"].flatMap { Int($0) } ?? 1 }
    /// Unix milliseconds.
    package var sentMilliseconds: Int64? { attributes["SentTimestamp"].flatMap { Int64($0) } }
    package var groupID: String? { attributes["MessageGroupId"] }
}
