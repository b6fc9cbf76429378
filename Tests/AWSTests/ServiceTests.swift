// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import FoundationEssentials
import Testing

@testable import AWS

@Suite("The other services, against an emulator", .enabled(if: Moto.url != nil))
struct ServiceTests {
    @Test("a message is received with its attributes, hidden, given back and deleted")
    func queue() async throws {
        let client = try Moto.client()
        let queue = try await client.makeQueue()
        let sqs = client.sqs
        let body = "{\"né\": \"<&>\\u0007\"}"
        let id = try await sqs.send(
            queueURL: queue, body: body, attributes: ["error.code": "csv.field_count", "empty": ""])
        let first = try #require(try await sqs.receive(queueURL: queue, waitSeconds: 1, visibilitySeconds: 600).first)
        #expect(first.id == id)
        #expect(first.body == body)
        #expect(first.messageAttributes == ["error.code": "csv.field_count"])
        #expect(first.receiveCount == 1)
        #expect(first.sentMilliseconds ?? 0 > 1_600_000_000_000)
        #expect(try await sqs.receive(queueURL: queue, waitSeconds: 0).isEmpty)
        try await sqs.changeVisibility(queueURL: queue, receiptHandle: first.receiptHandle, seconds: 0)
        let second = try #require(try await sqs.receive(queueURL: queue, waitSeconds: 5, visibilitySeconds: 600).first)
        #expect(second.receiveCount == 2)
        try await sqs.delete(queueURL: queue, receiptHandle: second.receiptHandle)
        let counts = try await sqs.queueAttributes(queueURL: queue)
        #expect(counts["ApproximateNumberOfMessages"] == "0")
        #expect(counts["ApproximateNumberOfMessagesNotVisible"] == "0")
    }

    @Test("a long poll wakes for a message and holds up nobody")
    func longPoll() async throws {
        let client = try Moto.client()
        let queue = try await client.makeQueue()
        async let polled = client.sqs.receive(queueURL: queue, waitSeconds: 20)
        // goes out over the same client while the poll is waiting
        _ = try await client.sqs.send(queueURL: queue, body: "wake up")
        #expect(try await polled.map(\.body) == ["wake up"])
    }

    @Test("a long poll that is cancelled ends")
    func cancelledPoll() async throws {
        let client = try Moto.client()
        let queue = try await client.makeQueue()
        let poll = Task { () async throws(AWSError) in try await client.sqs.receive(queueURL: queue, waitSeconds: 20) }
        _ = try await client.sqs.queueAttributes(queueURL: queue)
        poll.cancel()
        let result = await poll.result
        guard case .failure(let error as AWSError) = result else {
            Issue.record("the poll was not cancelled")
            return
        }
        #expect(error.kind == .cancelled)
    }

    @Test("a queue that is not there is not found")
    func missingQueue() async throws {
        let client = try Moto.client()
        let error = await awsError { () async throws(AWSError) in
            _ = try await client.sqs.queueURL(name: Moto.uniqueName("absent"))
        }
        #expect(error?.kind == .notFound)
        #expect(error?.awsCode == "QueueDoesNotExist")
    }

