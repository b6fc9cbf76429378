import HTTP
import SigV4
import Synchronization
import Testing

@testable import AWS

/// A service that answers by a list, and a clock that only sleeping moves.
private final class Stage: Sendable {
    let sent = Mutex<[HTTPRequest]>([])
    let slept = Mutex<[Duration]>([])
    let loads = Mutex<Int>(0)
    private let answers: Mutex<[Result<HTTPResponse, HTTPError>]>
    static let now: Int64 = 1_795_298_400

    init(_ answers: [Result<HTTPResponse, HTTPError>]) {
        self.answers = Mutex(answers)
    }

    func client(expiresAt: Int64? = nil, maxAttempts: Int = 3) -> AWSClient {
        let timing = AWSTiming(
            now: { Self.now }, sleep: { [self] delay in slept.withLock { $0.append(delay) } }, random: { 0.5 })
        let cache = CredentialCache(timing: timing) { [self] () async throws(AWSError) in
            let number = loads.withLock { count in
                count += 1
                return count
            }
            return AWSCredentials(
                SigningCredentials(accessKeyID: "AKID\(number)", secretAccessKey: "s"), expiresAt: expiresAt,
                source: "test")
        }
        var configuration = AWSConfiguration(region: "eu-central-1")
        configuration.retry.maxAttempts = maxAttempts
        return AWSClient(configuration: configuration, credentials: cache, timing: timing) {
            [self] (request, _) async throws(HTTPError) in
            sent.withLock { $0.append(request) }
            let next = answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            return try (next ?? .failure(HTTPError(code: "test.over", message: "no more answers", isTransient: false)))
                .get()
        }
    }

    func header(_ name: String, ofRequest number: Int) -> String? {
        sent.withLock { $0[number].headers.first { $0.name == name }?.value }
    }

    var sentCount: Int { sent.withLock { $0.count } }
}

extension Result<HTTPResponse, HTTPError> {
    fileprivate static func answer(_ status: Int, _ body: String = "{}", headers: [(name: String, value: String)] = [])
        -> Self
    {
        .success(HTTPResponse(status: status, headers: HTTPHeaders(headers), body: Array(body.utf8)))
    }

    fileprivate static func failure(_ code: String, isTransient: Bool = true, isTimeout: Bool = false) -> Self {
        .failure(HTTPError(code: code, message: "it broke.", isTransient: isTransient, isTimeout: isTimeout))
    }
}

struct CallTests {
    @Test("a call is tried again after failures that may pass, with the wait in between")
    func retries() async throws {
        let stage = Stage([.failure("http.connection_lost"), .answer(503), .answer(200, "{\"SecretString\": \"s\"}")])
        #expect(try await stage.client().secretsManager.secretText(id: "x") == "s")
        #expect(stage.sentCount == 3)
        #expect(stage.slept.withLock { $0 } == [.milliseconds(25), .milliseconds(50)])
    }

