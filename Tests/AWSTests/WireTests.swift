import HTTP
import Testing

@testable import AWS

struct XMLReaderTests {
    @Test("elements, text, CDATA, entities, attributes, comments and prefixes are understood")
    func document() throws {
        let text = """
            \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
            <!-- a > comment --><r:root a="x>y" b='"'>
              <k>a&amp;b &lt;&#233;&#x1F600;&gt;</k><k><![CDATA[<raw> & ]]]]></k><empty/><empty c="/"></empty>
            </r:root>
            """
        let root = try XMLReader.read(Array(text.utf8))
        #expect(root.name == "root")
        #expect(root.all("k").map(\.text) == ["a&b <é😀>", "<raw> & ]]"])
        #expect(root.all("empty").count == 2)
        #expect(root.text("none") == nil)
    }

    @Test(
        "what is broken, or could do harm, is refused with its place",
        arguments: [
            ("", "no element"), ("text", "text outside the root element"), ("<a>", "the element a does not end"),
            ("<a></b>", "</b> ends nothing"), ("</a>", "</a> ends nothing"), ("<a", "a tag does not end"),
            ("<a b=\"", "a tag does not end"), ("<a <b>", "a tag inside a tag"), ("< a/>", "a tag without a name"),
            ("<a=\"b\"/>", "a tag whose name is none"), ("<a:/>", "a tag whose name is none"),
            ("<a&b/>", "a tag whose name is none"),
            ("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "a document type declaration is not accepted"),
            ("<a>&x;</a>", "the entity &x; is not known"), ("<a>&#xD800;</a>", "the entity &#xD800; is not known"),
            ("<a>&amp</a>", "an & that begins no entity"), ("<a><!-- ", "something that should end with --> does not"),
            ("<a><![CDATA[", "something that should end with ]]> does not"),
        ])
    func broken(text: String, reason: String) {
        let problem = #expect(throws: XMLReader.Problem.self) { try XMLReader.read(Array(text.utf8)) }
        #expect(problem?.reason == reason)
    }

    @Test("depth, number and length have their limits")
    func limits() {
        let deep = String(repeating: "<a>", count: XMLReader.maxDepth + 1)
        #expect(throws: XMLReader.Problem.self) { try XMLReader.read(Array(deep.utf8)) }
        let many = "<r>" + String(repeating: "<a/>", count: XMLReader.maxElements) + "</r>"
        #expect(throws: XMLReader.Problem.self) { try XMLReader.read(Array(many.utf8)) }
        #expect(throws: XMLReader.Problem.self) {
            try XMLReader.read([UInt8](repeating: 32, count: XMLReader.maxBytes + 1))
        }
        #expect(throws: XMLReader.Problem.self) {
            try XMLReader.read([0x3C, 0x61, 0x3E, 0xFF, 0x3C, 0x2F, 0x61, 0x3E])
        }
    }

    @Test("no cut and no changed byte of a document makes the reader fall over")
    func total() {
        let document = Array("<?xml v?><a b=\"c\"><!-- d --><e>&amp;&#65;</e><![CDATA[f]]><g/></a>".utf8)
        for end in 0..<document.count {
            #expect(throws: XMLReader.Problem.self) { try XMLReader.read(Array(document[..<end])) }
        }
        for place in document.indices {
            for byte in Array("<>&;/\"!?[]-\u{0}".utf8) + [0xFF] {
                var changed = document
                changed[place] = byte
                _ = try? XMLReader.read(changed)
            }
        }
    }
}

struct ErrorTests {
    /// Status, content, AWS's code, our kind, whether trying again can help.
    static let table: [(Int, String, String?, AWSError.Kind, Bool)] = [
        (404, "<Error><Code>NoSuchKey</Code></Error>", "NoSuchKey", .notFound, false),
        (403, "<Error><Code>AccessDenied</Code></Error>", "AccessDenied", .accessDenied, false),
        (503, "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>", "SlowDown", .throttled, true),
        (400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", "Throttling", .throttled, true),
        (
            403, "<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>", "AuthorizationError",
            .accessDenied, false
        ),
        (500, "<Error><Code>InternalError</Code></Error>", "InternalError", .unavailable, true),
        (400, "<Error><Code>RequestTimeout</Code></Error>", "RequestTimeout", .unavailable, true),
        (409, "<Error><Code>OperationAborted</Code></Error>", "OperationAborted", .conflict, true),
        (409, "<Error><Code>BucketNotEmpty</Code></Error>", "BucketNotEmpty", .conflict, false),
        (412, "<Error><Code>PreconditionFailed</Code></Error>", "PreconditionFailed", .preconditionFailed, false),
        (403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", "SignatureDoesNotMatch", .credentials, false),
        (301, "<Error><Code>PermanentRedirect</Code></Error>", "PermanentRedirect", .settings, false),
        (400, "<Error><Code>InvalidArgument</Code></Error>", "InvalidArgument", .invalidRequest, false),
        (404, "", nil, .notFound, false), (403, "", nil, .accessDenied, false),
        (502, "<html>", nil, .unavailable, true),
        (429, "", nil, .throttled, true), (304, "", nil, .preconditionFailed, false),
        (418, "", nil, .invalidRequest, false),
    ]

    @Test("an XML error is put into our words", arguments: table)
    func xml(status: Int, body: String, awsCode: String?, kind: AWSError.Kind, isTransient: Bool) {
        let call = AWSCall(
            service: .s3, action: "GetObject", subject: "s3://b/k", endpoint: .standard(.s3, region: "eu-central-1"))
        let headers = HTTPHeaders([(name: "x-amz-request-id", value: "R1"), (name: "x-amz-id-2", value: "H1")])
        let error = AWSError(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)), to: call)
        #expect(error.awsCode == awsCode)
        #expect(error.kind == kind)
        #expect(error.isTransient == isTransient)
        #expect(error.requestID == "R1")
        #expect(error.description == "\(kind.rawValue): \(error.message) (request R1, host id H1)")
        #expect(error.status == status)
    }

