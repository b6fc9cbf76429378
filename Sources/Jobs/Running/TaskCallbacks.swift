/// How Step Functions tasks that wait for a request are told how it goes.
///
/// A task that waits no more is ``Failure`` `task.gone`: then nobody needs to be told.
package struct TaskCallbacks: Sendable {
    /// Ends the task well, with a JSON text of at most ``maxOutputCharacters``.
    package var succeed: @Sendable (_ token: String, _ output: String) async throws -> Void
    /// Ends the task with an error's code and its cause.
    package var fail: @Sendable (_ token: String, _ error: String, _ cause: String) async throws -> Void
    /// Shows that the task is still worked on.
    package var beat: @Sendable (_ token: String) async throws -> Void

    /// Step Functions API reference, SendTaskSuccess: the longest output.
    package static let maxOutputCharacters = 262_144
    /// The code of a task that waits no more.
    package static let goneCode = "task.gone"

    package init(
        succeed: @escaping @Sendable (String, String) async throws -> Void,
        fail: @escaping @Sendable (String, String, String) async throws -> Void,
        beat: @escaping @Sendable (String) async throws -> Void
    ) {
        self.succeed = succeed
        self.fail = fail
        self.beat = beat
    }

    /// Where there is no AWS: a message with a token is refused when its end is to be told, and comes back.
    package static let none = TaskCallbacks(
        succeed: { _, _ in throw unavailable }, fail: { _, _, _ in throw unavailable }, beat: { _ in throw unavailable })

    private static var unavailable: Failure {
        Failure(.permanent, "settings.no_aws", "A Step Functions task waits for this message, but no AWS client could be made.")
    }
}
