import Foundation
import HTTP
import Testing

@testable import AWS

/// An emulator that compares checksums and knows tasks and moves: `LANDFALL_TEST_LOCALSTACK` holds its URL
/// (`make test-localstack` starts one).
enum LocalStack {
    static let url = ProcessInfo.processInfo.environment["LANDFALL_TEST_LOCALSTACK"]

    static func client() throws -> AWSClient {
        try AWSClient(
            environment: [
                "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": try #require(url), "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
            ], http: Moto.http)
    }
}

extension AWSClient {
    /// Calls a JSON action that only tests need.
    @discardableResult
    func ask(_ service: AWSService, _ target: String, version: String = "1.0", _ input: [String: Any]) async throws -> [String: Any] {
        var call = AWSCall(
            service: service, action: target.split(separator: ".").last.map(String.init) ?? "", subject: "a test",
            endpoint: configuration.endpoint(of: service))
        call.headers = [
            (name: "Content-Type", value: "application/x-amz-json-\(version)"), (name: "X-Amz-Target", value: target),
        ]
        call.body = .bytes(Array(try JSONSerialization.data(withJSONObject: input)))
        let answer = try await perform(call).body
        return answer.isEmpty ? [:] : try JSONSerialization.jsonObject(with: Data(answer)) as? [String: Any] ?? [:]
    }
}

@Suite("Every action that moto does not do well, against LocalStack", .enabled(if: LocalStack.url != nil), .serialized)
struct LocalStackTests {
    private static let crcs: [ChecksumAlgorithm] = [.crc64nvme, .crc32c, .crc32]

