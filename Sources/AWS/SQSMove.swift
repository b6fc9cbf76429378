// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

extension SQS {
    private struct StartMove: Encodable {
        var SourceArn: String
        var DestinationArn: String?
        var MaxNumberOfMessagesPerSecond: Int?
    }

    private struct Handle: Codable {
        var TaskHandle: String
    }

    /// The most messages a second that a move can be held to.
    package static let maxMovedPerSecond = 500

    /// SQS `StartMessageMoveTask`: moves a dead-letter queue's messages to another queue, or back where they came from.
    ///
    /// A queue has one move at a time; another one is refused.
    ///
    /// - Parameter maxPerSecond: 1...500; nil lets SQS choose.
    /// - Returns: the task's handle.
    package func startMove(
        sourceARN: String, destinationARN: String? = nil, maxPerSecond: Int? = nil
    ) async throws(AWSError) -> String {
        let input = StartMove(
            SourceArn: sourceARN, DestinationArn: destinationARN, MaxNumberOfMessagesPerSecond: maxPerSecond)
        return try await client.json(
            .sqs, Self.wire, "StartMessageMoveTask", subject: sourceARN, input, answer: Handle.self
        ).TaskHandle
    }

    private struct CancelMoveAnswer: Decodable {
        var ApproximateNumberOfMessagesMoved: Int64?
    }

    /// SQS `CancelMessageMoveTask`; gives about how many messages had been moved.
    package func cancelMove(taskHandle: String) async throws(AWSError) -> Int64 {
        try await client.json(
            .sqs, Self.wire, "CancelMessageMoveTask", subject: "a move task", Handle(TaskHandle: taskHandle),
            answer: CancelMoveAnswer.self
        ).ApproximateNumberOfMessagesMoved ?? 0
    }

    private struct ListMoves: Encodable {
        var SourceArn: String
        var MaxResults: Int
    }

    private struct ListMovesAnswer: Decodable {
        struct Result: Decodable {
            var TaskHandle: String?
            var Status: String?
            var DestinationArn: String?
            var ApproximateNumberOfMessagesMoved: Int64?
            var ApproximateNumberOfMessagesToMove: Int64?
            var FailureReason: String?
        }
        var Results: [Result]?
    }

    /// SQS `ListMessageMoveTasks`: the latest moves of a queue, at most 10, the newest first.
    package func moves(sourceARN: String) async throws(AWSError) -> [SQSMove] {
        let answer = try await client.json(
            .sqs, Self.wire, "ListMessageMoveTasks", subject: sourceARN,
            ListMoves(SourceArn: sourceARN, MaxResults: Self.maxMessages), answer: ListMovesAnswer.self)
        return (answer.Results ?? []).map {
            SQSMove(
                taskHandle: $0.TaskHandle, status: $0.Status ?? "", destinationARN: $0.DestinationArn,
                moved: $0.ApproximateNumberOfMessagesMoved ?? 0, toMove: $0.ApproximateNumberOfMessagesToMove,
                failureReason: $0.FailureReason)
        }
    }
}

/// A move of messages from a dead-letter queue.
package struct SQSMove: Hashable, Sendable {
    /// Only while it runs.
    package let taskHandle: String?
    /// `RUNNING`, `COMPLETED`, `CANCELLING`, `CANCELLED` or `FAILED`.
    package let status: String
    package let destinationARN: String?
    /// Both are approximate.
    package let moved: Int64
    package let toMove: Int64?
    package let failureReason: String?
}
