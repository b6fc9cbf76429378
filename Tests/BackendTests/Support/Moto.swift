import AWS
import Foundation
import HTTP
import Testing

/// The AWS of these tests: moto's server, one a test process.
///
/// `LANDFALL_TEST_MOTO` names one that runs; else `Tests/TestBed/motobed.py` is started by `LANDFALL_PYTHON`, else by
/// the test bed's own Python, else by `python3`. The server ends with this process, however that ends.
final class Moto: Sendable {
    static let missing: Comment = """
        needs moto: set LANDFALL_TEST_MOTO to a server's URL, or LANDFALL_PYTHON to a Python that has moto[server] \
        (Tests/TestBed/setup.sh makes one)
        """

    static let shared: Moto? = {
        guard let url = ProcessInfo.processInfo.environment["LANDFALL_TEST_MOTO"] ?? start() else { return nil }
        return try? Moto(url: url)
    }()

    static var isAvailable: Bool { shared != nil }

    static func required() throws -> Moto {
        try #require(shared, missing)
    }

    let url: String
    let client: AWSClient
    private let http: HTTPClient

    private init(url: String) throws {
        self.url = url
        http = HTTPClient()
        client = try AWSClient(
            environment: [
                "AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
            ], http: http)
    }

    private static func start() -> String? {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let bed = tests.appendingPathComponent("TestBed/motobed.py").path
        let venv = tests.deletingLastPathComponent().appendingPathComponent(".build/testbed-venv/bin/python").path
        let python =
            ProcessInfo.processInfo.environment["LANDFALL_PYTHON"]
            ?? (FileManager.default.isExecutableFile(atPath: venv) ? venv : "python3")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // The shell waits on a pipe that only this process holds: when we are gone it reads its end and stops the
        // server, by KILL because children inherit the mask of a dispatch thread, which blocks TERM.
        process.arguments = ["-c", #""$0" "$1" 0 & server=$!; exec >&-; read line; kill -KILL "$server""#, python, bed]
        let lifeline = Pipe()
        let output = Pipe()
        process.standardInput = lifeline
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        // Our copy of the writing end must go, or there would be no end of file where the server does not start.
        try? output.fileHandleForWriting.close()
        try? lifeline.fileHandleForReading.close()
        lifelines.append(lifeline)
        var line: [UInt8] = []
        while line.count < 200, let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }

    /// Held for as long as this process lives.
    nonisolated(unsafe) private static var lifelines: [Pipe] = []

    // What the tests need and Landfall does not: making things.

    /// A name nobody has used.
    static func name() -> String { "t-\(UUID().uuidString.lowercased().prefix(13))" }

    func makeQueue(visibilitySeconds: Int = 30) async throws -> (url: String, arn: String) {
        let name = Self.name()
        let answer = try await call(
            "sqs", target: "AmazonSQS.CreateQueue", version: "1.0",
            ["QueueName": name, "Attributes": ["VisibilityTimeout": String(visibilitySeconds)]])
        return (try #require(answer["QueueUrl"] as? String), "arn:aws:sqs:us-east-1:123456789012:\(name)")
    }

    func makeTable(withIndex: Bool = true) async throws -> String {
        let name = Self.name()
        var table: [String: Any] = [
            "TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [["AttributeName": "job_id", "AttributeType": "S"]],
            "KeySchema": [["AttributeName": "job_id", "KeyType": "HASH"]],
        ]
        if withIndex {
            table["AttributeDefinitions"] = ["job_id", "status", "updated_at"].map {
                ["AttributeName": $0, "AttributeType": "S"]
            }
            table["GlobalSecondaryIndexes"] = [
                [
                    "IndexName": "by_status", "Projection": ["ProjectionType": "ALL"],
                    "KeySchema": [
                        ["AttributeName": "status", "KeyType": "HASH"],
                        ["AttributeName": "updated_at", "KeyType": "RANGE"],
                    ],
                ]
            ]
        }
        _ = try await call("dynamodb", target: "DynamoDB_20120810.CreateTable", version: "1.0", table)
        return name
    }

    func makeBucket(versioned: Bool = false) async throws -> String {
        let name = Self.name()
        try await expectSuccess(
            HTTPRequest("PUT", "\(url)/\(name)", headers: [authorization("s3")]))
        if versioned {
            let body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
            try await expectSuccess(
                HTTPRequest(
                    "PUT", "\(url)/\(name)?versioning", headers: [authorization("s3")], body: .bytes(Array(body.utf8))))
        }
        return name
    }

    /// A topic, and a queue that gets what is published there in SNS's envelope.
    func makeTopic() async throws -> (arn: String, observer: String) {
        let queue = try await makeQueue()
        let name = Self.name()
        try await form("sns", ["Action": "CreateTopic", "Version": "2010-03-31", "Name": name])
        let arn = "arn:aws:sns:us-east-1:123456789012:\(name)"
        try await form(
            "sns",
            [
                "Action": "Subscribe", "Version": "2010-03-31", "TopicArn": arn, "Protocol": "sqs",
                "Endpoint": queue.arn,
            ])
        return (arn, queue.url)
    }

    /// A bus, and a queue that gets the events put there.
    func makeBus() async throws -> (name: String, observer: String) {
        let queue = try await makeQueue()
        let name = Self.name()
        _ = try await call("events", target: "AWSEvents.CreateEventBus", version: "1.1", ["Name": name])
        _ = try await call(
            "events", target: "AWSEvents.PutRule", version: "1.1",
            ["Name": name, "EventBusName": name, "State": "ENABLED", "EventPattern": #"{"source":["landfall"]}"#])
        _ = try await call(
            "events", target: "AWSEvents.PutTargets", version: "1.1",
            ["Rule": name, "EventBusName": name, "Targets": [["Id": "observer", "Arn": queue.arn]]])
        return (name, queue.url)
    }

    private func call(
        _ service: String, target: String, version: String, _ body: [String: Any]
    ) async throws -> [String: Any] {
        let response = try await expectSuccess(
            HTTPRequest(
                "POST", url + "/",
                headers: [
                    authorization(service), ("X-Amz-Target", target),
                    ("Content-Type", "application/x-amz-json-\(version)"),
                ], body: .bytes(Array(try JSONSerialization.data(withJSONObject: body)))))
        return (try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]) ?? [:]
    }

    private func form(_ service: String, _ fields: [String: String]) async throws {
        var components = URLComponents()
        components.queryItems = fields.map { URLQueryItem(name: $0.key, value: $0.value) }
        let body = Array((components.percentEncodedQuery ?? "").utf8)
        try await expectSuccess(
            HTTPRequest(
                "POST", url + "/",
                headers: [authorization(service), ("Content-Type", "application/x-www-form-urlencoded")],
                body: .bytes(body)))
    }

    @discardableResult
    private func expectSuccess(_ request: HTTPRequest) async throws -> HTTPResponse {
        let response = try await http.send(request)
        try #require(response.isSuccess, "moto: \(response.status) \(String(decoding: response.body, as: UTF8.self))")
        return response
    }

    /// moto checks no signature, but learns the service from where it would stand.
    private func authorization(_ service: String) -> (name: String, value: String) {
        (
            "Authorization",
            """
            AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/\(service)/aws4_request, \
            SignedHeaders=host, Signature=0
            """
        )
    }
}