    private func someBytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: index &* 131 ^ index >> 9) }
            initialized = count
        }
    }

    // MARK: S3's checksums

    @Test("S3 takes what our checksums fit, as a header and behind the body", arguments: ChecksumAlgorithm.kept)
    func uploads(algorithm: ChecksumAlgorithm) async throws {
        let client = try LocalStack.client()
        let bucket = try await client.makeBucket()
        var s3 = client.s3
        s3.uploadChecksum = algorithm
        try await withScratch { folder in
            let bytes = someBytes(2_500_000)
            try Data(bytes).write(to: URL(filePath: "\(folder)/up"))
            _ = try await s3.putObject(bucket: bucket, key: "bytes", body: .bytes(bytes))
            _ = try await s3.putObject(bucket: bucket, key: "file", body: .file(path: "\(folder)/up"))
            var keys = ["bytes", "file"]
            // this emulator takes a trailer of CRC32C for one of CRC32 too
            if algorithm != .crc32c {
                var call = try s3.call("PutObject", "PUT", bucket: bucket, key: "chunks")
                s3.setTrailedBody("\(folder)/up", Int64(bytes.count), &call)
                _ = try await client.perform(call)
                keys.append("chunks")
            }
            for key in keys {
                let head = try await s3.head(bucket: bucket, key: key, version: .latest)
                let checksum = try #require(ObjectChecksum(head.headers, bucket: bucket))
                #expect(checksum.algorithm == algorithm)
                #expect(try s3.sum("\(folder)/up", 0..<Int64(bytes.count), algorithm).map(checksum.matches) == true)
                _ = try await s3.getObject(
                    bucket: bucket, key: key, to: "\(folder)/down", maxBytes: 1 << 30, expectedSize: Int64(bytes.count))
                #expect(try readFile("\(folder)/down") == bytes)
            }
        }
    }

    @Test("S3 refuses a body that the checksum behind it does not fit")
    func refusedChunks() async throws {
        let client = try LocalStack.client()
        let bucket = try await client.makeBucket()
        try await withScratch { folder in
            try Data(someBytes(2_000_000)).write(to: URL(filePath: "\(folder)/up"))
            var call = try client.s3.call("PutObject", "PUT", bucket: bucket, key: "k")
            client.s3.setTrailedBody("\(folder)/up", 2_000_000, &call)
            guard case .trailedFile(let path, let range, let trailer) = call.body else { return }
            call.body = .trailedFile(
                path: path, range: range,
                HTTPTrailer(name: trailer.name, valueBytes: trailer.valueBytes) {
                    HTTPTrailer.Running(update: { _ in }, value: { "AAAAAAAAAAA=" })
                })
            let wrong = call
            let error = await awsError { () async throws(AWSError) in _ = try await client.perform(wrong) }
            #expect(error?.awsCode == "BadDigest")
        }
    }

    @Test("S3 refuses what our checksums do not fit", arguments: ChecksumAlgorithm.kept)
    func refusedUploads(algorithm: ChecksumAlgorithm) async throws {
        let client = try LocalStack.client()
        let bucket = try await client.makeBucket()
        let error = await awsError { () async throws(AWSError) in
            var call = try client.s3.call("PutObject", "PUT", bucket: bucket, key: "k")
            _ = try client.s3.setBody(.bytes(Array("right".utf8)), range: 0..<0, &call, checksum: algorithm)
            call.body = .bytes(Array("wrong".utf8))
            call.payloadHash = "UNSIGNED-PAYLOAD"
            _ = try await client.perform(call)
        }
        #expect(error?.awsCode == "BadDigest")
        #expect(error?.isTransient == false)
    }

    @Test("an upload in parts has the checksum of the whole, or of its parts", arguments: ChecksumAlgorithm.kept)
    func parts(algorithm: ChecksumAlgorithm) async throws {
        let client = try LocalStack.client()
        let bucket = try await client.makeBucket()
        var s3 = client.s3
        s3.uploadChecksum = algorithm
        try await withScratch { folder in
            let bytes = someBytes(Int(S3.partSizeBytes) + 1_234_567)
            try Data(bytes).write(to: URL(filePath: "\(folder)/up"))
            let written = try await s3.putInParts(
                bucket: bucket, key: "k", path: "\(folder)/up", size: Int64(bytes.count), headers: [])
            #expect(written.etag?.hasSuffix("-2") == true)
            let head = try await s3.head(bucket: bucket, key: "k", version: .latest)
            let checksum = try #require(ObjectChecksum(head.headers, bucket: bucket))
            #expect(checksum.algorithm == algorithm)
            #expect(checksum.parts == (algorithm == .sha256 ? 2 : nil))
            _ = try await s3.getObject(bucket: bucket, key: "k", to: "\(folder)/down", maxBytes: 1 << 30)
            #expect(try readFile("\(folder)/down") == bytes)
        }
    }

    @Test("a checksum of unequal parts is compared, and damage is found", arguments: [ChecksumAlgorithm.crc32, .crc32c, .sha256])
    func unequalParts(algorithm: ChecksumAlgorithm) async throws {
        let client = try LocalStack.client()
        let bucket = try await client.makeBucket()
        let s3 = client.s3
        let bytes = someBytes((5 << 20) + (6 << 20) + 99)
        var call = try s3.call("CreateMultipartUpload", "POST", bucket: bucket, key: "k")
        call.query = [(name: "uploads", value: "")]
        call.headers += [
            (name: "x-amz-checksum-algorithm", value: algorithm.rawValue), (name: "x-amz-checksum-type", value: "COMPOSITE"),
        ]
        let id = try #require(try QueryBody.read(try await client.perform(call), of: call).text("UploadId"))
        var xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for (index, range) in [0..<5 << 20, 5 << 20..<11 << 20, 11 << 20..<bytes.count].enumerated() {
            call = try s3.call("UploadPart", "PUT", bucket: bucket, key: "k")
            call.query = [(name: "partNumber", value: String(index + 1)), (name: "uploadId", value: id)]
            let sum = try s3.setBody(.bytes(Array(bytes[range])), range: 0..<0, &call, checksum: algorithm)
            let etag = try #require(try await client.perform(call).headers["etag"])
            xml += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(escapedXML(etag))</ETag>"
            xml += "<\(algorithm.element)>\(JSONBody.base64(sum))</\(algorithm.element)></Part>"
        }
        call = try s3.call("CompleteMultipartUpload", "POST", bucket: bucket, key: "k")
        call.query = [(name: "uploadId", value: id)]
        _ = try s3.setBody(.bytes(Array((xml + "</CompleteMultipartUpload>").utf8)), range: 0..<0, &call)
        _ = try await client.perform(call)
        try await withScratch { folder in
            let path = "\(folder)/down"
            _ = try await s3.getObject(bucket: bucket, key: "k", to: path, maxBytes: 1 << 30)
            #expect(try readFile(path) == bytes)
            let head = try await s3.head(bucket: bucket, key: "k", version: .latest)
            let checksum = try #require(ObjectChecksum(head.headers, bucket: bucket))
            #expect(checksum.algorithm == algorithm)
            #expect(checksum.parts == 3)
            var damaged = bytes
            damaged[7 << 20] ^= 1
            try Data(damaged).write(to: URL(filePath: path))
            let error = await awsError { () async throws(AWSError) in
                try await s3.verify(
                    path, Int64(bytes.count), checksum, S3Source(bucket: bucket, key: "k", version: .latest))
            }
            #expect(error?.message.contains("do not add up") == true)
        }
    }

    @Test("a large object comes in ranges with its checksum compared")
    func ranges() async throws {
        let client = try LocalStack.client()
        let bucket = try await client.makeBucket()
        try await withScratch { folder in
            let bytes = someBytes(Int(S3.rangedThresholdBytes) + 54_321)
            try Data(bytes).write(to: URL(filePath: "\(folder)/up"))
            let written = try await client.s3.putObject(bucket: bucket, key: "k", body: .file(path: "\(folder)/up"))
            _ = try await client.s3.getObject(
                bucket: bucket, key: "k", version: .etag(try #require(written.etag)), to: "\(folder)/down", maxBytes: 1 << 30)
            #expect(try readFile("\(folder)/down") == bytes)
        }
    }

    // MARK: S3's other actions

    @Test("objects are listed, copied, described, deleted, and their versions told apart")
    func objects() async throws {
        let client = try LocalStack.client()
        let s3 = client.s3
        let bucket = try await client.makeBucket(isVersioned: true)
        try await s3.headBucket(bucket)
        let first = try await s3.putObject(bucket: bucket, key: "a/k +1.csv", body: .bytes([1]), metadata: ["m": "v"])
        let second = try await s3.putObject(bucket: bucket, key: "a/k +1.csv", body: .bytes([1, 2]))
        let versionID = try #require(first.versionID)
        #expect(try await s3.headObject(bucket: bucket, key: "a/k +1.csv", version: .id(versionID)).metadata == ["m": "v"])
        let gone = await awsError { () async throws(AWSError) in
            _ = try await s3.getBytes(
                bucket: bucket, key: "a/k +1.csv", version: .etag(first.etag ?? ""), maxBytes: 10)
        }
        #expect(gone?.kind == .preconditionFailed)
        let copy = try await s3.copyObject(
            fromBucket: bucket, fromKey: "a/k +1.csv", version: .id(versionID), toBucket: bucket, toKey: "b")
        #expect(copy.etag == first.etag)
        #expect(copy.etag != second.etag)
        #expect(try await s3.listObjects(bucket: bucket, delimiter: "/").commonPrefixes == ["a/"])
        let page = try await s3.listObjects(bucket: bucket, maxKeys: 1)
        #expect(page.entries.map(\.key) == ["a/k +1.csv"])
        #expect(try await s3.listObjects(bucket: bucket, token: page.nextToken).entries.map(\.key) == ["b"])
        try await s3.deleteObject(bucket: bucket, key: "b")
        let missing = await awsError { () async throws(AWSError) in _ = try await s3.headObject(bucket: bucket, key: "b") }
        #expect(missing?.kind == .notFound)
    }

    @Test("an upload that was completed already is known again, one that was aborted is not")
    func lostAnswers() async throws {
        let client = try LocalStack.client()
        let s3 = client.s3
        let bucket = try await client.makeBucket()
        let first = try await s3.putObject(bucket: bucket, key: "k", body: .bytes([1]), onlyIfAbsent: true)
        let mark = try await s3.headObject(bucket: bucket, key: "k").metadata[S3Trace.markName]
        let refusal = AWSError(.preconditionFailed, service: "s3", action: "PutObject", message: "m")
        #expect(try await s3.written(bucket, "k", S3Trace(mark: mark, size: 1), orElse: refusal).etag == first.etag)
        let second = await awsError { () async throws(AWSError) in
            _ = try await s3.putObject(bucket: bucket, key: "k", body: .bytes([1]), onlyIfAbsent: true)
        }
        #expect(second?.kind == .preconditionFailed)
        try await withScratch { folder in
            let bytes = someBytes(3_000_000)
            try Data(bytes).write(to: URL(filePath: "\(folder)/up"))
            let written = try await s3.putInParts(
                bucket: bucket, key: "parts", path: "\(folder)/up", size: Int64(bytes.count), headers: [], mark: "m1")
            let again = await awsError { () async throws(AWSError) in
                _ = try await s3.putInParts(
                    bucket: bucket, key: "parts", path: "\(folder)/up", size: Int64(bytes.count), headers: [], mark: "m2")
            }
            #expect(again?.kind == .preconditionFailed)
            // what the ETag of parts is made of is what we think it is
            let hash = try #require(try s3.sum("\(folder)/up", 0..<Int64(bytes.count), .md5))
            let part = hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            #expect(written.etag == S3Trace.etag(ofParts: [part]))
        }
        var call = try s3.call("CreateMultipartUpload", "POST", bucket: bucket, key: "left")
        call.query = [(name: "uploads", value: "")]
        _ = try await client.perform(call)
        #expect(try await s3.abortUploads(bucket: bucket, key: "left", olderThanSeconds: 3600) == 0)
        #expect(try await s3.abortUploads(bucket: bucket, key: "left", olderThanSeconds: -3600) == 1)
    }

    // MARK: SQS

    @Test("messages move from a dead-letter queue back, and the move is listed")
    func moves() async throws {
        let client = try LocalStack.client()
        let sqs = client.sqs
        let source = try await client.makeQueue()
        let dead = try await client.makeQueue()
        let deadARN = try #require(try await sqs.queueAttributes(queueURL: dead, names: ["QueueArn"])["QueueArn"])
        try await client.ask(
            .sqs, "AmazonSQS.SetQueueAttributes",
            [
                "QueueUrl": source,
                "Attributes": ["RedrivePolicy": "{\"deadLetterTargetArn\": \"\(deadARN)\", \"maxReceiveCount\": 1}"],
            ])
        _ = try await sqs.send(queueURL: source, body: "m", attributes: ["k": "v"])
        #expect(try await sqs.receive(queueURL: source, waitSeconds: 2, visibilitySeconds: 0).map(\.body) == ["m"])
        _ = try await sqs.receive(queueURL: source, waitSeconds: 1)
        let lying = try #require(try await sqs.receive(queueURL: dead, waitSeconds: 5, visibilitySeconds: 0).first)
        #expect(lying.messageAttributes == ["k": "v"])
        let handle = try await sqs.startMove(sourceARN: deadARN, maxPerSecond: 100)
        #expect(!handle.isEmpty)
        let back = try await sqs.receive(queueURL: source, waitSeconds: 10, visibilitySeconds: 60)
        #expect(back.map(\.body) == ["m"])
        let move = try #require(try await sqs.moves(sourceARN: deadARN).first)
        #expect(["COMPLETED", "RUNNING"].contains(move.status))
        let notRunning = await awsError { () async throws(AWSError) in
            _ = try await sqs.cancelMove(taskHandle: handle + "x")
        }
        #expect(notRunning?.status == 400 || notRunning?.status == 404)
        let noDeadLetters = await awsError { () async throws(AWSError) in
            _ = try await sqs.startMove(sourceARN: deadARN.replacingOccurrences(of: "queue-", with: "absent-"))
        }
        #expect(noDeadLetters != nil)
    }

    @Test("a queue is found by its name, and batches say what failed")
    func batches() async throws {
        let client = try LocalStack.client()
        let queue = try await client.makeQueue()
        let name = try #require(queue.split(separator: "/").last.map(String.init))
        #expect(try await client.sqs.queueURL(name: name).hasSuffix(name))
        for number in 0..<3 { _ = try await client.sqs.send(queueURL: queue, body: "\(number)") }
        var receipts: [String] = []
        while receipts.count < 3 {
            let more = try await client.sqs.receive(queueURL: queue, waitSeconds: 2, visibilitySeconds: 60)
            try #require(!more.isEmpty)
            receipts += more.map(\.receiptHandle)
        }
        try await client.sqs.changeVisibility(queueURL: queue, receiptHandle: receipts[0], seconds: 120)
        let changes = receipts.map { (receiptHandle: $0, seconds: 90) }
        #expect(try await client.sqs.changeVisibilityBatch(queueURL: queue, changes: changes).isEmpty)
        let failures = try await client.sqs.deleteBatch(queueURL: queue, receiptHandles: receipts + ["none"])
        #expect(failures.map(\.index) == [3])
        #expect(try await client.sqs.receive(queueURL: queue, waitSeconds: 0).isEmpty)
    }

    // MARK: Step Functions

    @Test("a task that waits for its token hears heartbeat and success, or failure; a token is good once")
    func taskTokens() async throws {
        try await exchangeTaskTokens(LocalStack.client())
    }

    @Test("an activity's task is fetched and answered")
    func activity() async throws {
        let client = try LocalStack.client()
        let made = try await client.ask(
            .stepFunctions, "AWSStepFunctions.CreateActivity", ["name": Moto.uniqueName("activity")])
        let activity = try #require(made["activityArn"] as? String)
        let machine = try await makeStateMachine(client, "{\"Type\": \"Task\", \"Resource\": \"\(activity)\", \"End\": true}")
        let execution = try await startExecution(client, machine)
        let task = try #require(
            try await client.stepFunctions.activityTask(activityARN: activity, workerName: "test"))
        #expect(task.input.filter { $0 != " " } == "{\"a\":1}")
        try await client.stepFunctions.sendSuccess(token: task.token, output: "[]")
        #expect(try await endOfExecution(client, execution)["status"] as? String == "SUCCEEDED")
    }

    // MARK: The others

    @Test("log events arrive in their stream")
    func logs() async throws {
        let client = try LocalStack.client()
        let group = Moto.uniqueName("group")
        try await client.ask(.logs, "Logs_20140328.CreateLogGroup", version: "1.1", ["logGroupName": group])
        try await client.logs.createStream(group: group, stream: "s")
        try await client.logs.createStream(group: group, stream: "s")
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        #expect(
            try await client.logs.putEvents(
                group: group, stream: "s", events: [(milliseconds: now, message: "é"), (milliseconds: now - 1, message: "a")]))
        let got = try await client.ask(
            .logs, "Logs_20140328.GetLogEvents", version: "1.1",
            ["logGroupName": group, "logStreamName": "s", "startFromHead": true])
        #expect((got["events"] as? [[String: Any]])?.compactMap { $0["message"] as? String } == ["a", "é"])
    }

    @Test("notifications and events reach the queue behind them")
    func announcements() async throws {
        let client = try LocalStack.client()
        let queue = try await client.makeQueue()
        let topic = try await client.makeTopic(to: queue)
        _ = try await client.sns.publish(topicARN: topic, message: "né", subject: "s", attributes: ["a": "b"])
        #expect(try await client.sqs.receive(queueURL: queue, waitSeconds: 10).first?.body.contains("n\\u00e9") == true)
        #expect(try await client.sns.topicAttributes(topicARN: topic)["TopicArn"] == topic)
        let arn = try #require(try await client.sqs.queueAttributes(queueURL: queue, names: ["QueueArn"])["QueueArn"])
        let rule = Moto.uniqueName("rule")
        let pattern = "{\"source\": [\"landfall.\(rule)\"]}"
        try await client.ask(.eventBridge, "AWSEvents.PutRule", version: "1.1", ["Name": rule, "EventPattern": pattern])
        try await client.ask(
            .eventBridge, "AWSEvents.PutTargets", version: "1.1", ["Rule": rule, "Targets": [["Id": "1", "Arn": arn]]])
        try await client.eventBridge.putEvents([
            EventBridgeEvent(
                source: "landfall.\(rule)", detailType: "Job Succeeded", detail: "{\"id\": \"1\"}", bus: "default",
                time: Int64(Date().timeIntervalSince1970))
        ])
        #expect(try await client.sqs.receive(queueURL: queue, waitSeconds: 10).first?.body.contains("Job Succeeded") == true)
        #expect(try await client.eventBridge.describeBus("default").hasSuffix(":event-bus/default"))
    }

    @Test("roles are assumed, the caller is known, secrets are read")
    func identities() async throws {
        let client = try LocalStack.client()
        #expect(try await client.sts.callerIdentity().account == "000000000000")
        let assumed = try await client.sts.assumeRole(
            arn: "arn:aws:iam::000000000000:role/reader", session: "landfall-test", externalID: "x", seconds: 900, source: "test")
        #expect(assumed.keys.sessionToken?.isEmpty == false)
        #expect(assumed.expiresAt != nil)
        let name = try await client.makeSecret("postgres://u:p@h/d")
        #expect(try await client.secretsManager.secretText(id: name) == "postgres://u:p@h/d")
    }
}
