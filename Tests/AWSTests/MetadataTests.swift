import FoundationEssentials
import HTTP
import Synchronization
import Testing

@testable import AWS

/// The small services beside a container or an instance, by URL.
private final class Neighbour: Sendable {
    let sent = Mutex<[HTTPRequest]>([])
    let sleeps = Mutex<Int>(0)
    private let answers: Mutex<[String: [HTTPResponse]]>

    /// - Parameter answers: by method and URL; the last one of each is given again and again.
    init(_ answers: [String: [(Int, String)]]) {
        self.answers = Mutex(answers.mapValues { $0.map { HTTPResponse(status: $0.0, body: Array($0.1.utf8)) } })
    }

    var metadata: MetadataFetch {
        let timing = AWSTiming(now: { 0 }, sleep: { [self] _ in sleeps.withLock { $0 += 1 } }, random: { 0 })
        return MetadataFetch(timing: timing) { [self] request async throws(HTTPError) in
            sent.withLock { $0.append(request) }
            let answer = answers.withLock { answers -> HTTPResponse? in
                let key = "\(request.method) \(request.url)"
                guard let next = answers[key]?.first else { return nil }
                if answers[key]?.count ?? 0 > 1 { answers[key]?.removeFirst() }
                return next
            }
            guard let answer else { throw HTTPError(code: "http.connect_failed", message: "nobody", isTransient: true) }
            return answer
        }
    }

    func header(_ name: String, ofRequest number: Int) -> String? {
        sent.withLock { $0[number].headers.first { $0.name == name }?.value }
    }
}

private let keys =
    "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Token\":\"T\",\"Expiration\":\"2026-11-21T22:00:00Z\"}"

extension CredentialAnswer {
    fileprivate var credentials: AWSCredentials? {
        if case .found(let credentials) = self { credentials } else { nil }
    }

    fileprivate var reason: String? {
        if case .absent(let reason) = self { reason } else { nil }
    }
}

struct MetadataTests {
    @Test("a container's keys are fetched with its token, again while they are not ready, past any proxy")
    func container() async throws {
        let neighbour = Neighbour(["GET http://169.254.170.2/v2/id": [(503, ""), (200, keys)]])
        let environment = [
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/id", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer x",
        ]
        let answer = try await ContainerCredentials(environment: environment, metadata: neighbour.metadata).load()
        #expect(answer.credentials?.keys.accessKeyID == "A")
        #expect(answer.credentials?.expiresAt == 1_795_298_400)
        #expect(neighbour.header("Authorization", ofRequest: 1) == "Bearer x")
        #expect(neighbour.sent.withLock { $0.allSatisfy { !$0.usesProxy } })
        #expect(neighbour.sleeps.withLock { $0 } == 1)
    }

    @Test("a token from a file comes before one from the environment")
    func tokenFile() async throws {
        try await withScratch { folder in
            try Data("fresh\n".utf8).write(to: URL(filePath: "\(folder)/token"))
            let neighbour = Neighbour(["GET http://169.254.170.23/v1": [(200, keys)]])
            let environment = [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "old", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "\(folder)/token",
            ]
            _ = try await ContainerCredentials(environment: environment, metadata: neighbour.metadata).load()
            #expect(neighbour.header("Authorization", ofRequest: 0) == "fresh")
        }
    }

