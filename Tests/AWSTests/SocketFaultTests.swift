import FaultServer
import FoundationEssentials
import HTTP
import Synchronization
import Testing

@testable import AWS

@Suite("Faults of a server, through the whole client")
struct SocketFaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let steps: [ScriptedServer.Step]
        let kind: AWSError.Kind
        /// Before the next try.
        var wait = Duration.milliseconds(25)
        var testDescription: String { name }
        var limits: HTTPLimits { kind == .timeout ? .impatient : HTTPLimits() }
    }

    private static let fault: [Fault] = [
        Fault(name: "reset before the answer", steps: [.reset], kind: .connection),
        Fault(name: "closed before the answer", steps: [.close], kind: .connection),
        Fault(name: "reset within the body", steps: [.head("Content-Length: 10"), .text("12345"), .reset], kind: .connection),
        Fault(name: "truncated body", steps: [.head("Content-Length: 10"), .text("12345"), .close], kind: .badResponse),
        Fault(
            name: "truncated chunks", steps: [.head("Transfer-Encoding: chunked"), .text("5\r\n12345"), .close],
            kind: .badResponse),
        Fault(name: "a length that is no number", steps: [.head("Content-Length: many"), .text("1"), .close], kind: .badResponse),
        Fault(name: "not HTTP", steps: [.text("SSH-2.0-OpenSSH_9.2\r\n\r\n"), .close], kind: .badResponse),
        Fault(name: "no answer", steps: [.hold], kind: .timeout),
        Fault(name: "a stall within the body", steps: [.head("Content-Length: 10"), .text("12345"), .hold], kind: .timeout),
        Fault(
            name: "a drip slower than the rule", steps: [.head("Content-Length: 100000"), .drip(everyMilliseconds: 5)],
            kind: .timeout),
        Fault(name: "500", steps: [.s3Error("500 Internal Server Error", "InternalError")], kind: .unavailable),
        Fault(name: "502 of a proxy", steps: [.answer("502 Bad Gateway", "<html>nginx</html>")], kind: .unavailable),
        Fault(name: "503 with garbage", steps: [.answer("503 Service Unavailable", "\u{0}\u{1}<<<")], kind: .unavailable),
        Fault(name: "408", steps: [.s3Error("400 Bad Request", "RequestTimeout")], kind: .unavailable),
        Fault(
            name: "503 SlowDown", steps: [.s3Error("503 Slow Down", "SlowDown")], kind: .throttled, wait: .milliseconds(500)),
        Fault(name: "429", steps: [.answer("429 Too Many Requests")], kind: .throttled, wait: .milliseconds(500)),
        Fault(
            name: "429 with Retry-After", steps: [.answer("429 Too Many Requests", headers: ["Retry-After: 2"])],
            kind: .throttled, wait: .seconds(2)),
        Fault(
            name: "a wish beyond reason", steps: [.answer("429 Too Many Requests", headers: ["Retry-After: 3600"])],
            kind: .throttled, wait: .milliseconds(5500)),
        Fault(
            name: "x-amz-retry-after",
            steps: [.s3Error("503 Slow Down", "SlowDown", headers: ["x-amz-retry-after: 1700"])], kind: .throttled,
            wait: .milliseconds(1700)),
    ]

    @Test("what may pass is tried again after its wait, and then succeeds", arguments: fault)
    func passes(fault: Fault) async throws {
        let here = try OnSockets(fault.steps, [.answer("200 OK", "good")])
        #expect(try await here.get(fault.limits) == "good")
        #expect(here.lines == ["GET /bucket/k", "GET /bucket/k"])
        #expect(here.waits == [fault.wait])
    }

    @Test("what does not pass is given up after three tries, as what it is", arguments: fault)
    func stays(fault: Fault) async throws {
        let here = try OnSockets(fault.steps)
        let error = await awsError { () async throws(AWSError) in _ = try await here.get(fault.limits) }
        #expect(error?.kind == fault.kind)
        #expect(error?.isTransient == true)
        #expect(error?.message.contains("GetObject on s3://bucket/k failed") == true)
        #expect(error?.message.hasSuffix("Tried 3 times.") == true)
        #expect(here.server.requests.count == 3)
        #expect(here.waits.count == 2)
    }

    @Test(
        "what cannot pass is not tried again",
        arguments: [
            ([.s3Error("403 Forbidden", "AccessDenied")], .accessDenied),
            ([.s3Error("404 Not Found", "NoSuchKey")], .notFound),
            ([.s3Error("412 Precondition Failed", "PreconditionFailed")], .preconditionFailed),
            ([.s3Error("400 Bad Request", "InvalidArgument")], .invalidRequest),
            ([.answer("302 Found", headers: ["Location: http://elsewhere.example/"])], .settings),
            ([.answer("418 I'm a teapot", "{not json")], .invalidRequest),
        ] as [([ScriptedServer.Step], AWSError.Kind)])
    func permanent(steps: [ScriptedServer.Step], kind: AWSError.Kind) async throws {
        let here = try OnSockets(steps)
        let error = await awsError { () async throws(AWSError) in _ = try await here.get() }
        #expect(error?.kind == kind)
        #expect(error?.isTransient == false)
        #expect(here.server.requests.count == 1)
    }

    @Test("garbage with a good status is a bad response, of JSON and of XML")
    func garbage() async throws {
        for body in ["", "{", "<html>", "\u{0}\u{7F}", "[1]", "<a></b>", "<html><body>Please log in.</body></html>"] {
            let here = try OnSockets([.answer("200 OK", body)])
            let json = await awsError { () async throws(AWSError) in
                _ = try await here.client.secretsManager.secretText(id: "x")
            }
            #expect(json?.kind == .badResponse)
            let xml = await awsError { () async throws(AWSError) in
                _ = try await here.client.s3.listObjects(bucket: "bucket")
            }
            #expect(xml?.kind == .badResponse)
            let form = await awsError { () async throws(AWSError) in
                _ = try await here.client.sns.publish(topicARN: "arn:aws:sns:eu-central-1:1:t", message: "m")
            }
            #expect(form?.kind == .badResponse)
        }
    }

    @Test("a service in trouble is not hammered: the quota runs out for the calls of a client together")
    func quota() async throws {
        let here = try OnSockets([.answer("500 Internal Server Error")])
        for _ in 0..<20 { _ = await awsError { () async throws(AWSError) in _ = try await here.get() } }
        // 500 tokens, 14 for a retry
        #expect(here.server.requests.count == 20 + 500 / 14)
    }

    @Test("a bucket elsewhere is found by S3's redirect once, and remembered")
    func redirect() async throws {
        let here = try OnSockets(
            [.s3Error("301 Moved Permanently", "PermanentRedirect", headers: ["x-amz-bucket-region: us-west-2"])],
            [.answer("200 OK", "good")])
        #expect(try await here.get() == "good")
        #expect(try await here.get() == "good")
        let scopes = here.server.requests.map { $0.header("Authorization")?.split(separator: "/").dropFirst(2).first }
        #expect(scopes == ["eu-central-1", "us-west-2", "us-west-2"])
        #expect(here.waits.isEmpty)
    }

    @Test("a redirect that comes again is not followed for ever")
    func redirectLoop() async throws {
        let answers = ["us-west-2", "us-east-1", "us-west-2"].map {
            [ScriptedServer.Step.s3Error("400 Bad Request", "AuthorizationHeaderMalformed", "<Region>\($0)</Region>")]
        }
        let here = try OnSockets(ScriptedServer(inOrder: answers))
        let error = await awsError { () async throws(AWSError) in _ = try await here.get() }
        #expect(error?.kind == .settings)
        #expect(here.server.requests.count == 2)
    }

    @Test("a clock that S3 calls wrong is put right by its date, once")
    func skew() async throws {
        let refusal = ScriptedServer.Step.s3Error(
            "403 Forbidden", "RequestTimeTooSkewed", headers: ["Date: Sat, 21 Nov 2026 23:00:00 GMT"])
        let here = try OnSockets([refusal], [.answer("200 OK", "good")])
        #expect(try await here.get() == "good")
        #expect(here.server.requests.map { $0.header("X-Amz-Date") } == ["20261121T220000Z", "20261121T230000Z"])
        let always = try OnSockets([refusal])
        #expect(await awsError { () async throws(AWSError) in _ = try await always.get() }?.kind == .credentials)
        #expect(always.server.requests.count == 2)
    }

    @Test("a body is sent again from its beginning, from memory, from a file and in chunks")
    func rewound() async throws {
        try await withScratch { folder in
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try Data(bytes).write(to: URL(filePath: "\(folder)/up"))
            let here = try OnSockets([.reset], [.answer("503 Slow Down")], [.answer("200 OK", headers: ["ETag: \"e\""])])
            let s3 = here.client.s3
            _ = try await s3.putObject(bucket: "bucket", key: "m", body: .bytes(bytes))
            let file = try OnSockets([.reset], [.answer("503 Slow Down")], [.answer("200 OK", headers: ["ETag: \"e\""])])
            _ = try await file.client.s3.putObject(bucket: "bucket", key: "f", body: .file(path: "\(folder)/up"))
            for requests in [here.server.requests, file.server.requests] {
                #expect(requests.count == 3)
                #expect(requests.allSatisfy { $0.body == bytes && $0.header("x-amz-checksum-crc64nvme") != nil })
            }
            let chunks = try OnSockets([.reset], [.answer("503 Slow Down")], [.answer("200 OK")])
            var call = try chunks.client.s3.call("PutObject", "PUT", bucket: "bucket", key: "c")
            chunks.client.s3.setTrailedBody("\(folder)/up", 300_000, &call)
            _ = try await chunks.client.perform(call)
            let bodies = chunks.server.requests.map(\.body)
            #expect(bodies.count == 3)
            #expect(Set(bodies).count == 1)
            #expect(bodies[0].starts(with: Array("493e0\r\n".utf8) + bytes))
            #expect(String(decoding: bodies[0].suffix(60), as: UTF8.self).contains("0\r\nx-amz-checksum-crc64nvme:"))
        }
    }

    @Test("an upload that nobody takes stalls, and is tried again")
    func stalledUpload() async throws {
        let here = try OnSockets(ScriptedServer(readsBodies: false) { _ in [.freeze] })
        let error = await awsError { () async throws(AWSError) in
            var call = try here.client.s3.call("PutObject", "PUT", bucket: "bucket", key: "k")
            // more than the sockets' buffers hold
            call.body = .bytes([UInt8](repeating: 1, count: 32 << 20))
            call.limits = .impatient
            _ = try await here.client.perform(call)
        }
        #expect(error?.kind == .timeout)
        #expect(error?.message.contains("bytes moved within") == true)
        #expect(here.server.requests.count == 3)
    }

    @Test("a whole request has its deadline, however lively it is")
    func whole() async throws {
        let here = try OnSockets([.head("Content-Length: 100000"), .drip(everyMilliseconds: 1)], maxAttempts: 1)
        let error = await awsError { () async throws(AWSError) in
            var call = try here.client.s3.call("GetObject", "GET", bucket: "bucket", key: "k")
            call.limits = HTTPLimits(firstByte: .seconds(30), whole: .milliseconds(100))
            _ = try await here.client.perform(call)
        }
        #expect(error?.kind == .timeout)
    }

    @Test("a cancelled call lets go while it waits for its answer, and is not tried again")
    func cancelled() async throws {
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let here = try OnSockets(
            ScriptedServer { _ in
                signal.yield()
                return [.head("Content-Length: 10"), .text("1"), .hold]
            })
        let download = Task {
            await awsError { () async throws(AWSError) in
                _ = try await here.client.s3.getBytes(bucket: "bucket", key: "k", maxBytes: 100)
            }
        }
        for await _ in began { break }
        download.cancel()
        #expect(await download.value?.kind == .cancelled)
        #expect(here.server.requests.count == 1)
    }
}

