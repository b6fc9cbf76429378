import Jobs
import Testing

/// Message bodies as AWS writes them, cut down to what is read.
private enum Body {
    static func s3(_ records: String...) -> String { #"{"Records":[\#(records.joined(separator: ","))]}"# }

    static func record(
        _ key: String, bucket: String = "raw", event: String = "ObjectCreated:Put", version: String = "2.1",
        object: String = ""
    ) -> String {
        """
        {"eventVersion":"\(version)","eventSource":"aws:s3","eventName":"\(event)",\
        "s3":{"bucket":{"name":"\(bucket)"},"object":{"key":"\(key)"\(object)}}}
        """
    }

    static func event(_ key: String, object: String = "", type: String = "Object Created") -> String {
        """
        {"version":"0","id":"17793124","detail-type":"\(type)","source":"aws.s3",\
        "detail":{"bucket":{"name":"raw"},"object":{"key":"\(key)"\(object)}}}
        """
    }

    static func sns(_ message: String, type: String = "Notification") -> String {
        let text = JSONValue.string(message)
        return """
            {"Type":"\(type)","MessageId":"1","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":\((try? text.jsonText()) ?? "")}
            """
    }
}

private func request(
    _ bucket: String, _ key: String, version: String? = nil, etag: String? = nil, size: Int64? = nil,
    sequencer: String? = nil, source: String? = nil, pipeline: String? = nil
) -> JobRequest {
    JobRequest(
        arrival: Arrival(
            bucket: bucket, key: key, version: version, etag: etag, size: size, sequencer: sequencer, source: source),
        pipeline: pipeline)
}

struct MessageReadingTests {
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var body: String
        var reading: MessageReading

        init(_ name: String, _ body: String, _ reading: MessageReading) {
            (testDescription, self.body, self.reading) = (name, body, reading)
        }
    }