    @Test(
        "a container's endpoint that stays silent or refuses is an error", arguments: [[], [(403, "")], [(200, "{}")]])
    func containerFailure(answers: [(Int, String)]) async {
        let neighbour = Neighbour(answers.isEmpty ? [:] : ["GET http://169.254.170.2/id": answers])
        let source = ContainerCredentials(
            environment: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/id"], metadata: neighbour.metadata)
        let error = await awsError { () async throws(AWSError) in _ = try await source.load() }
        #expect(error?.kind == .credentials)
    }

    private static let base = "http://169.254.169.254/latest"

    @Test("an instance's keys are fetched with a session token")
    func instance() async throws {
        let neighbour = Neighbour([
            "PUT \(Self.base)/api/token": [(200, "session")],
            "GET \(Self.base)/meta-data/iam/security-credentials/": [(200, "my-role\n")],
            "GET \(Self.base)/meta-data/iam/security-credentials/my-role": [(200, keys)],
        ])
        let answer = try await InstanceCredentials(environment: [:], metadata: neighbour.metadata).load()
        #expect(answer.credentials?.keys.sessionToken == "T")
        #expect(answer.credentials?.source == "instance metadata")
        #expect(neighbour.header("X-aws-ec2-metadata-token-ttl-seconds", ofRequest: 0) == "21600")
        #expect(neighbour.header("X-aws-ec2-metadata-token", ofRequest: 2) == "session")
    }

    @Test("a machine that is no instance is found out by one request")
    func noInstance() async throws {
        let neighbour = Neighbour([:])
        let answer = try await InstanceCredentials(environment: [:], metadata: neighbour.metadata).load()
        #expect(answer.reason == "it cannot be reached")
        #expect(neighbour.sent.withLock { $0.count } == 1)
    }

    @Test("an instance without a role says so")
    func noRole() async throws {
        let neighbour = Neighbour([
            "PUT \(Self.base)/api/token": [(200, "session")],
            "GET \(Self.base)/meta-data/iam/security-credentials/": [(404, "")],
        ])
        let answer = try await InstanceCredentials(environment: [:], metadata: neighbour.metadata).load()
        #expect(answer.reason == "the instance has no role")
    }
}

struct TaskEndpointTests {
    private static let state = "http://agent/api/task-protection/v1/state"

    private func agent(_ neighbour: Neighbour) throws -> ECSAgent {
        let environment = ["ECS_AGENT_URI": "http://agent/api", "ECS_CONTAINER_METADATA_URI_V4": "http://agent/v4/x"]
        return try #require(ECSAgent(environment: environment, fetch: neighbour.metadata))
    }

    @Test("a task is protected for a while, and no longer")
    func protection() async throws {
        let on = #"{"protection":{"ExpirationDate":"2026-11-21T22:00:00Z","ProtectionEnabled":true,"TaskArn":"t"}}"#
        let off = #"{"protection":{"ExpirationDate":null,"ProtectionEnabled":false,"TaskArn":"t"}}"#
        let neighbour = Neighbour(["PUT \(Self.state)": [(200, on), (200, off)], "GET \(Self.state)": [(200, off)]])
        let agent = try agent(neighbour)
        #expect(
            try await agent.setProtection(true, minutes: 60)
                == TaskProtection(isProtected: true, taskARN: "t", endsAt: 1_795_298_400))
        #expect(try await !agent.setProtection(false).isProtected)
        #expect(try await agent.protection() == TaskProtection(isProtected: false, taskARN: "t", endsAt: nil))
        let bodies = neighbour.sent.withLock { $0 }.map { request in
            guard case .bytes(let bytes) = request.body else { return "" }
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(bodies == [#"{"ExpiresInMinutes":60,"ProtectionEnabled":true}"#, #"{"ProtectionEnabled":false}"#, ""])
    }

    @Test(
        "what the agent refuses is an error, even with status 200",
        arguments: [
            (200, #"{"failure":{"Arn":"t","Detail":"d","Reason":"DEPLOYMENT_BLOCKED"}}"#, AWSError.Kind.invalidRequest, false),
            (400, #"{"error":{"Arn":"t","Code":"ResourceNotFoundException","Message":"m"}}"#, .notFound, false),
            (403, #"{"requestID":"r","error":{"Code":"AccessDeniedException","Message":"m"}}"#, .accessDenied, false),
            (504, #"{"error":{"Code":"RequestTimeout","Message":"m"}}"#, .unavailable, true),
            (200, "garbage", .badResponse, false),
        ])
    func refusals(status: Int, body: String, kind: AWSError.Kind, isTransient: Bool) async throws {
        let agent = try agent(Neighbour(["PUT \(Self.state)": [(status, body)]]))
        let error = await awsError { () async throws(AWSError) in _ = try await agent.setProtection(true) }
        #expect(error?.kind == kind)
        #expect(error?.isTransient == isTransient)
        #expect(error?.status == status)
    }

    @Test("the task is known")
    func task() async throws {
        let body = #"{"Cluster":"c","TaskARN":"t","Family":"f","Revision":"7","LaunchType":"FARGATE","Limits":{"CPU":1}}"#
        let task = try await agent(Neighbour(["GET http://agent/v4/x/task": [(200, body)]])).task()
        #expect(task.taskARN == "t" && task.cluster == "c" && task.revision == "7" && task.launchType == "FARGATE")
        #expect(task.serviceName == nil)
    }
}
