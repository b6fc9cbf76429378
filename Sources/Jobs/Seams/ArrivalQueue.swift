/// A message as the queue delivered it.
package struct QueueMessage: Hashable, Sendable {
    package var id: String
    /// What settles this delivery (SQS: the receipt handle). Another delivery of the message has another.
    package var receipt: String
    package var body: String
    /// How often the message was delivered, this time included.
    package var receiveCount: Int
    /// String attributes that came with the message.
    package var attributes: [String: String]
    /// Messages of one group are worked on one after another, in the order in which they were delivered; nil: no matter.
    package var group: String?
    /// Whether the queue itself dead-letters the message, without a reason, when this delivery does not settle it.
    package var isLastDelivery: Bool

    package init(
        id: String, receipt: String, body: String, receiveCount: Int, attributes: [String: String] = [:],
        group: String? = nil, isLastDelivery: Bool = false
    ) {
        self.id = id
        self.receipt = receipt
        self.body = body
        self.receiveCount = receiveCount
        self.attributes = attributes
        self.group = group
        self.isLastDelivery = isLastDelivery
    }
}

/// Why a message was dead-lettered: the attributes that its copy carries.
package struct DeadLetterReason: Hashable, Sendable {
    package var code: String
    package var message: String
    package var jobID: String?
    package var pipeline: String?
    package var step: String?
    package var attempts: Int
    package var rejectedAt: Timestamp

    package init(
        code: String, message: String, jobID: String?, pipeline: String?, step: String?, attempts: Int,
        rejectedAt: Timestamp
    ) {
        self.code = code
        self.message = message
        self.jobID = jobID
        self.pipeline = pipeline
        self.step = step
        self.attempts = attempts
        self.rejectedAt = rejectedAt
    }

    /// The largest error message that is kept, in bytes of UTF-8: attributes count towards a message's size.
    package static let maxMessageBytes = 1024

    /// `error.code`, `error.message`, `job.id`, `pipeline`, `step`, `attempts`, `rejected.at`; empty ones left out.
    package var attributes: [String: String] {
        var attributes = [
            "error.code": code, "error.message": message.clipped(toUTF8Bytes: Self.maxMessageBytes),
            "attempts": String(attempts), "rejected.at": rejectedAt.description,
        ]
        attributes["job.id"] = jobID
        attributes["pipeline"] = pipeline
        attributes["step"] = step
        return attributes.filter { !$0.value.isEmpty }
    }
}

/// A message in the dead-letter queue: the original body, and why it is there.
package struct DeadLetter: Hashable, Sendable {
    package var id: String
    package var body: String
    /// As ``DeadLetterReason/attributes``, and whatever others there are. One without `error.code` was moved there by the
    /// queue itself, because it was delivered too often.
    package var attributes: [String: String]
    /// What settles this taking of the letter (SQS: the receipt handle); empty for one that was only looked at.
    package var receipt: String
    /// The message group, on queues that keep their groups' order.
    package var group: String?
    /// When the message was queued first, where the queue knows.
    package var sentAt: Timestamp?

    package init(
        id: String, body: String, attributes: [String: String], receipt: String = "", group: String? = nil, sentAt: Timestamp? = nil
    ) {
        self.id = id
        self.body = body
        self.attributes = attributes
        self.receipt = receipt
        self.group = group
        self.sentAt = sentAt
    }
}

/// Where arrivals are announced to us: SQS with its dead-letter queue, or SQLite.
package protocol ArrivalQueue: Sendable {
    /// Waits up to `wait` (0...20 s) for messages and takes up to `max` (1...10) of them for `visibility`.
    func receive(max: Int, wait: Duration, visibility: Duration) async throws -> [QueueMessage]

    /// Keeps the message hidden for `visibility` from now: it is still worked on.
    func extend(_ message: QueueMessage, visibility: Duration) async throws

    /// Gives the message back, to come again after `wait`; zero: at once.
    func release(_ message: QueueMessage, after wait: Duration) async throws

    /// Deletes the message: its work has ended.
    func delete(_ message: QueueMessage) async throws

    /// Stores the body, untouched, with its reason in the dead-letter queue. The message stays.
    func copyToDeadLetters(_ message: QueueMessage, reason: DeadLetterReason) async throws

    /// Queues a body.
    func send(_ body: String) async throws

    /// Looks at up to `limit` dead letters and leaves them where they are.
    func deadLetters(limit: Int) async throws -> [DeadLetter]

    /// Takes up to `max` (1...10) dead letters, hidden from others for `visibility`; none: no more are to be seen. Each is to
    /// be redriven, deleted or given back; else it comes back by itself.
    func takeDeadLetters(max: Int, visibility: Duration) async throws -> [DeadLetter]

    /// Queues a taken letter's body with its attributes again, then deletes the letter: in that order, so that a failure in
    /// between leaves both.
    func redrive(_ letter: DeadLetter) async throws

    /// Deletes a taken letter for good.
    func deleteDeadLetter(_ letter: DeadLetter) async throws

    /// Shows taken letters to others again, at once.
    func giveBack(_ letters: [DeadLetter]) async throws
}

extension ArrivalQueue {
    /// For queues whose messages come back when their time is over.
    package func release(_ message: QueueMessage, after wait: Duration) async throws {
        try await extend(message, visibility: wait)
    }
}
