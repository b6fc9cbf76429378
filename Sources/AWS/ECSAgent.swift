// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import HTTP

/// The two endpoints that the ECS agent puts beside a container: task protection and task metadata, version 4.
///
/// Nothing is signed; the addresses are known to this container only.
/// Source: ECS developer guide, "Task scale-in protection endpoint" and "Task metadata endpoint version 4".
package struct ECSAgent: Sendable {
    private let agentURL: String?
    private let metadataURL: String?
    private let fetch: MetadataFetch
    /// How long a protection can last, in minutes.
    package static let protectionMinutes = 1...2880
    private static let service = "ecs-agent"

    /// Nil outside of ECS: where neither `ECS_AGENT_URI` nor `ECS_CONTAINER_METADATA_URI_V4` is set.
    package init?(environment: [String: String], http: HTTPClient, timing: AWSTiming = .system) {
        self.init(environment: environment, fetch: MetadataFetch(http: http, timing: timing))
    }

    init?(environment: [String: String], fetch: MetadataFetch) {
        self.fetch = fetch
        agentURL = environment.text("ECS_AGENT_URI")
        metadataURL = environment.text("ECS_CONTAINER_METADATA_URI_V4")
        if agentURL == nil, metadataURL == nil { return nil }
    }

    private struct SetProtection: Encodable {
        var ProtectionEnabled: Bool
        var ExpiresInMinutes: Int?
    }

    private struct ProtectionAnswer: Decodable {
        struct Protection: Decodable {
            var ProtectionEnabled: Bool
            var ExpirationDate: String?
            var TaskArn: String?
        }
        struct Failure: Decodable {
            var Reason: String?
            var Detail: String?
        }
        struct Problem: Decodable {
            var Code: String?
            var Message: String?
        }
        var protection: Protection?
        var failure: Failure?
        var error: Problem?
        var requestID: String?
    }

    /// ECS agent `PUT task-protection/v1/state`: whether scaling in and deployments may stop this task.
    ///
    /// - Parameter minutes: when the protection ends by itself, 1...2880.
    package func setProtection(_ isProtected: Bool, minutes: Int = 120) async throws(AWSError) -> TaskProtection {
        let action = "UpdateTaskProtection"
        guard Self.protectionMinutes.contains(minutes) else {
            throw Self.error(.invalidRequest, action, "\(minutes) minutes; it must be 1 to 2880")
        }
        // the agent refuses a time where there is nothing to end
        let input = SetProtection(ProtectionEnabled: isProtected, ExpiresInMinutes: isProtected ? minutes : nil)
        guard let body = try? JSONBody.encode(input) else {
            throw Self.error(.invalidRequest, action, "it cannot be written as JSON")
        }
        return try await protection("PUT", action, body: .bytes(body))
    }

    /// ECS agent `GET task-protection/v1/state`.
    package func protection() async throws(AWSError) -> TaskProtection {
        try await protection("GET", "GetTaskProtection", body: .none)
    }

    private func protection(_ method: String, _ action: String, body: HTTPBody) async throws(AWSError) -> TaskProtection {
        guard let agentURL else { throw Self.error(.settings, action, "ECS_AGENT_URI is not set") }
        let url = "\(agentURL)/task-protection/v1/state"
        let response = try await answer(method, url, action, body)
        guard let answer = try? JSONBody.decode(ProtectionAnswer.self, response.body) else {
            throw Self.error(.badResponse, action, "status \(response.status) and no JSON that is understood", response)
        }
        if let protection = answer.protection, response.isSuccess {
            return TaskProtection(
                isProtected: protection.ProtectionEnabled, taskARN: protection.TaskArn,
                endsAt: protection.ExpirationDate.flatMap(TimeText.iso8601))
        }
        // a failure may come with status 200
        let code = answer.error?.Code ?? answer.failure?.Reason
        let said = [code, answer.error?.Message ?? answer.failure?.Detail].compactMap(\.self).joined(separator: ": ")
        var error = Self.error(
            AWSError.kind(code: code, status: response.isSuccess ? 400 : response.status), action,
            "status \(response.status): \(said)", response)
        error.awsCode = code
        error.requestID = answer.requestID
        throw error
    }

    private struct TaskAnswer: Decodable {
        var Cluster: String?
        var TaskARN: String?
        var Family: String?
        var Revision: String?
        var AvailabilityZone: String?
        var LaunchType: String?
        var ServiceName: String?
    }

    /// ECS task metadata v4, `GET task`.
    package func task() async throws(AWSError) -> ECSTask {
        let action = "GetTaskMetadata"
        guard let metadataURL else { throw Self.error(.settings, action, "ECS_CONTAINER_METADATA_URI_V4 is not set") }
        let response = try await answer("GET", "\(metadataURL)/task", action, .none)
        guard response.isSuccess else {
            throw Self.error(AWSError.kind(code: nil, status: response.status), action, "status \(response.status)", response)
        }
        guard let answer = try? JSONBody.decode(TaskAnswer.self, response.body) else {
            throw Self.error(.badResponse, action, "its JSON does not have the shape expected", response)
        }
        return ECSTask(
            taskARN: answer.TaskARN, cluster: answer.Cluster, family: answer.Family, revision: answer.Revision,
            availabilityZone: answer.AvailabilityZone, launchType: answer.LaunchType, serviceName: answer.ServiceName)
    }

    private func answer(_ method: String, _ url: String, _ action: String, _ body: HTTPBody) async throws(AWSError)
        -> HTTPResponse
    {
        do {
            return try await fetch.send(
                method, url, headers: body.isNone ? [] : [(name: "Content-Type", value: "application/json")], body: body)
        } catch {
            let kind: AWSError.Kind = error.isCancellation ? .cancelled : error.isTimeout ? .timeout : .connection
            throw AWSError(
                kind, service: Self.service, action: action, message: "ecs-agent \(action) failed: \(error.message)",
                isTransient: error.isTransient)
        }
    }

    private static func error(
        _ kind: AWSError.Kind, _ action: String, _ reason: String, _ response: HTTPResponse? = nil
    ) -> AWSError {
        AWSError(
            kind, service: service, action: action, message: "ecs-agent \(action) failed: \(reason).",
            status: response?.status, isTransient: kind == .unavailable || kind == .throttled)
    }
}

extension HTTPBody {
    fileprivate var isNone: Bool {
        if case .none = self { true } else { false }
    }
}

/// Whether a task may be stopped by scaling in or a deployment.
package struct TaskProtection: Hashable, Sendable {
    package let isProtected: Bool
    package let taskARN: String?
    /// Unix seconds.
    package let endsAt: Int64?
}

/// What the agent says of the task that this container is in.
package struct ECSTask: Hashable, Sendable {
    package let taskARN: String?
    package let cluster: String?
    package let family: String?
    package let revision: String?
    package let availabilityZone: String?
    /// `FARGATE` or `EC2`.
    package let launchType: String?
    package let serviceName: String?
}
