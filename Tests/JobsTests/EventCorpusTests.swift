import Foundation
import Jobs
import Testing

/// Real events of many AWS services (`LANDFALL_SHARED`, corpora/5-events).
struct EventCorpusTests {
    private static let folder = ProcessInfo.processInfo.environment["LANDFALL_SHARED"].map { "\($0)/corpora/5-events" } ?? ""

    private static let files: [String] = {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".json") && $0 != "manifest.json" }.sorted()
    }()

    /// The files that announce new objects, with bucket and key as AWS' documents say they are to be read.
    private static let created = [
        "aws-lambda-go/s3-event.json": "sourcebucket/Happy Face.jpg",
        "aws-lambda-go/s3-event-with-decoded.json": "sourcebucket/Happy Face.jpg",
        "aws-lambda-rust/example-s3-event.json": "sourcebucket/Happy Face.jpg",
        "aws-lambda-rust/example-s3-event-with-decoded.json": "sourcebucket/Happy Face.jpg",
        "powertools-python/s3Event.json": "lambda-artifacts-deafc19498e3f2df/b21b84d653bb07b05b1e6b33684dc11b",
        "powertools-python/s3EventDecodedKey.json": "sourcebucket/Happy Face.jpg",
        "powertools-python/s3EventBridgeNotificationObjectCreatedEvent.json": "example-bucket/IMG_m7fzo3.jpg",
    ]

    @Test("no event crashes the reader, and those of S3 become requests", .enabled(if: !files.isEmpty, "needs LANDFALL_SHARED"))
    func corpus() throws {
        var requested: [String: String] = [:]
        var verdicts: Set<String> = []
        for name in Self.files {
            let body = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
            switch MessageReading(body: body) {
            case .requests(let requests, _):
                verdicts.insert("requests")
                requested[name] = requests.map { "\($0.arrival.bucket)/\($0.arrival.key)" }.joined(separator: " ")
            case .ignored: verdicts.insert("ignored")
            case .notUnderstood: verdicts.insert("not understood")
            }
        }
        #expect(requested == Self.created)
        #expect(verdicts == ["requests", "ignored", "not understood"])
        #expect(Self.files.count >= 50)
    }

    @Test(
        "what SQS delivers is read out of recorded deliveries", .enabled(if: !files.isEmpty, "needs LANDFALL_SHARED"),
        arguments: [
            ("powertools-python/s3SqsEvent.json", "xxx|test.pdf"),
            ("powertools-python/snsSqsEvent.json", "not understood"),
        ])
    func delivered(_ name: String, _ expected: String) throws {
        let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
        guard case .array(let records)? = JSONValue(text: text)?["Records"] else {
            Issue.record("\(name) holds no records")
            return
        }
        let body = try #require(records.first?["body"]?.text)
        switch MessageReading(body: body) {
        case .requests(let requests, _):
            #expect(requests.map { "\($0.arrival.bucket)|\($0.arrival.key)" }.first == expected)
        case .ignored(let what): #expect(expected == "ignored: \(what)")
        case .notUnderstood: #expect(expected == "not understood")
        }
    }
}