    @Test("an item is written once, changed under a condition, found by index and deleted")
    func items() async throws {
        let client = try Moto.client()
        let table = try await client.makeTable()
        let dynamoDB = client.dynamoDB
        let key: DynamoItem = ["job_id": .s("j1")]
        #expect(try await dynamoDB.getItem(table: table, key: key) == nil)
        let item: DynamoItem = [
            "job_id": .s("j1"), "status": .s("running"), "updated_at": .s("2026-11-21T22:00:00Z"),
            "attempt": .number(1),
            "steps": .m(["download": .m(["ended": .null])]), "outputs": .l([.s("é"), .bool(true)]),
            "raw": .b([0, 255]),
            "tags": .ss(["a", "b"]), "sizes": .ns(["1", "2.5"]),
        ]
        let isNew = DynamoExpression("attribute_not_exists(job_id)")
        try await dynamoDB.putItem(table: table, item: item, condition: isNew)
        #expect(try await dynamoDB.getItem(table: table, key: key) == item)

        let again = await awsError { () async throws(AWSError) in
            try await dynamoDB.putItem(table: table, item: item, condition: isNew)
        }
        #expect(again?.kind == .conditionFailed)
        #expect(again?.conditionItem?["status"]?.text == "running")

        let update = DynamoExpression(
            "SET #s = :new ADD attempt :one", names: ["#s": "status"],
            values: [":new": .s("succeeded"), ":one": .number(1)])
        let condition = DynamoExpression("#s = :old", names: ["#s": "status"], values: [":old": .s("running")])
        let updated = try await dynamoDB.updateItem(table: table, key: key, update: update, condition: condition)
        #expect(updated["attempt"]?.integer == 2)
        let stale = await awsError { () async throws(AWSError) in
            _ = try await dynamoDB.updateItem(table: table, key: key, update: update, condition: condition)
        }
        #expect(stale?.kind == .conditionFailed)

        let byStatus = DynamoExpression("#s = :s", names: ["#s": "status"], values: [":s": .s("succeeded")])
        let page = try await dynamoDB.query(table: table, index: "by_status", keyCondition: byStatus, ascending: false)
        #expect(page.items.compactMap { $0["job_id"]?.text } == ["j1"])
        #expect(page.nextKey == nil)
        try await dynamoDB.deleteItem(table: table, key: key)
        #expect(try await dynamoDB.scan(table: table).items.isEmpty)
    }

    @Test("pages of a scan together are the whole table")
    func pages() async throws {
        let client = try Moto.client()
        let table = try await client.makeTable()
        for number in 0..<5 { try await client.dynamoDB.putItem(table: table, item: ["job_id": .s("\(number)")]) }
        var found: Set<String> = []
        var start: DynamoItem?
        repeat {
            let page = try await client.dynamoDB.scan(table: table, limit: 2, startKey: start)
            #expect(page.items.count <= 2)
            found.formUnion(page.items.compactMap { $0["job_id"]?.text })
            start = page.nextKey
        } while start != nil
        #expect(found == ["0", "1", "2", "3", "4"])
    }

    @Test("a table is described, a missing one is not found")
    func table() async throws {
        let client = try Moto.client()
        let name = try await client.makeTable()
        let table = try await client.dynamoDB.describeTable(name)
        #expect(
            table
                == DynamoTable(
                    status: "ACTIVE", itemCount: 0, hashKey: "job_id", rangeKey: nil, indexNames: ["by_status"]))
        let error = await awsError { () async throws(AWSError) in
            _ = try await client.dynamoDB.describeTable(Moto.uniqueName("absent"))
        }
        #expect(error?.kind == .notFound)
    }

    @Test("a notification reaches the queue that subscribes to its topic")
    func notification() async throws {
        let client = try Moto.client()
        let queue = try await client.makeQueue()
        let topic = try await client.makeTopic(to: queue)
        let id = try await client.sns.publish(
            topicARN: topic, message: "{\"a\": \"b & c=é\"}", subject: "Job Succeeded",
            attributes: ["pipeline": "orders", "detail-type": "Job Succeeded"])
        #expect(!id.isEmpty)
        struct Envelope: Decodable {
            struct Attribute: Decodable {
                var Value: String
            }
            var Message: String
            var Subject: String
            var MessageAttributes: [String: Attribute]
        }
        let message = try #require(try await client.sqs.receive(queueURL: queue, waitSeconds: 5).first)
        let envelope = try JSONBody.decode(Envelope.self, Array(message.body.utf8))
        #expect(envelope.Message == "{\"a\": \"b & c=é\"}")
        #expect(envelope.Subject == "Job Succeeded")
        #expect(envelope.MessageAttributes["pipeline"]?.Value == "orders")
        #expect(try await client.sns.topicAttributes(topicARN: topic)["TopicArn"] == topic)
        let error = await awsError { () async throws(AWSError) in
            _ = try await client.sns.publish(topicARN: topic + "-absent", message: "m")
        }
        #expect(error?.kind == .notFound)
    }

    @Test("a bus takes events and refuses one whose detail is not JSON")
    func events() async throws {
        let client = try Moto.client()
        let good = EventBridgeEvent(
            source: "landfall", detailType: "Job Succeeded", detail: "{\"id\": \"1\"}", bus: "default",
            time: 1_795_298_400)
        try await client.eventBridge.putEvents([good])
        var bad = good
        bad.detail = "not json"
        let error = await awsError { () async throws(AWSError) in try await client.eventBridge.putEvents([good, bad]) }
        #expect(error?.awsCode == "MalformedDetail")
        #expect(error?.message.contains("event 2 of 2 was not taken") == true)
        #expect(try await client.eventBridge.describeBus("default").hasSuffix(":event-bus/default"))
        #expect(
            await awsError { () async throws(AWSError) in try await client.eventBridge.putEvents([]) }?.kind
                == .invalidRequest)
    }

    @Test("a secret's text is read")
    func secret() async throws {
        let client = try Moto.client()
        let name = try await client.makeSecret("postgres://u:p@h/d")
        #expect(try await client.secretsManager.secretText(id: name) == "postgres://u:p@h/d")
        let error = await awsError { () async throws(AWSError) in
            _ = try await client.secretsManager.secretText(id: Moto.uniqueName("absent"))
        }
        #expect(error?.kind == .notFound)
    }

    @Test("the caller's identity is known")
    func identity() async throws {
        let identity = try await Moto.client().sts.callerIdentity()
        #expect(identity.account.count == 12)
        #expect(identity.arn.hasPrefix("arn:aws:"))
    }

    @Test("a role is assumed with a token from a file")
    func webIdentity() async throws {
        try await withScratch { folder in
            let path = "\(folder)/token"
            try Data("a.b.c\n".utf8).write(to: URL(filePath: path))
            let client = try Moto.client([
                "AWS_ACCESS_KEY_ID": "", "AWS_WEB_IDENTITY_TOKEN_FILE": path,
                "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/landfall", "AWS_ROLE_SESSION_NAME": "test",
            ])
            let credentials = try await client.credentials()
            #expect(credentials.source == "web identity")
            #expect(credentials.keys.sessionToken?.isEmpty == false)
            #expect(credentials.expiresAt != nil)
            _ = try await client.sts.callerIdentity()
        }
    }
}

