import AWS
import Jobs
import SigV4

/// The tasks of a Step Functions activity as messages: an alternative to SQS (developer guide, "Activities").
///
/// A task is not given back: what is to be tried again fails with `landfall.retry`, and the state machine's `Retry` decides.
package struct ActivityQueue: ArrivalQueue {
    private let stepFunctions: StepFunctions
    private let activityARN: String
    private let workerName: String
    private let deadLetters: SQSQueue?

    /// The error name of a task that may be tried again.
    package static let retryError = "landfall.retry"

    /// `deadLetters` keeps what cannot be done, beside the failure of its task.
    package init(stepFunctions: StepFunctions, activityARN: String, workerName: String, deadLetters: SQSQueue?) {
        self.stepFunctions = stepFunctions
        self.activityARN = activityARN
        self.workerName = String(workerName.prefix(80))
        self.deadLetters = deadLetters
    }

    /// Takes one task at the most, as the API does; `wait` and `visibility` are the service's.
    package func receive(max: Int, wait: Duration, visibility: Duration) async throws -> [QueueMessage] {
        guard let task = try await stepFunctions.activityTask(activityARN: activityARN, workerName: workerName) else { return [] }
        let digest = SHA256.hexadecimal(task.token)
        let body = JSONValue.object([
            "TaskToken": .string(task.token), "Input": JSONValue(text: task.input) ?? .string(task.input),
        ])
        return [QueueMessage(id: String(digest.prefix(32)), receipt: task.token, body: body.jsonText ?? "", receiveCount: 1)]
    }

    /// The task is kept alive by its heartbeats.
    package func extend(_ message: QueueMessage, visibility: Duration) async throws {}

    package func release(_ message: QueueMessage, after wait: Duration) async throws {
        do {
            try await stepFunctions.sendFailure(
                token: message.receipt, error: Self.retryError, cause: "Try again after \(wait.wholeSeconds) s.")
        } catch {
            // Else the task has ended without us.
            if error.isTransient { throw error }
        }
    }

    /// The task has been answered.
    package func delete(_ message: QueueMessage) async throws {}

    package func copyToDeadLetters(_ message: QueueMessage, reason: DeadLetterReason) async throws {
        if let deadLetters { try await deadLetters.copyToDeadLetters(message, reason: reason) }
    }

    package func send(_ body: String) async throws {
        throw Failure(.permanent, "queue.not_supported", "An activity's tasks are made by its state machine; nothing can be queued.")
    }

    package func deadLetters(limit: Int) async throws -> [DeadLetter] {
        guard let deadLetters else { return [] }
        return try await deadLetters.deadLetters(limit: limit)
    }

    package func takeDeadLetters(max: Int, visibility: Duration) async throws -> [DeadLetter] {
        guard let deadLetters else { return [] }
        return try await deadLetters.takeDeadLetters(max: max, visibility: visibility)
    }

    package func redrive(_ letter: DeadLetter) async throws {
        throw Failure(.permanent, "queue.not_supported", "An activity's dead letters are asked for again by their state machine.")
    }

    package func deleteDeadLetter(_ letter: DeadLetter) async throws {
        if let deadLetters { try await deadLetters.deleteDeadLetter(letter) }
    }

    package func giveBack(_ letters: [DeadLetter]) async throws {
        if let deadLetters { try await deadLetters.giveBack(letters) }
    }
}
