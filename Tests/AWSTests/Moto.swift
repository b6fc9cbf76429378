// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import FoundationEssentials
import Glibc
import HTTP
import Synchronization
import Testing

@testable import AWS

/// The emulator that this process has started.
private let emulator = Atomic<pid_t>(0)

/// An emulator of AWS for the tests: one that is running already (`LANDFALL_TEST_MOTO`, its URL), or one that the first
/// test starts and that ends with the test process.
enum Moto {
    /// Its URL; nil where this machine has no moto.
    static let url: String? = environment["LANDFALL_TEST_MOTO"] ?? start()

    private static let environment = ProcessInfo.processInfo.environment

    static let http = HTTPClient()

    /// A client of the emulator.
    static func client(_ more: [String: String] = [:]) throws -> AWSClient {
        let url = try #require(url)
        var environment = [
            "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        ]
        environment.merge(more) { $1 }
        return try AWSClient(environment: environment, http: http)
    }

    /// A name that no other test has.
    static func uniqueName(_ prefix: String) -> String {
        "\(prefix)-" + (0..<12).map { _ in String("0123456789abcdef".randomElement() ?? "0") }.joined()
    }

    /// The folder of the package, found from this file.
    private static let package = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    private static func start() -> String? {
        guard let (url, process) = launch() else { return nil }
        emulator.store(process, ordering: .relaxed)
        atexit {
            kill(emulator.load(ordering: .relaxed), SIGKILL)
        }
        return url
    }

    /// An emulator of one's own, for tests that change how it behaves; who launches it ends it.
    static func launch() -> (url: String, process: pid_t)? {
        let python = environment["LANDFALL_PYTHON"] ?? "python3"
        let script = "\(package)/Tests/TestBed/motobed.py"
        guard FileManager.default.fileExists(atPath: script), canImport("moto.server", python) else { return nil }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0, let process = spawn([python, script, "0"], output: ends[1]) else { return nil }
        close(ends[1])
        // it says its URL once it listens, and stays: the pipe is left open for it
        guard let file = fdopen(ends[0], "r"), let line = readLine(from: file) else {
            Issue.record("the emulator did not start")
            kill(process, SIGKILL)
            return nil
        }
        return (line, process)
    }

    private static func readLine(from file: UnsafeMutablePointer<FILE>) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 > 32 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func canImport(_ module: String, _ python: String) -> Bool {
        let null = open("/dev/null", O_WRONLY)
        defer { close(null) }
        guard let process = spawn([python, "-c", "import \(module)"], output: null) else { return false }
        var status: Int32 = 0
        return waitpid(process, &status, 0) == process && status == 0
    }

    private static func spawn(_ arguments: [String], output: Int32) -> pid_t? {
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var process = pid_t()
        return posix_spawnp(&process, arguments[0], &actions, nil, &words, environ) == 0 ? process : nil
    }
}

extension AWSClient {
    private struct Anything: Decodable {
        var QueueUrl: String?
        var TopicArn: String?
    }

    // What only tests need: making the things that Landfall finds made.

    func makeBucket(isVersioned: Bool = false) async throws -> String {
        let name = Moto.uniqueName("bucket")
        var call = try s3.call("CreateBucket", "PUT", bucket: name)
        _ = try s3.setBody(
            .bytes(
                Array(
                    ("<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>"
                        + "eu-central-1</LocationConstraint></CreateBucketConfiguration>").utf8)), range: 0..<0, &call)
        _ = try await perform(call)
        guard isVersioned else { return name }
        call = try s3.call("PutBucketVersioning", "PUT", bucket: name)
        call.query = [(name: "versioning", value: "")]
        _ = try s3.setBody(
            .bytes(
                Array(
                    ("<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status>"
                        + "</VersioningConfiguration>").utf8)), range: 0..<0, &call)
        _ = try await perform(call)
        return name
    }

    func makeQueue() async throws -> String {
        let answer = try await json(
            .sqs, JSONProtocol(targetPrefix: "AmazonSQS", version: "1.0"), "CreateQueue", subject: "a test",
            ["QueueName": Moto.uniqueName("queue")], answer: Anything.self)
        return try #require(answer.QueueUrl)
    }

    func makeTopic(to queueURL: String) async throws -> String {
        let made = try await query(
            .sns, "CreateTopic", version: SNS.version, subject: "a test",
            parameters: [(name: "Name", value: Moto.uniqueName("topic"))])
        let topic = try #require(made["CreateTopicResult"]?.text("TopicArn"))
        let queue = try #require(try await sqs.queueAttributes(queueURL: queueURL, names: ["QueueArn"])["QueueArn"])
        _ = try await query(
            .sns, "Subscribe", version: SNS.version, subject: topic,
            parameters: [
                (name: "TopicArn", value: topic), (name: "Protocol", value: "sqs"), (name: "Endpoint", value: queue),
            ])
        return topic
    }

    private struct CreateTable: Encodable {
        struct Attribute: Encodable {
            var AttributeName: String
            var AttributeType: String
        }
        struct Key: Encodable {
            var AttributeName: String
            var KeyType: String
        }
        struct Index: Encodable {
            var IndexName: String
            var KeySchema: [Key]
            var Projection = ["ProjectionType": "ALL"]
        }
        var TableName: String
        var AttributeDefinitions: [Attribute]
        var KeySchema: [Key]
        var GlobalSecondaryIndexes: [Index]
        var BillingMode = "PAY_PER_REQUEST"
    }

    func makeTable() async throws -> String {
        let name = Moto.uniqueName("jobs")
        let input = CreateTable(
            TableName: name,
            AttributeDefinitions: ["job_id", "status", "updated_at"].map {
                .init(AttributeName: $0, AttributeType: "S")
            },
            KeySchema: [.init(AttributeName: "job_id", KeyType: "HASH")],
            GlobalSecondaryIndexes: [
                .init(
                    IndexName: "by_status",
                    KeySchema: [
                        .init(AttributeName: "status", KeyType: "HASH"),
                        .init(AttributeName: "updated_at", KeyType: "RANGE"),
                    ])
            ])
        _ = try await json(.dynamoDB, DynamoDB.wire, "CreateTable", subject: name, input, answer: NoAnswer.self)
        return name
    }

    func makeSecret(_ text: String) async throws -> String {
        let name = Moto.uniqueName("secret")
        _ = try await json(
            .secretsManager, JSONProtocol(targetPrefix: "secretsmanager", version: "1.1"), "CreateSecret",
            subject: name,
            ["Name": name, "SecretString": text, "ClientRequestToken": Moto.uniqueName("0123456789abcdef0123456789")],
            answer: NoAnswer.self)
        return name
    }
}

/// What an operation throws, as an AWSError.
func awsError(_ operation: () async throws(AWSError) -> Void) async -> AWSError? {
    do throws(AWSError) {
        try await operation()
        return nil
    } catch {
        return error
    }
}
