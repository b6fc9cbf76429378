import FoundationEssentials
import HTTP
import SigV4
import Synchronization
import Testing

@testable import AWS

/// A service that answers each request by the next of a list and keeps what it was asked.
private final class Answers: Sendable {
    let sent = Mutex<[HTTPRequest]>([])
    private let left: Mutex<[HTTPResponse]>

    init(_ answers: [HTTPResponse]) {
        left = Mutex(answers)
    }

    convenience init(_ body: String, status: Int = 200, _ headers: [(name: String, value: String)] = []) {
        self.init([HTTPResponse(status: status, headers: HTTPHeaders(headers), body: Array(body.utf8))])
    }

    func client(_ configuration: AWSConfiguration = AWSConfiguration(region: "eu-central-1")) -> AWSClient {
        let timing = AWSTiming(now: { 1_795_298_400 }, sleep: { _ in }, random: { 0 })
        let keys = SigningCredentials(accessKeyID: "A", secretAccessKey: "s")
        return AWSClient(
            configuration: configuration,
            credentials: CredentialCache(fixed: AWSCredentials(keys, source: "test")), timing: timing
        ) { [self] request, _ async throws(HTTPError) in
            sent.withLock { $0.append(request) }
            let next = left.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let next else { throw HTTPError(code: "test.over", message: "no more", isTransient: false) }
            return next
        }
    }

    func header(_ name: String, _ number: Int = 0) -> String? {
        sent.withLock { $0[number].headers.first { $0.name.lowercased() == name.lowercased() }?.value }
    }

    var urls: [String] { sent.withLock { $0.map(\.url) } }

