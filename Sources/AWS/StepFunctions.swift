/// Step Functions, as far as a worker of a task speaks to it.
///
/// A token whose task has ended or timed out is refused with `notFound` (`TaskTimedOut`, `TaskDoesNotExist`,
/// `InvalidToken`): stop then.
package struct StepFunctions: Sendable {
    let client: AWSClient
    private static let wire = JSONProtocol(targetPrefix: "AWSStepFunctions", version: "1.0")
    /// Limits of the service model, in characters.
    package static let maxOutputCharacters = 262_144
    package static let maxErrorCharacters = 256
    package static let maxCauseCharacters = 32_768

    private struct Success: Encodable {
        var taskToken: String
        var output: String
    }

    /// Step Functions `SendTaskSuccess`.
    ///
    /// - Parameter output: JSON text of at most ``maxOutputCharacters``.
    package func sendSuccess(token: String, output: String) async throws(AWSError) {
        try await send("SendTaskSuccess", Success(taskToken: token, output: output))
    }

    private struct Failure: Encodable {
        var taskToken: String
        var error: String
        var cause: String
    }

    /// Step Functions `SendTaskFailure`; an error or cause that is too long is cut.
    package func sendFailure(token: String, error: String, cause: String) async throws(AWSError) {
        try await send(
            "SendTaskFailure",
            Failure(
                taskToken: token, error: String(error.prefix(Self.maxErrorCharacters)),
                cause: String(cause.prefix(Self.maxCauseCharacters))))
    }

    /// Step Functions `SendTaskHeartbeat`: shows that the task is still worked on; it does not extend its time-out.
    package func sendHeartbeat(token: String) async throws(AWSError) {
        try await send("SendTaskHeartbeat", ["taskToken": token])
    }

    private func send(_ action: String, _ input: some Encodable & Sendable) async throws(AWSError) {
        // the token is as good as a key and stays out of messages
        _ = try await client.json(
            .stepFunctions, Self.wire, action, subject: "a task token", input, answer: NoAnswer.self)
    }

    private struct GetTask: Encodable {
        var activityArn: String
        var workerName: String?
    }

    private struct GetTaskAnswer: Decodable {
        var taskToken: String?
        var input: String?
    }

    /// How long `GetActivityTask` holds its answer back.
    static let pollSeconds = 60

    /// Step Functions `GetActivityTask`: waits up to a minute for a task of an activity; nil where none came.
    package func activityTask(activityARN: String, workerName: String? = nil) async throws(AWSError) -> ActivityTask? {
        let answer = try await client.json(
            .stepFunctions, Self.wire, "GetActivityTask", subject: activityARN,
            GetTask(activityArn: activityARN, workerName: workerName), waitSeconds: Self.pollSeconds,
            answer: GetTaskAnswer.self)
        guard let token = answer.taskToken, !token.isEmpty else { return nil }
        return ActivityTask(token: token, input: answer.input ?? "{}")
    }
}

/// A task that waits for whoever holds its token.
package struct ActivityTask: Hashable, Sendable {
    package let token: String
    /// JSON text.
    package let input: String
}
