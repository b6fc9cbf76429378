import AWS
import Jobs

/// The dead-letter queue, for those who look after it.
///
/// SQS has no way to look without taking: each look hides the letters that it saw. Of a FIFO queue's group no more than one
/// batch is seen: what is hidden holds back what follows it.
extension SQSQueue {
    /// For how long a dead letter is hidden while we look at the others.
    static let peekVisibility = Duration.seconds(60)
    /// How long one look waits: long enough to ask all of SQS's servers.
    static let peekWaitSeconds = 1

    /// In no order. What was seen is given back when all have been seen.
    package func deadLetters(limit: Int) async throws -> [DeadLetter] {
        var seen: [DeadLetter] = []
        var ids: Set<String> = []
        var problem: (any Error)?
        do {
            while ids.count < limit {
                let more = try await takeDeadLetters(max: limit - ids.count, visibility: Self.peekVisibility)
                seen += more
                // Nothing new: the queue is empty, or the first ones are coming round again.
                let known = ids.count
                ids.formUnion(more.map(\.id))
                if ids.count == known { break }
            }
        } catch {
            problem = error
        }
        try? await giveBack(seen)
        if let problem { throw problem }
        return seen.filter { ids.remove($0.id) != nil }
    }

    package func takeDeadLetters(max: Int, visibility: Duration) async throws -> [DeadLetter] {
        let messages = try await sqs.receive(
            queueURL: deadLetterURL, maxMessages: min(Swift.max(max, 1), Self.maxMessages), waitSeconds: Self.peekWaitSeconds,
            visibilitySeconds: min(visibility.wholeSeconds, Self.maxVisibilitySeconds))
        return messages.map { message in
            DeadLetter(
                id: message.id, body: message.body, attributes: message.messageAttributes, receipt: message.receiptHandle,
                group: message.groupID, sentAt: message.sentMilliseconds.map { Timestamp(milliseconds: $0) })
        }
    }

    package func redrive(_ letter: DeadLetter) async throws {
        let isOrdered = queueURL.hasSuffix(".fifo")
        // The letter's id: sent again after a failure it is one message, and never taken for what was sent before it died.
        _ = try await sqs.send(
            queueURL: queueURL, body: letter.body,
            attributes: DeadLetterAttributes.fitting(letter.attributes, original: [:], bodyBytes: letter.body.utf8.count),
            groupID: isOrdered ? letter.group ?? letter.id : letter.group, deduplicationID: isOrdered ? letter.id : nil)
        try await deleteDeadLetter(letter)
    }

    package func deleteDeadLetter(_ letter: DeadLetter) async throws {
        do {
            try await sqs.delete(queueURL: deadLetterURL, receiptHandle: letter.receipt)
        } catch  where Self.saysStale(error) {}
    }

    /// A letter that is no longer ours, or cannot be given back, comes back by itself.
    package func giveBack(_ letters: [DeadLetter]) async throws {
        _ = try await sqs.changeVisibilityBatch(
            queueURL: deadLetterURL, changes: letters.map { (receiptHandle: $0.receipt, seconds: 0) })
    }
}