    var body: String? {
        guard case .bytes(let bytes)? = sent.withLock({ $0.first?.body }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

struct StepFunctionsTests {
    @Test("success, failure and heartbeat go out as the API has them")
    func sending() async throws {
        let success = Answers("{}")
        try await success.client().stepFunctions.sendSuccess(token: "t", output: "{}")
        #expect(success.body == #"{"output":"{}","taskToken":"t"}"#)
        #expect(success.header("X-Amz-Target") == "AWSStepFunctions.SendTaskSuccess")
        #expect(success.header("Content-Type") == "application/x-amz-json-1.0")
        #expect(success.urls == ["https://states.eu-central-1.amazonaws.com/"])
        let failure = Answers("{}")
        try await failure.client().stepFunctions.sendFailure(
            token: "t", error: String(repeating: "e", count: 300), cause: "c")
        #expect(failure.body == #"{"cause":"c","error":"\#(String(repeating: "e", count: 256))","taskToken":"t"}"#)
        let heartbeat = Answers("{}")
        try await heartbeat.client().stepFunctions.sendHeartbeat(token: "t")
        #expect(heartbeat.header("X-Amz-Target") == "AWSStepFunctions.SendTaskHeartbeat")
    }

    @Test("a token that nobody waits for is not found, and not shown", arguments: ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
    func gone(code: String) async {
        let answers = Answers(#"{"__type":"com.amazonaws#\#(code)","message":"gone"}"#, status: 400)
        let error = await awsError { () async throws(AWSError) in
            try await answers.client().stepFunctions.sendHeartbeat(token: "SECRET")
        }
        #expect(error?.kind == .notFound)
        #expect(error?.isTransient == false)
        #expect(error?.message.contains("SECRET") == false)
    }

    @Test("an activity gives a task or none")
    func activity() async throws {
        #expect(try await Answers("{}").client().stepFunctions.activityTask(activityARN: "a") == nil)
        #expect(try await Answers(#"{"taskToken":null}"#).client().stepFunctions.activityTask(activityARN: "a") == nil)
        let answers = Answers(#"{"taskToken":"t","input":"{\"a\":1}"}"#)
        #expect(
            try await answers.client().stepFunctions.activityTask(activityARN: "a")
                == ActivityTask(token: "t", input: #"{"a":1}"#))
        #expect(answers.sent.withLock { $0[0].limits.firstByte } == .seconds(90))
    }
}

struct RedshiftDataTests {
    @Test("a statement goes to a workgroup or a cluster with its parameters")
    func execute() async throws {
        let answers = Answers(#"{"Id":"i"}"#)
        let id = try await answers.client().redshiftData.execute(
            "COPY t", on: RedshiftTarget(.workgroup("w"), database: "d"), parameters: [(name: "n", value: "v")],
            clientToken: "c")
        #expect(id == "i")
        #expect(
            answers.body
                == #"{"ClientToken":"c","Database":"d","Parameters":[{"name":"n","value":"v"}],"Sql":"COPY t","WorkgroupName":"w"}"#)
        #expect(answers.header("X-Amz-Target") == "RedshiftData.ExecuteStatement")
        let cluster = Answers(#"{"Id":"i"}"#)
        _ = try await cluster.client().redshiftData.execute(
            "S", on: RedshiftTarget(.cluster("k", user: "u"), database: "d"))
        #expect(
            cluster.body
                == #"{"ClientToken":"00000000000000000000000000000000","ClusterIdentifier":"k","Database":"d","DbUser":"u","Sql":"S"}"#)
    }

    @Test("a statement is described")
    func describe() async throws {
        let failed = try await Answers(#"{"Status":"FAILED","Error":"no such table","ResultRows":-1}"#).client()
            .redshiftData.statement(id: "i")
        #expect(failed.hasEnded && !failed.hasFinished && failed.error == "no such table")
        let done = try await Answers(#"{"Status":"FINISHED","ResultRows":7,"Duration":5}"#).client().redshiftData
            .statement(id: "i")
        #expect(done == RedshiftStatement(status: "FINISHED", error: nil, resultRows: 7, nanoseconds: 5))
    }
}

struct CloudWatchLogsTests {
    @Test("events go out in the order of their times, and what was dropped is told")
    func put() async throws {
        let answers = Answers("{}")
        let isComplete = try await answers.client().logs.putEvents(
            group: "g", stream: "s", events: [(milliseconds: 2, message: "b"), (milliseconds: 1, message: "a")])
        #expect(isComplete)
        #expect(
            answers.body
                == #"{"logEvents":[{"message":"a","timestamp":1},{"message":"b","timestamp":2}],"logGroupName":"g","logStreamName":"s"}"#)
        let partial = Answers(#"{"rejectedLogEventsInfo":{"tooOldLogEventEndIndex":1}}"#)
        #expect(
            try await !partial.client().logs.putEvents(group: "g", stream: "s", events: [(milliseconds: 1, message: "a")]))
        let none = await awsError { () async throws(AWSError) in
            _ = try await Answers("{}").client().logs.putEvents(group: "g", stream: "s", events: [])
        }
        #expect(none?.kind == .invalidRequest)
    }

    @Test("a stream that is there already is no error")
    func stream() async throws {
        try await Answers(#"{"__type":"ResourceAlreadyExistsException"}"#, status: 400).client().logs.createStream(
            group: "g", stream: "s")
    }
}

struct SQSMoveTests {
    @Test("a move begins, is listed and cancelled")
    func move() async throws {
        let start = Answers(#"{"TaskHandle":"h"}"#)
        #expect(try await start.client().sqs.startMove(sourceARN: "a", maxPerSecond: 5) == "h")
        #expect(start.body == #"{"MaxNumberOfMessagesPerSecond":5,"SourceArn":"a"}"#)
        let list = Answers(#"{"Results":[{"Status":"RUNNING","TaskHandle":"h","ApproximateNumberOfMessagesMoved":3}]}"#)
        let moves = try await list.client().sqs.moves(sourceARN: "a")
        #expect(
            moves == [
                SQSMove(
                    taskHandle: "h", status: "RUNNING", destinationARN: nil, moved: 3, toMove: nil, failureReason: nil)
            ])
        #expect(try await Answers(#"{"ApproximateNumberOfMessagesMoved":4}"#).client().sqs.cancelMove(taskHandle: "h") == 4)
    }

    @Test("a batch's failures by the service's fault are worth another try")
    func faults() async throws {
        let answers = Answers(
            #"{"Failed":[{"Id":"0","Code":"InternalError","SenderFault":false},{"Id":"1","Code":"Odd","SenderFault":true}]}"#)
        let failures = try await answers.client().sqs.deleteBatch(queueURL: "q", receiptHandles: ["a", "b"])
        #expect(failures.map(\.error.isTransient) == [true, false])
        let foreign = await awsError { () async throws(AWSError) in
            _ = try await Answers(#"{"Failed":[{"Id":"9"}]}"#).client().sqs.deleteBatch(
                queueURL: "q", receiptHandles: ["a"])
        }
        #expect(foreign?.kind == .badResponse)
    }
}

struct BucketRegionTests {
    private static func redirect(_ status: Int, _ region: String, body: String = "") -> HTTPResponse {
        HTTPResponse(
            status: status, headers: HTTPHeaders([(name: "x-amz-bucket-region", value: region)]), body: Array(body.utf8))
    }

    @Test("a bucket elsewhere is asked for there, at once the next time", arguments: [301, 307, 400])
    func followed(status: Int) async throws {
        let answers = Answers([Self.redirect(status, "us-west-2"), HTTPResponse(status: 200), HTTPResponse(status: 200)])
        let client = answers.client()
        try await client.s3.headBucket("bucket")
        try await client.s3.headBucket("bucket")
        let there = "https://bucket.s3.us-west-2.amazonaws.com/"
        #expect(answers.urls == ["https://bucket.s3.eu-central-1.amazonaws.com/", there, there])
        #expect(answers.header("Authorization", 1)?.contains("/us-west-2/s3/aws4_request") == true)
    }

    @Test("the region may stand in the body")
    func body() async throws {
        let error = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region></Error>"
        let answers = Answers([
            HTTPResponse(status: 400, body: Array(error.utf8)), HTTPResponse(status: 200, body: Array("x".utf8)),
        ])
        _ = try await answers.client().s3.getBytes(bucket: "dotted.bucket", key: "k", maxBytes: 9)
        #expect(answers.urls[1] == "https://s3.us-west-2.amazonaws.com/dotted.bucket/k")
    }

    @Test("who is sent on twice gives up, and no odd region is followed")
    func loops() async {
        let answers = Answers([Self.redirect(301, "us-west-2"), Self.redirect(301, "us-east-1")])
        let error = await awsError { () async throws(AWSError) in try await answers.client().s3.headBucket("bucket") }
        #expect(error?.kind == .settings)
        #expect(answers.urls.count == 2)
        let odd = Answers([Self.redirect(301, "evil.example/")])
        let refused = await awsError { () async throws(AWSError) in try await odd.client().s3.headBucket("bucket") }
        #expect(refused?.kind == .settings)
        #expect(odd.urls.count == 1)
    }
}

struct S3HeaderTests {
    @Test("what is demanded of owner and encryption goes out with a write")
    func demands() async throws {
        let answers = Answers("")
        var s3 = answers.client().s3
        s3.expectedBucketOwner = "123456789012"
        s3.encryption = .kms(keyID: "key")
        _ = try await s3.putObject(bucket: "bucket", key: "k", body: .bytes(Array("123456789".utf8)))
        let expected = [
            "x-amz-expected-bucket-owner": "123456789012", "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": "key",
            "x-amz-server-side-encryption-bucket-key-enabled": "true", "x-amz-checksum-crc64nvme": "rosUhgp5mIg=",
        ]
        for (name, value) in expected { #expect(answers.header(name) == value) }
        let signed = answers.header("Authorization") ?? ""
        for name in expected.keys { #expect(signed.contains(name)) }
    }

    @Test("a file goes to AWS's own S3 in chunks with its checksum behind")
    func trailer() async throws {
        try await withScratch { (folder: String) async throws in
            try Data("123456789".utf8).write(to: URL(filePath: "\(folder)/f"))
            let answers = Answers("")
            _ = try await answers.client().s3.putObject(bucket: "bucket", key: "k", body: .file(path: "\(folder)/f"))
            #expect(answers.header("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
            #expect(answers.header("x-amz-trailer") == "x-amz-checksum-crc64nvme")
            #expect(answers.header("x-amz-decoded-content-length") == "9")
            #expect(answers.header("Content-Encoding") == "aws-chunked")
            var configuration = AWSConfiguration(region: "eu-central-1")
            configuration.sendsChecksums = false
            let plain = Answers("")
            _ = try await plain.client(configuration).s3.putObject(
                bucket: "bucket", key: "k", body: .file(path: "\(folder)/f"))
            #expect(plain.header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD")
            #expect(plain.header("x-amz-trailer") == nil)
        }
    }

    @Test(
        "the error for a missing permission names it",
        arguments: [(nil, "s3:GetObject"), ("v1", "s3:GetObjectVersion")] as [(String?, String)])
    func permission(version: String?, name: String) async {
        let answers = Answers("<Error><Code>AccessDenied</Code></Error>", status: 403)
        let error = await awsError { () async throws(AWSError) in
            _ = try await answers.client().s3.getBytes(
                bucket: "bucket", key: "k", version: version.map(S3Version.id) ?? .latest, maxBytes: 9)
        }
        #expect(error?.kind == .accessDenied)
        #expect(error?.message.contains("on this resource: \(name). Without s3:ListBucket") == true)
    }
}

struct ECSAgentTests {
    private func agent() throws -> ECSAgent {
        try #require(ECSAgent(environment: ["ECS_AGENT_URI": "http://127.0.0.1:1/api"], http: Moto.http))
    }

    @Test("outside of ECS there is no agent")
    func absent() {
        #expect(ECSAgent(environment: [:], http: Moto.http) == nil)
    }

    @Test("a time that the agent would refuse is refused here")
    func minutes() async throws {
        let agent = try agent()
        for minutes in [0, 2881] {
            let error = await awsError { () async throws(AWSError) in
                _ = try await agent.setProtection(true, minutes: minutes)
            }
            #expect(error?.kind == .invalidRequest)
        }
        let error = await awsError { () async throws(AWSError) in _ = try await agent.task() }
        #expect(error?.message == "ecs-agent GetTaskMetadata failed: ECS_CONTAINER_METADATA_URI_V4 is not set.")
    }
}