    @Test(
        "a JSON error is put into our words, wherever its code stands",
        arguments: [
            (
                "{\"__type\": \"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\"}", nil,
                AWSError.Kind.conditionFailed
            ),
            ("{\"__type\": \"ResourceNotFoundException:http://x\"}", nil, .notFound),
            ("{\"code\": \"ThrottlingException\"}", nil, .throttled), ("{}", "AccessDeniedException:x", .accessDenied),
            ("not json", nil, .invalidRequest),
            ("{\"__type\": \"com.amazonaws.sqs#QueueDoesNotExist\"}", nil, .notFound),
        ] as [(String, String?, AWSError.Kind)])
    func json(body: String, header: String?, kind: AWSError.Kind) {
        let call = AWSCall(
            service: .sqs, action: "SendMessage", subject: "q", endpoint: .standard(.sqs, region: "eu-central-1"))
        let headers = HTTPHeaders(header.map { [(name: "x-amzn-ErrorType", value: $0)] } ?? [])
        #expect(AWSError(HTTPResponse(status: 400, headers: headers, body: Array(body.utf8)), to: call).kind == kind)
    }

    @Test("a delete marker is an object that is not there, a bucket elsewhere names its region")
    func s3Headers() {
        let call = AWSCall(
            service: .s3, action: "GetObject", subject: "s3://b/k", endpoint: .standard(.s3, region: "eu-central-1"))
        let marker = HTTPHeaders([(name: "x-amz-delete-marker", value: "true")])
        #expect(AWSError(HTTPResponse(status: 405, headers: marker), to: call).kind == .notFound)
        let region = HTTPHeaders([(name: "x-amz-bucket-region", value: "us-west-2")])
        let error = AWSError(HTTPResponse(status: 301, headers: region), to: call)
        #expect(error.kind == .settings)
        #expect(error.message.contains("The bucket is in us-west-2"))
    }

    @Test("no two kinds share a code, and all begin with aws.")
    func codes() {
        #expect(Set(AWSError.Kind.allCases.map(\.rawValue)).count == AWSError.Kind.allCases.count)
        #expect(AWSError.Kind.allCases.allSatisfy { $0.rawValue.hasPrefix("aws.") })
    }
}

struct TimeTextTests {
    @Test(
        "instants of answers are read",
        arguments: [
            ("2026-11-21T22:00:00Z", 1_795_298_400), ("2026-11-21T22:00:00.123Z", 1_795_298_400), ("2026-11-21", nil),
            ("2026-11-21T22:00:00+01:00", 1_795_294_800), ("2026-11-21T22:00:00+0100", nil), ("2026-13-21T22:00:00Z", nil), ("", nil),
        ] as [(String, Int64?)])
    func iso8601(text: String, seconds: Int64?) {
        #expect(TimeText.iso8601(text) == seconds)
    }

    @Test(
        "dates of HTTP headers are read",
        arguments: [
            ("Sat, 21 Nov 2026 22:00:00 GMT", 1_795_298_400), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sat, 21 Nov 2026 22:00:00", nil), ("Sat, 21 Nix 2026 22:00:00 GMT", nil), ("", nil),
        ] as [(String, Int64?)])
    func http(text: String, seconds: Int64?) {
        #expect(TimeText.http(text) == seconds)
    }
}

struct AttributeValueTests {
    @Test("every kind of value survives its JSON")
    func roundTrip() throws {
        let value = AttributeValue.m([
            "s": .s("é\"\n"), "n": .n("123456789012345678901234567890.5"), "b": .b([0, 1, 255]), "t": .bool(true),
            "f": .bool(false), "z": .null, "l": .l([.l([]), .m([:])]), "ss": .ss(["a", "b"]), "ns": .ns(["1", "-2"]),
            "bs": .bs([[1], [2]]),
        ])
        #expect(try JSONBody.decode(AttributeValue.self, JSONBody.encode(value)) == value)
    }

    @Test("the JSON is DynamoDB's")
    func spelling() throws {
        let value = AttributeValue.l([.s("x"), .number(-7), .b([255]), .null, .bool(false)])
        let text = String(decoding: try JSONBody.encode(value), as: UTF8.self)
        #expect(text == "{\"L\":[{\"S\":\"x\"},{\"N\":\"-7\"},{\"B\":\"/w==\"},{\"NULL\":true},{\"BOOL\":false}]}")
    }

    @Test(
        "what is no attribute value is refused",
        arguments: [
            "{}", "{\"S\": \"a\", \"N\": \"1\"}", "{\"X\": 1}", "{\"B\": \"*\"}", "{\"S\": 1}", "\"S\"", "null",
        ])
    func refused(text: String) {
        #expect(throws: (any Error).self) { try JSONBody.decode(AttributeValue.self, Array(text.utf8)) }
    }

    @Test("deeply nested values are refused and do not exhaust the stack")
    func depth() {
        let text = String(repeating: "{\"L\":[", count: 100_000)
        #expect(throws: (any Error).self) { try JSONBody.decode(AttributeValue.self, Array(text.utf8)) }
    }
}