    static let work: [Case] = [
        Case(
            "an S3 notification with all fields",
            Body.s3(Body.record("a.csv", object: #","size":12,"eTag":"e1","versionId":"v1","sequencer":"0055AED6DCD90281E5""#)),
            .requests(
                [request("raw", "a.csv", version: "v1", etag: "e1", size: 12, sequencer: "0055AED6DCD90281E5")],
                shape: "S3 notification")),
        Case(
            "an S3 notification of many records",
            Body.s3(Body.record("a.csv"), Body.record("b.csv", bucket: "other", event: "ObjectCreated:CompleteMultipartUpload")),
            .requests([request("raw", "a.csv"), request("other", "b.csv")], shape: "S3 notification")),
        Case(
            "a form-encoded key", Body.s3(Body.record("in+here/a%2Bb%2Fc%C3%A9.csv")),
            .requests([request("raw", "in here/a+b/cé.csv")], shape: "S3 notification")),
        Case(
            "the contract's key a+b%2Fc%C3%A9", Body.s3(Body.record("a+b%2Fc%C3%A9")),
            .requests([request("raw", "a b/cé")], shape: "S3 notification")),
        Case(
            "the version \"null\" is none", Body.s3(Body.record("a.csv", object: #","versionId":"null","eTag":"e""#)),
            .requests([request("raw", "a.csv", etag: "e")], shape: "S3 notification")),
        Case(
            "a removed object beside a created one counts for nothing",
            Body.s3(Body.record("gone.csv", event: "ObjectRemoved:Delete"), Body.record("a.csv")),
            .requests([request("raw", "a.csv")], shape: "S3 notification")),
        Case(
            "a notification in SNS", Body.sns(Body.s3(Body.record("a+b.csv"))),
            .requests([request("raw", "a b.csv")], shape: "S3 notification in an SNS envelope")),
        Case(
            "an EventBridge event, whose key is not encoded",
            Body.event("in here/a+b%2Fcé.csv", object: #","size":5,"etag":"e1","version-id":"v7","sequencer":"00A""#),
            .requests(
                [request("raw", "in here/a+b%2Fcé.csv", version: "v7", etag: "e1", size: 5, sequencer: "00A")],
                shape: "EventBridge event")),
        Case(
            "an EventBridge event in SNS", Body.sns(Body.event("a b.csv")),
            .requests([request("raw", "a b.csv")], shape: "EventBridge event in an SNS envelope")),
        Case(
            "an envelope in an envelope", Body.sns(Body.sns(Body.event("a.csv"))),
            .requests([request("raw", "a.csv")], shape: "EventBridge event in an SNS envelope in an SNS envelope")),
        Case(
            "an etag in quotes", Body.event("a.csv", object: #","etag":"\"abc\"""#),
            .requests([request("raw", "a.csv", etag: "abc")], shape: "EventBridge event")),
        Case(
            "our own message on S3", #"{"landfall":1,"source":"s3://raw/in here/a+b.csv","version":"v1","pipeline":"orders"}"#,
            .requests(
                [request("raw", "in here/a+b.csv", version: "v1", source: "s3://raw/in here/a+b.csv", pipeline: "orders")],
                shape: "Landfall message")),
        Case(
            "our own message on a file, which names bucket and key",
            #"{"landfall":1,"source":"file:///data/landing/a%20b.csv","bucket":"landing","key":"a b.csv","version":"5-1-2","size":5}"#,
            .requests(
                [request("landing", "a b.csv", version: "5-1-2", size: 5, source: "file:///data/landing/a%20b.csv")],
                shape: "Landfall message")),
        Case(
            "our own message on a file that names neither", #"{"landfall":1,"source":"file:///data/a%20b.csv"}"#,
            .requests([request("", "/data/a b.csv", source: "file:///data/a%20b.csv")], shape: "Landfall message")),
    ]

    static let ignored: [Case] = [
        Case("S3's test event", #"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"raw"}"#, .ignored("S3 test event")),
        Case(
            "S3's test event in SNS", Body.sns(#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#),
            .ignored("S3 test event in an SNS envelope")),
        Case(
            "a removed object", Body.s3(Body.record("a.csv", event: "ObjectRemoved:Delete")),
            .ignored("event ObjectRemoved:Delete")),
        Case("no records", #"{"Records":[]}"#, .ignored("S3 notification without records")),
        Case(
            "a removed object on EventBridge", Body.event("a.csv", type: "Object Deleted"),
            .ignored(#"event aws.s3 "Object Deleted""#)),
        Case(
            "tags that are added", Body.event("a.csv", type: "Object Tags Added"), .ignored(#"event aws.s3 "Object Tags Added""#)),
        Case(
            "another service's event", #"{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{}}"#,
            .ignored(#"event aws.ec2 "EC2 Instance State-change Notification""#)),
        Case(
            "another service's record", #"{"Records":[{"eventSource":"aws:sqs","body":"x"}]}"#, .ignored("event aws:sqs")),
        Case("an SNS subscription", Body.sns("x", type: "SubscriptionConfirmation"), .ignored("SNS SubscriptionConfirmation")),
    ]

    static let shapes = "the body is none of: S3 notification, EventBridge event, SNS envelope, Landfall message, Step Functions task"

    static let notUnderstood: [Case] = [
        Case("nothing", "", .notUnderstood("the body is no JSON object")),
        Case("plain text", "hello", .notUnderstood("the body is no JSON object")),
        Case("broken JSON", #"{"Records":[{"eventSource":"#, .notUnderstood("the body is no JSON object")),
        Case("a list", "[1,2]", .notUnderstood("the body is no JSON object")),
        Case("an object of others", #"{"hello":"world"}"#, .notUnderstood(shapes)),
        Case(
            "a nesting too deep for any message",
            #"{"a":"# + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000) + "}",
            .notUnderstood("the body is no JSON object")),
        Case(
            "four envelopes", Body.sns(Body.sns(Body.sns(Body.sns(Body.event("a"))))),
            .notUnderstood(
                String(repeating: "within the SNS envelope, ", count: 3)
                    + "the SNS envelope holds no Message, or another envelope too many")),
        Case(
            "an envelope with others' JSON", Body.sns(#"{"hello":"world"}"#),
            .notUnderstood("within the SNS envelope, " + shapes)),
        Case(
            "an envelope without a message", #"{"Type":"Notification","TopicArn":"arn:aws:sns:x"}"#,
            .notUnderstood("the SNS envelope holds no Message, or another envelope too many")),
        Case("records that are no list", #"{"Records":{}}"#, .notUnderstood("Records is no list")),
        Case(
            "a record without a source", #"{"Records":[{"eventName":"ObjectCreated:Put"}]}"#,
            .notUnderstood("a record has no eventSource")),
        Case(
            "a record without a key",
            #"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"raw"}}}]}"#,
            .notUnderstood("an S3 record has no bucket name or no object key")),
        Case(
            "a key that is not form-encoded", Body.s3(Body.record("a%2.csv")),
            .notUnderstood("the object key of an S3 record is not form-encoded UTF-8")),
        Case(
            "a key that is not UTF-8", Body.s3(Body.record("a%FF.csv")),
            .notUnderstood("the object key of an S3 record is not form-encoded UTF-8")),
        Case(
            "an S3 event of another version", Body.s3(Body.record("a.csv", version: "3.0")),
            .notUnderstood("the S3 event has version 3.0; 2.x is understood")),
        Case(
            "an EventBridge event without a key",
            #"{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"raw"}}}"#,
            .notUnderstood("the EventBridge event has no bucket name or no object key")),
        Case(
            "our own message of another version", #"{"landfall":2,"source":"s3://raw/a.csv"}"#,
            .notUnderstood("the Landfall message has a version other than 1")),
        Case(
            "our own message without a source", #"{"landfall":1}"#,
            .notUnderstood(
                "the Landfall message has neither a source of the form s3://bucket/key or file:///path nor a job_id")),
        Case(
            "our own message with another source", #"{"landfall":1,"source":"https://example.com/a.csv"}"#,
            .notUnderstood("the Landfall message has no source of the form s3://bucket/key or file:///path")),
    ]

    @Test("every body is work, nothing to do, or not understood", arguments: work + ignored + notUnderstood)
    func reads(_ one: Case) {
        #expect(MessageReading(body: one.body) == one.reading)
    }

    @Test("a key survives the way through a form-encoded notification", arguments: ["a b", "a+b", "50%", "é/ü", "a&b=c?d#e", "日本"])
    func roundTrip(_ key: String) {
        var encoded = ""
        for byte in key.utf8 {
            let hex = String(byte, radix: 16, uppercase: true)
            encoded += byte == 32 ? "+" : "%" + (hex.count == 1 ? "0" + hex : hex)
        }
        #expect(
            MessageReading(body: Body.s3(Body.record(encoded)))
                == .requests([request("raw", key)], shape: "S3 notification"))
    }
}

struct SourceURITests {
    @Test(
        "a source is taken apart, or is none",
        arguments: [
            ("s3://b/k", "b|k"), ("s3://b/a/b c+%41.csv", "b|a/b c+%41.csv"), ("file:///a%20b.csv", "|/a b.csv"),
            ("s3://b/", nil), ("s3:///k", nil), ("s3://b", nil), ("file://host/a", nil), ("file:///%zz", nil), ("/a", nil),
            ("", nil),
        ] as [(String, String?)])
    func parts(_ text: String, _ parts: String?) {
        #expect(SourceURI(text).map { "\($0.bucket)|\($0.key)" } == parts)
    }

    @Test("a file's path comes back from its URI", arguments: ["/a b/c+d.csv", "/é/%41", "/a#b?c"])
    func file(_ path: String) {
        #expect(SourceURI(SourceURI.file(path))?.key == path)
    }

    // MARK: Step Functions, and what Landfall itself says

    static let tasks: [(body: String, request: JobRequest?)] = {
        var asked = request("raw", "a.csv", version: "v1", source: "s3://raw/a.csv", pipeline: "orders")
        asked.taskToken = "T"
        var stepped = asked
        (stepped.step, stepped.jobID, stepped.workflow) = (.transform, "j1", "loader")
        var arrived = request("raw", "a b.csv")
        arrived.taskToken = "T"
        var plain = request("raw", "a b.csv")
        plain.taskToken = "T"
        var known = JobRequest(arrival: Arrival(bucket: "", key: "", source: ""), taskToken: "T")
        known.jobID = "j1"
        let own = #""source":"s3://raw/a.csv","version":"v1","pipeline":"orders""#
        return [
            (#"{"landfall":1,\#(own),"task_token":"T"}"#, asked),
            (#"{"landfall":1,\#(own),"task_token":"T","step":"transform","job_id":"j1","workflow":"loader"}"#, stepped),
            (#"{"TaskToken":"T","Input":{\#(own)}}"#, asked),
            (#"{"taskToken":"T",\#(own)}"#, asked),
            (#"{"TaskToken":"T","Input":\#(Body.event("a b.csv"))}"#, arrived),
            (#"{"task_token":"T","input":\#(Body.s3(Body.record("a+b.csv")))}"#, arrived),
            (#"{"TaskToken":"T","bucket":"raw","key":"a b.csv"}"#, plain),
            (#"{"TaskToken":"T","Payload":{"job_id":"j1"}}"#, known),
            // One token cannot answer for two files; and not every input is a request.
            (#"{"TaskToken":"T","Input":\#(Body.s3(Body.record("a.csv"), Body.record("b.csv")))}"#, nil),
            (#"{"TaskToken":"T","Input":{"colour":"blue"}}"#, nil),
            (#"{"TaskToken":"T","Input":"text"}"#, nil),
            (#"{"TaskToken":"T"}"#, nil),
            (#"{"landfall":1,\#(own),"step":"dance"}"#, nil),
        ]
    }()

    @Test("a task that waits is read whatever its author put around the token", arguments: tasks.indices)
    func task(_ index: Int) {
        let (body, request) = Self.tasks[index]
        switch MessageReading(body: body) {
        case .requests(let found, _): #expect(found == request.map { [$0] } ?? [])
        case .notUnderstood: #expect(request == nil)
        case .ignored(let what): Issue.record("ignored: \(what)")
        }
    }

    @Test("a Parquet file that Landfall has written is an arrival for the others; its other events are not")
    func parquetCreated() {
        let detail = #"{"uri":"s3://lake/a%20b.parquet","bytes":7,"pipeline":"orders"}"#
        let event = #"{"source":"landfall","detail-type":"Parquet Created","detail":\#(detail)}"#
        var made = request("lake", "a%20b.parquet", size: 7, source: "s3://lake/a%20b.parquet")
        made.madeBy = "orders"
        #expect(MessageReading(body: event) == .requests([made], shape: "event \"Parquet Created\""))
        let ended = #"{"source":"landfall","detail-type":"Job Succeeded","detail":{}}"#
        #expect(MessageReading(body: ended) == .ignored("event landfall \"Job Succeeded\""))
    }

    @Test("a record of S3 without an event's name is not understood, rather than dropped")
    func nameless() {
        guard case .notUnderstood = MessageReading(body: #"{"Records":[{"eventSource":"aws:s3"}]}"#) else {
            Issue.record("dropped")
            return
        }
    }

    @Test(
        "sequencers are compared as numbers of any length",
        arguments: [("9", "A", true), ("0A", "9", false), ("A", "00A", false), ("", "1", false)])
    func sequencers(_ one: String, _ other: String, _ isBefore: Bool) {
        #expect(Sequencer.isBefore(one, other) == isBefore)
    }
}
