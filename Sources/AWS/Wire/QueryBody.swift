import HTTP
import SigV4

/// The query protocol of SNS and STS: a form goes out, XML comes back.
///
/// Source: Smithy, "AWS query protocol".
enum QueryBody {
    static func call(
        _ service: AWSService, _ action: String, version: String, endpoint: Endpoint, subject: String,
        parameters: [(name: String, value: String)]
    ) -> AWSCall {
        let all = [(name: "Action", value: action), (name: "Version", value: version)] + parameters
        let form = all.map { "\(formEncoded($0.name))=\(formEncoded($0.value))" }
        let body = Array(form.joined(separator: "&").utf8)
        var call = AWSCall(service: service, action: action, subject: subject, endpoint: endpoint)
        call.headers = [(name: "Content-Type", value: "application/x-www-form-urlencoded; charset=utf-8")]
        call.body = .bytes(body)
        call.payloadHash = SHA256.hexadecimal(body)
        return call
    }

    /// As HTML forms have it: a space is a plus.
    private static func formEncoded(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { PercentEncoding.encode(String($0)) }
            .joined(separator: "+")
    }

    /// The root element of the answer.
    ///
    /// - Parameter name: what it must be called where nothing in it is required: the page of a proxy in between is XML
    ///   too, and lists nothing.
    static func read(
        _ response: HTTPResponse, of call: AWSCall, root name: String? = nil
    ) throws(AWSError) -> XMLElement {
        let root: XMLElement
        do {
            root = try XMLReader.read(response.body)
        } catch {
            throw .badResponse(call.service, call.action, "its XML is broken at byte \(error.byte): \(error.reason)")
        }
        if let name, root.name != name {
            throw .badResponse(call.service, call.action, "it is a document of \(root.name), not of \(name)")
        }
        return root
    }
}

extension AWSClient {
    /// Calls an action of the query protocol.
    func query(
        _ service: AWSService, _ action: String, version: String, subject: String,
        parameters: [(name: String, value: String)]
    ) async throws(AWSError) -> XMLElement {
        let call = QueryBody.call(
            service, action, version: version, endpoint: configuration.endpoint(of: service), subject: subject,
            parameters: parameters)
        return try QueryBody.read(try await perform(call), of: call, root: "\(action)Response")
    }
}
