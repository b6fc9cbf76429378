import HTTP
import SigV4

/// How a service of the JSON protocols is called.
///
/// Source: Smithy, "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol".
struct JSONProtocol: Sendable {
    /// The part of `X-Amz-Target` before the action.
    let targetPrefix: String
    /// `1.0` or `1.1`
    let version: String
}

extension AWSClient {
    /// Calls an action of a JSON protocol.
    ///
    /// - Parameter waitSeconds: how long the service may hold its answer back (long polling), on top of the usual.
    func json<Answer: Decodable>(
        _ service: AWSService, _ wire: JSONProtocol, _ action: String, subject: String, _ input: some Encodable,
        waitSeconds: Int = 0, answer: Answer.Type
    ) async throws(AWSError) -> Answer {
        let body: [UInt8]
        do {
            body = try JSONBody.encode(input)
        } catch {
            throw .invalid(service, action, "its input cannot be written as JSON")
        }
        var call = AWSCall(
            service: service, action: action, subject: subject, endpoint: configuration.endpoint(of: service))
        call.headers = [
            (name: "Content-Type", value: "application/x-amz-json-\(wire.version)"),
            (name: "X-Amz-Target", value: "\(wire.targetPrefix).\(action)"),
        ]
        call.body = .bytes(body)
        call.payloadHash = SHA256.hexadecimal(body)
        call.limits = HTTPLimits(firstByte: .seconds(30 + waitSeconds), whole: .seconds(60 + waitSeconds))
        let response = try await perform(call)
        do {
            return try JSONBody.decode(Answer.self, response.body)
        } catch {
            throw .badResponse(service, action, "its JSON does not have the shape expected")
        }
    }
}

/// An answer of which nothing is wanted.
struct NoAnswer: Decodable {
    init(from decoder: any Decoder) throws {}
}
