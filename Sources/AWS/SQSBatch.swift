// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

extension SQS {
    private struct Batch: Encodable {
        struct Entry: Encodable {
            var Id: String
            var ReceiptHandle: String
            var VisibilityTimeout: Int?
        }
        var QueueUrl: String
        var Entries: [Entry]
    }

    private struct BatchAnswer: Decodable {
        struct Failed: Decodable {
            var Id: String
            var Code: String?
            var Message: String?
            var SenderFault: Bool?
        }
        var Failed: [Failed]?
    }

    /// SQS `DeleteMessageBatch`, 10 receipts to a request, as many requests as it takes.
    ///
    /// - Returns: the receipts that were not deleted, each by its place in `receiptHandles`. It throws only where a
    ///   whole request fails; of the receipts in that one and the later ones nothing is known then.
    package func deleteBatch(queueURL: String, receiptHandles: [String]) async throws(AWSError) -> [SQSBatchFailure] {
        try await batches("DeleteMessageBatch", queueURL, receiptHandles.map { ($0, nil) })
    }

    /// SQS `ChangeMessageVisibilityBatch`, 10 receipts to a request, as many requests as it takes.
    ///
    /// - Parameter changes: each receipt with the seconds, 0...43,200, that its message is hidden from now on.
    /// - Returns: the receipts that were not changed, each by its place in `changes`.
    package func changeVisibilityBatch(
        queueURL: String, changes: [(receiptHandle: String, seconds: Int)]
    ) async throws(AWSError) -> [SQSBatchFailure] {
        try await batches("ChangeMessageVisibilityBatch", queueURL, changes.map { ($0.receiptHandle, $0.seconds) })
    }

    private func batches(
        _ action: String, _ queueURL: String, _ receipts: [(handle: String, seconds: Int?)]
    ) async throws(AWSError) -> [SQSBatchFailure] {
        var failures: [SQSBatchFailure] = []
        for start in stride(from: 0, to: receipts.count, by: Self.maxMessages) {
            let entries = (start..<min(start + Self.maxMessages, receipts.count)).map {
                Batch.Entry(
                    Id: String($0), ReceiptHandle: receipts[$0].handle, VisibilityTimeout: receipts[$0].seconds)
            }
            let answer = try await client.json(
                .sqs, Self.wire, action, subject: queueURL, Batch(QueueUrl: queueURL, Entries: entries),
                answer: BatchAnswer.self)
            for failed in answer.Failed ?? [] {
                guard let index = Int(failed.Id), entries.contains(where: { $0.Id == failed.Id }) else {
                    throw .badResponse(.sqs, action, "it speaks of an entry \(failed.Id) that was not sent")
                }
                failures.append(
                    SQSBatchFailure(
                        index: index, error: Self.error(failed, action, queueURL, receipt: index + 1)))
            }
        }
        return failures
    }

    private static func error(
        _ failed: BatchAnswer.Failed, _ action: String, _ queueURL: String, receipt: Int
    ) -> AWSError {
        // the service's fault is worth another try, the sender's is not
        let kind = AWSError.kind(code: failed.Code, status: failed.SenderFault == false ? 500 : 400)
        return AWSError(
            kind, service: AWSService.sqs.name, action: action,
            message: "sqs \(action) on \(queueURL): receipt \(receipt) failed: \(failed.Code ?? "no code"): "
                + "\(failed.Message ?? "no message").",
            awsCode: failed.Code, isTransient: kind == .throttled || kind == .unavailable)
    }
}

/// One entry of a batch that SQS did not do.
package struct SQSBatchFailure: Sendable {
    /// Its place in what was given.
    package let index: Int
    package let error: AWSError
}