@Suite("Certificates, through the whole client", .enabled(if: TLSServer() != nil))
struct CertificateTests {
    private func error(_ server: TLSServer, host: String = "localhost", bundle: String?) async throws -> AWSError? {
        var environment = [
            "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_MAX_ATTEMPTS": "1",
            "AWS_ENDPOINT_URL": "https://\(host):\(server.port)",
        ]
        environment["AWS_CA_BUNDLE"] = bundle
        let client = try AWSClient(environment: environment)
        var error: AWSError?
        // until the server listens, connections are refused
        for _ in 0..<2000 {
            error = await awsError { () async throws(AWSError) in
                _ = try await client.s3.getBytes(bucket: "bucket", key: "k", maxBytes: 1 << 20)
            }
            guard let message = error?.message, message.contains("onnect"), !message.contains("certificate") else { break }
            await Task.yield()
        }
        return error
    }

    @Test("AWS_CA_BUNDLE is what is trusted, and nothing else is")
    func bundle() async throws {
        let server = try #require(TLSServer())
        #expect(try await error(server, bundle: server.certificate) == nil)
        let cases: [(TLSServer, String, String?)] = [
            (server, "localhost", nil), (server, "127.0.0.1", server.certificate),
        ]
        for (server, host, bundle) in cases {
            let error = try await error(server, host: host, bundle: bundle)
            #expect(error?.kind == .connection)
            #expect(error?.isTransient == false)
        }
        let old = try #require(TLSServer(validFrom: "20200101000000Z", until: "20200102000000Z"))
        let expired = try await error(old, bundle: old.certificate)
        #expect(expired?.kind == .connection)
        #expect(expired?.isTransient == false)
        #expect(expired?.message.contains("expired") == true)
    }
}