    @Test("the last failure says how often it was tried")
    func exhausted() async {
        let stage = Stage([
            .answer(500), .answer(500), .answer(503, "{\"__type\": \"ns#ServiceUnavailable\", \"message\": \"no\"}"),
        ])
        let error = await awsError { () async throws(AWSError) in
            _ = try await stage.client().secretsManager.secretText(id: "x")
        }
        #expect(error?.kind == .unavailable)
        #expect(
            error?.message
                == "secretsmanager GetSecretValue on x failed with status 503: ServiceUnavailable: no. Tried 3 times.")
        #expect(stage.sentCount == 3)
    }

    @Test("a call that AWS refuses is not tried again")
    func refused() async {
        let stage = Stage([
            .answer(400, "{\"__type\": \"com.amazon.coral.service#AccessDeniedException\", \"Message\": \"no\"}")
        ])
        let error = await awsError { () async throws(AWSError) in
            _ = try await stage.client().secretsManager.secretText(id: "x")
        }
        #expect(error?.kind == .accessDenied)
        #expect(error?.message.contains("needs permission for this action") == true)
        #expect(stage.sentCount == 1)
    }

    @Test("a throttled call waits as long as the service asks, within reason")
    func throttled() async throws {
        let stage = Stage([
            .answer(
                400, "{\"__type\": \"ThrottlingException\"}", headers: [(name: "x-amz-retry-after", value: "1700")]),
            .answer(429, headers: [(name: "Retry-After", value: "100")]), .answer(200, "{\"SecretString\": \"s\"}"),
        ])
        _ = try await stage.client().secretsManager.secretText(id: "x")
        #expect(stage.slept.withLock { $0 } == [.milliseconds(1700), .seconds(6)])
    }

    @Test("a clock that is wrong is put right once, from the service's date, without a wait")
    func clockSkew() async throws {
        let date = (name: "Date", value: "Sat, 21 Nov 2026 23:00:00 GMT")
        let refusal = Result.answer(400, "{\"__type\": \"InvalidSignatureException\"}", headers: [date])
        let stage = Stage([
            refusal, .answer(200, "{\"SecretString\": \"s\"}"), .answer(200, "{\"SecretString\": \"s\"}"), refusal,
        ])
        let client = stage.client()
        #expect(try await client.secretsManager.secretText(id: "x") == "s")
        #expect(stage.slept.withLock { $0 }.isEmpty)
        #expect(stage.header("X-Amz-Date", ofRequest: 0) == "20261121T220000Z")
        #expect(stage.header("X-Amz-Date", ofRequest: 1) == "20261121T230000Z")
        _ = try await client.secretsManager.secretText(id: "x")
        #expect(stage.header("X-Amz-Date", ofRequest: 2) == "20261121T230000Z")
        let error = await awsError { () async throws(AWSError) in
            _ = try await client.secretsManager.secretText(id: "x")
        }
        #expect(error?.kind == .credentials)
        #expect(stage.sentCount == 4)
    }

    @Test("a bad signature by a right clock is no reason to try again")
    func badSignature() async {
        let date = (name: "Date", value: "Sat, 21 Nov 2026 22:01:00 GMT")
        let stage = Stage([.answer(403, "{\"__type\": \"SignatureDoesNotMatch\"}", headers: [date])])
        let error = await awsError { () async throws(AWSError) in
            _ = try await stage.client().secretsManager.secretText(id: "x")
        }
        #expect(error?.kind == .credentials)
        #expect(stage.sentCount == 1)
    }

    @Test("keys that AWS calls expired are loaded anew, once")
    func expiredToken() async throws {
        let refusal = Result.answer(400, "{\"__type\": \"ExpiredTokenException\"}")
        let stage = Stage([refusal, .answer(200, "{\"SecretString\": \"s\"}"), refusal, refusal])
        let client = stage.client(expiresAt: Stage.now + 3600)
        #expect(try await client.secretsManager.secretText(id: "x") == "s")
        #expect(stage.header("Authorization", ofRequest: 0)?.contains("Credential=AKID1/") == true)
        #expect(stage.header("Authorization", ofRequest: 1)?.contains("Credential=AKID2/") == true)
        let error = await awsError { () async throws(AWSError) in
            _ = try await client.secretsManager.secretText(id: "x")
        }
        #expect(error?.kind == .credentials)
        #expect(stage.sentCount == 4)
    }

    @Test("S3's errors that come with status 200 are errors")
    func hiddenError() async {
        let hidden = Result.answer(
            200, "<Error><Code>InternalError</Code><Message>We encountered an error.</Message></Error>")
        let stage = Stage([hidden])
        let error = await awsError { () async throws(AWSError) in
            let client = stage.client(maxAttempts: 1)
            var call = try client.s3.call("CompleteMultipartUpload", "POST", bucket: "bucket", key: "k")
            call.mayFailWithSuccessStatus = true
            _ = try await client.perform(call)
        }
        #expect(error?.awsCode == "InternalError")
        #expect(error?.isTransient == true)
    }

    @Test(
        "an answer that is not what it should be is a bad response",
        arguments: ["", "{", "[]", "{\"SecretString\": 1}", "{\"SecretBinary\": \"AA==\"}", "<html>"])
    func badResponse(body: String) async {
        let stage = Stage([.answer(200, body)])
        let error = await awsError { () async throws(AWSError) in
            _ = try await stage.client().secretsManager.secretText(id: "x")
        }
        #expect(error?.kind == .badResponse)
    }

    @Test(
        "a failure of the transport has its kind",
        arguments: [
            ("http.cancelled", false, AWSError.Kind.cancelled), ("http.too_large", false, .tooLarge),
            ("http.truncated", false, .badResponse), ("http.file_write", false, .file),
            ("http.stalled", true, .timeout),
            ("http.connect_timeout", true, .timeout), ("http.connect_failed", false, .connection),
            ("http.certificate_rejected", false, .connection),
        ])
    func transport(code: String, isTimeout: Bool, kind: AWSError.Kind) async {
        let stage = Stage([.failure(code, isTransient: false, isTimeout: isTimeout)])
        let error = await awsError { () async throws(AWSError) in try await stage.client().s3.headBucket("bucket") }
        #expect(error?.kind == kind)
        #expect(error?.message == "s3 HeadBucket on s3://bucket failed: it broke.")
    }

    @Test(
        "buckets are addressed by host where they can be, else by path",
        arguments: [
            ("bucket-1", "k/é", "https://bucket-1.s3.eu-central-1.amazonaws.com/k/%C3%A9"),
            ("my.bucket", "k", "https://s3.eu-central-1.amazonaws.com/my.bucket/k"),
            ("Upper", "k", "https://s3.eu-central-1.amazonaws.com/Upper/k"),
            ("bucket-1", "../x//y", "https://bucket-1.s3.eu-central-1.amazonaws.com/../x//y"),
        ])
    func addressing(bucket: String, key: String, url: String) async throws {
        let stage = Stage([.answer(200)])
        _ = try await stage.client().s3.headObject(bucket: bucket, key: key)
        #expect(stage.sent.withLock { $0[0].url } == url)
        #expect(stage.header("Host", ofRequest: 0) == String(url.dropFirst(8).prefix { $0 != "/" }))
    }

    @Test("what names no object is not sent", arguments: [("", "k"), ("a/b", "k"), ("bucket", "")])
    func noObject(bucket: String, key: String) async {
        let stage = Stage([])
        let error = await awsError { () async throws(AWSError) in
            _ = try await stage.client().s3.headObject(bucket: bucket, key: key)
        }
        #expect(error?.kind == .invalidRequest)
        #expect(stage.sentCount == 0)
    }

    @Test("a long poll is given its time on top of the usual")
    func longPollLimits() async throws {
        let stage = Stage([.answer(200)])
        #expect(try await stage.client().sqs.receive(queueURL: "https://q", waitSeconds: 20).isEmpty)
        #expect(stage.sent.withLock { $0[0].limits.firstByte } == .seconds(50))
    }

    @Test("a form is encoded as forms are")
    func form() async {
        let stage = Stage([.answer(200, "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>")])
        let error = await awsError { () async throws(AWSError) in
            _ = try await stage.client().sns.publish(
                topicARN: "arn:t", message: " a b+é&=", subject: "S", attributes: ["k": "v w", "empty": ""])
        }
        #expect(error == nil)
        guard case .bytes(let body)? = stage.sent.withLock({ $0.first?.body }) else {
            Issue.record("no body was sent")
            return
        }
        let attribute = "MessageAttributes.entry.1"
        #expect(
            String(decoding: body, as: UTF8.self)
                == "Action=Publish&Version=2010-03-31&TopicArn=arn%3At&Message=+a+b%2B%C3%A9%26%3D&Subject=S"
                + "&\(attribute).Name=k&\(attribute).Value.DataType=String&\(attribute).Value.StringValue=v+w")
    }

    @Test("a placeholder that stands for two things is refused before anything is sent")
    func placeholders() async {
        let stage = Stage([])
        let error = await awsError { () async throws(AWSError) in
            _ = try await stage.client().dynamoDB.updateItem(
                table: "t", key: [:], update: DynamoExpression("SET a = :v", values: [":v": .s("1")]),
                condition: DynamoExpression("a = :v", values: [":v": .s("2")]))
        }
        #expect(error?.kind == .invalidRequest)
        #expect(error?.message.contains(":v stands for two values") == true)
    }
}

struct PartTests {
    @Test(
        "parts are as few as S3 allows and cover the file exactly",
        arguments: [1, 16 << 20, (64 << 20) + 1, 5 << 40, 50 << 40] as [Int64])
    func parts(size: Int64) {
        let parts = S3.parts(of: size)
        #expect(parts.count <= 10_000)
        #expect(parts.first?.lowerBound == 0)
        #expect(parts.last?.upperBound == size)
        #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(parts.dropLast().allSatisfy { $0.count >= 5 << 20 })
    }
}
