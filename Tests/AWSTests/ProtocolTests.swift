import Foundation
import HTTP
import SigV4
import Synchronization
import Testing

@testable import AWS

/// The published test cases of the wire protocols, where `LANDFALL_SHARED` says that they are.
enum ProtocolFixtures {
    static let folder = ProcessInfo.processInfo.environment["LANDFALL_SHARED"].map { "\($0)/vectors/protocols" }
    static let isThere = folder.map { FileManager.default.fileExists(atPath: $0) } ?? false

    struct Case: Sendable, CustomTestStringConvertible {
        let protocolName: String
        let id: String
        let text: String
        let suite: String
        let shapes: String

        var testDescription: String { "\(protocolName) \(id)" }
        func object() throws -> [String: Any] { try ProtocolFixtures.object(text) }
        func metadata() throws -> [String: Any] { try ProtocolFixtures.object(suite) }
    }

    static func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    static func cases(_ direction: String, _ names: [String]) -> [Case] {
        guard let folder else { return [] }
        return names.flatMap { name -> [Case] in
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(direction)/\(name).json"),
                let suites = (try? JSONSerialization.jsonObject(with: data)) as? [[String: Any]]
            else { return [] }
            return suites.flatMap { suite -> [Case] in
                (suite["cases"] as? [[String: Any]] ?? []).map { one in
                    Case(
                        protocolName: name, id: one["id"] as? String ?? "", text: written(one),
                        suite: written(suite["metadata"] as? [String: Any] ?? [:]),
                        shapes: written(suite["shapes"] as? [String: Any] ?? [:]))
                }
            }
        }
    }

    private static func written(_ object: [String: Any]) -> String {
        (try? JSONSerialization.data(withJSONObject: object)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    static func response(_ one: [String: Any]) throws -> HTTPResponse {
        let response = try #require(one["response"] as? [String: Any])
        let headers = (response["headers"] as? [String: String] ?? [:]).map { (name: $0.key, value: $0.value) }
        return HTTPResponse(
            status: response["status_code"] as? Int ?? 200, headers: HTTPHeaders(headers),
            body: Array((response["body"] as? String ?? "").utf8))
    }
}

@Suite("The published cases of the wire protocols", .enabled(if: ProtocolFixtures.isThere))
struct ProtocolTests {
    @Test("there are as many cases as there should be")
    func count() {
        #expect(ProtocolFixtures.cases("output", ["json", "json_1_0", "query", "rest-xml"]).count >= 200)
        #expect(ProtocolFixtures.cases("input", ["json", "json_1_0", "query"]).count >= 110)
    }

    @Test("errors are read as they should be", arguments: ProtocolFixtures.cases("output", ["json", "json_1_0", "query", "rest-xml"]))
    func errors(one: ProtocolFixtures.Case) throws {
        let fixture = try one.object()
        guard let code = fixture["errorCode"] as? String else { return }
        let isJSON = one.protocolName.hasPrefix("json")
        let error = WireError(try ProtocolFixtures.response(fixture), format: isJSON ? .json : .xml)
        #expect(error.code == code)
        if let message = fixture["errorMessage"] as? String { #expect(error.message == message) }
    }

    /// Cases of what no answer that we read has, and of precision that we have no use for.
    private static let withoutUse: [String: String] = [
        "XmlAttributes": "attributes", "XmlAttributesOnPayload": "attributes",
        "InputAndOutputWithStringHeaders": "lists in headers", "InputAndOutputWithNumericHeaders": "lists in headers",
        "InputAndOutputWithBooleanHeaders": "lists in headers", "InputAndOutputWithTimestampHeaders": "lists in headers",
        "InputAndOutputWithEnumHeaders": "lists in headers", "AwsJson11DateTimeWithFractionalSeconds": "fractions of a second",
        "AwsJson10DateTimeWithFractionalSeconds": "fractions of a second",
        "AwsQueryDateTimeWithFractionalSeconds": "fractions of a second",
        "RestXmlDateTimeWithFractionalSeconds": "fractions of a second",
    ]

    @Test(
        "every answer, however nested, is read as it should be",
        arguments: ProtocolFixtures.cases("output", ["json", "json_1_0", "query", "rest-xml"]))
    func answers(one: ProtocolFixtures.Case) throws {
        let fixture = try one.object()
        guard let result = fixture["result"] as? [String: Any], Self.withoutUse[one.id] == nil else { return }
        let given = try #require(fixture["given"] as? [String: Any])
        let output = given["output"] as? [String: Any] ?? [:]
        let reader = ShapeReader(shapes: try ProtocolFixtures.object(one.shapes))
        let response = try ProtocolFixtures.response(fixture)
        // an action without an output is read as one of which nothing is wanted
        if output.isEmpty {
            if one.protocolName.hasPrefix("json") { _ = try JSONBody.decode(NoAnswer.self, response.body) }
            return
        }
        let found =
            switch one.protocolName {
            case "query": try reader.query(response, given["name"] as? String ?? "", output)
            case "rest-xml": try reader.restXML(response, output)
            default: try reader.json(response, output)
            }
        #expect(found == ShapeReader.plain(result))
    }

    @Test("flat requests are written as they should be", arguments: ProtocolFixtures.cases("input", ["json", "json_1_0", "query"]))
    func requests(one: ProtocolFixtures.Case) async throws {
        let fixture = try one.object()
        let metadata = try one.metadata()
        let given = try #require(fixture["given"] as? [String: Any])
        let serialized = try #require(fixture["serialized"] as? [String: Any])
        let action = try #require(given["name"] as? String)
        guard let parameters = fixture["params"] as? [String: String], given["endpoint"] == nil, given["input"] != nil,
            let body = serialized["body"] as? String, !body.contains("token"), !one.id.lowercased().contains("blob")
        else { return }
        let sent = Mutex<HTTPRequest?>(nil)
        let keys = SigningCredentials(accessKeyID: "A", secretAccessKey: "s")
        let client = AWSClient(
            configuration: AWSConfiguration(region: "eu-central-1"),
            credentials: CredentialCache(fixed: AWSCredentials(keys, source: "test")), timing: .system
        ) { request, _ async throws(HTTPError) in
            sent.withLock { $0 = request }
            return HTTPResponse(status: 200, body: Array((one.protocolName == "query" ? "<\(action)Response/>" : "{}").utf8))
        }
        if one.protocolName == "query" {
            _ = try await client.query(
                .sns, action, version: try #require(metadata["apiVersion"] as? String), subject: "t",
                parameters: parameters.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) })
        } else {
            let wire = JSONProtocol(
                targetPrefix: try #require(metadata["targetPrefix"] as? String),
                version: try #require(metadata["jsonVersion"] as? String))
            _ = try await client.json(.sqs, wire, action, subject: "t", parameters, answer: NoAnswer.self)
        }
        let request = try #require(sent.withLock { $0 })
        guard case .bytes(let bytes) = request.body else {
            Issue.record("no body was sent")
            return
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if one.protocolName == "query" {
            #expect(Set(text.split(separator: "&")) == Set(body.split(separator: "&")))
        } else {
            #expect(try ProtocolFixtures.object(text) as? [String: String] == ProtocolFixtures.object(body) as? [String: String])
        }
        for (name, value) in serialized["headers"] as? [String: String] ?? [:] {
            let ours = request.headers.first { $0.name.lowercased() == name.lowercased() }?.value
            #expect(ours?.hasPrefix(value) == true)
        }
    }
}
