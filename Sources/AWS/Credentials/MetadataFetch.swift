// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import HTTP
import SigV4

/// Fetches from the small HTTP services beside a container or an instance: short waits, few tries, never a proxy.
struct MetadataFetch: Sendable {
    static let maxAttempts = 3
    static let pause = Duration.seconds(1)
    static let maxBodyBytes = 64 << 10

    /// How a request is sent.
    let exchange: @Sendable (HTTPRequest) async throws(HTTPError) -> HTTPResponse
    let timing: AWSTiming

    init(
        timing: AWSTiming, exchange: @escaping @Sendable (HTTPRequest) async throws(HTTPError) -> HTTPResponse
    ) {
        self.timing = timing
        self.exchange = exchange
    }

    init(http: HTTPClient, timing: AWSTiming) {
        self.init(timing: timing) { request async throws(HTTPError) in try await http.send(request) }
    }

    /// The answer of the last try; a status of 5xx or 429 and a transient failure are tried again.
    func send(
        _ method: String, _ url: String, headers: [(name: String, value: String)], body: HTTPBody = .none,
        attempts: Int = maxAttempts
    ) async throws(HTTPError) -> HTTPResponse {
        var limits = HTTPLimits(firstByte: .seconds(2), whole: .seconds(5), maxBodyBytes: Self.maxBodyBytes)
        limits.connect = .seconds(1)
        let request = HTTPRequest(method, url, headers: headers, body: body, limits: limits, usesProxy: false)
        for _ in 1..<max(1, attempts) {
            do throws(HTTPError) {
                let response = try await exchange(request)
                if response.status < 500, response.status != 429 { return response }
            } catch {
                if !error.isTransient { throw error }
            }
            try? await timing.sleep(Self.pause)
        }
        return try await exchange(request)
    }
}

/// The JSON that container and instance endpoints answer with.
struct TemporaryKeys: Decodable {
    var AccessKeyId: String
    var SecretAccessKey: String
    var Token: String?
    var Expiration: String?

    static func read(_ response: HTTPResponse, source: String) throws(AWSError) -> AWSCredentials {
        guard response.status == 200 else {
            throw .credentials(
                "The credentials endpoint of the \(source) answered with status \(response.status).",
                isTransient: response.status >= 500 || response.status == 429)
        }
        guard let keys = try? JSONBody.decode(TemporaryKeys.self, response.body) else {
            throw .credentials(
                "The credentials endpoint of the \(source) answered with something that is not credentials.")
        }
        return AWSCredentials(
            SigningCredentials(
                accessKeyID: keys.AccessKeyId, secretAccessKey: keys.SecretAccessKey, sessionToken: keys.Token),
            expiresAt: keys.Expiration.flatMap(TimeText.iso8601), source: source)
    }
}
