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
