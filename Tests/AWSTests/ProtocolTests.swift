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
                        suite: written(suite["metadata"] as? [String: Any] ?? [:]))
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

    @Test("every text of an answer in XML is found in it", arguments: ProtocolFixtures.cases("output", ["query", "rest-xml"]))
    func texts(one: ProtocolFixtures.Case) throws {
        let fixture = try one.object()
        let response = try ProtocolFixtures.response(fixture)
        guard response.body.first == UInt8(ascii: "<"), let result = fixture["result"] as? [String: Any] else { return }
        var found: Set<String> = []
        func collect(_ element: XMLElement) {
            found.insert(element.text)
            for child in element.children { collect(child) }
        }
        collect(try XMLReader.read(response.body))
        let headers = Set(response.headers.fields.map(\.value))
        let whole = String(decoding: response.body, as: UTF8.self)
        func check(_ value: Any) {
            if let object = value as? [String: Any] { object.values.forEach(check) }
            if let list = value as? [Any] { list.forEach(check) }
            // attributes, map keys of headers and base64 are not for this reader
            guard let text = value as? String, !headers.contains(text), whole.contains(">\(text)<") else { return }
            #expect(found.contains(text))
        }
        check(result)
    }

    @Test("times are read with their offsets", arguments: ProtocolFixtures.cases("output", ["json", "query", "rest-xml"]))
    func times(one: ProtocolFixtures.Case) throws {
        let fixture = try one.object()
        guard let expected = (fixture["result"] as? [String: Any])?["datetime"] as? Double else { return }
        let response = try ProtocolFixtures.response(fixture)
        let body = String(decoding: response.body, as: UTF8.self)
        let text = try #require(body.firstMatch(of: /\d{4}-\d{2}-\d{2}T[0-9:.]+(Z|[+-]\d{2}:\d{2})/)).0
        #expect(TimeText.iso8601(String(text)) == Int64(expected.rounded(.down)))
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
            return HTTPResponse(status: 200, body: Array((one.protocolName == "query" ? "<r/>" : "{}").utf8))
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