@Suite("The services that Landfall seldom needs, against an emulator", .enabled(if: Moto.url != nil))
struct OtherServiceTests {
    @Test("a queue is found by its name")
    func queueURL() async throws {
        let client = try Moto.client()
        let queue = try await client.makeQueue()
        let name = try #require(queue.split(separator: "/").last.map(String.init))
        #expect(try await client.sqs.queueURL(name: name) == queue)
    }

    @Test("a task that waits for its token hears what becomes of it")
    func taskTokens() async throws {
        try await exchangeTaskTokens(Moto.client(), tellsCause: false)
    }

    @Test("log events arrive in their stream")
    func logs() async throws {
        let client = try Moto.client()
        let group = Moto.uniqueName("group")
        try await client.ask(.logs, "Logs_20140328.CreateLogGroup", version: "1.1", ["logGroupName": group])
        try await client.logs.createStream(group: group, stream: "s")
        try await client.logs.createStream(group: group, stream: "s")
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        #expect(
            try await client.logs.putEvents(group: group, stream: "s", events: [(milliseconds: now, message: "é")]))
        let missing = await awsError { () async throws(AWSError) in
            _ = try await client.logs.putEvents(group: group, stream: "absent", events: [(milliseconds: now, message: "m")])
        }
        #expect(missing?.kind == .notFound)
    }

    @Test("a statement begins, is described and cancelled")
    func redshift() async throws {
        let redshift = try Moto.client().redshiftData
        let id = try await redshift.execute(
            "COPY t", on: RedshiftTarget(.workgroup("w"), database: "d"), parameters: [(name: "n", value: "v")])
        #expect(try await redshift.statement(id: id).status == "STARTED")
        try await redshift.cancel(id: id)
        #expect(try await redshift.statement(id: id).status == "ABORTED")
        let missing = await awsError { () async throws(AWSError) in
            _ = try await redshift.statement(id: "00000000-0000-0000-0000-000000000000")
        }
        #expect(missing?.kind == .notFound)
    }

    @Test("a role is assumed")
    func role() async throws {
        let assumed = try await Moto.client().sts.assumeRole(
            arn: "arn:aws:iam::123456789012:role/r", session: "test", externalID: "x", seconds: 900, source: "test")
        #expect(assumed.keys.sessionToken?.isEmpty == false)
        #expect(assumed.expiresAt != nil)
    }
}
