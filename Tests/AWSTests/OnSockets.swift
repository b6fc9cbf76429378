import FaultServer
import HTTP
import SigV4
import Synchronization

@testable import AWS

/// A client of a ``ScriptedServer``: real sockets, real curl, real signatures; only clock, chance and sleep are a test's own.
final class OnSockets: Sendable {
    let server: ScriptedServer
    let client: AWSClient
    private let slept: Slept

    private final class Slept: Sendable {
        let durations = Mutex<[Duration]>([])
    }

    static let now: Int64 = 1_795_298_400

    init(_ server: ScriptedServer, maxAttempts: Int = 3) throws {
        self.server = server
        let slept = Slept()
        self.slept = slept
        let timing = AWSTiming(
            now: { Self.now }, sleep: { delay in slept.durations.withLock { $0.append(delay) } }, random: { 0.5 })
        var configuration = AWSConfiguration(region: "eu-central-1", endpoint: Endpoint(url: server.url))
        configuration.retry.maxAttempts = maxAttempts
        let keys = SigningCredentials(accessKeyID: "A", secretAccessKey: "s")
        client = AWSClient(
            configuration: configuration, credentials: CredentialCache(fixed: AWSCredentials(keys, source: "test")),
            http: HTTPClient(), timing: timing)
    }

    convenience init(_ answers: [ScriptedServer.Step]..., maxAttempts: Int = 3) throws {
        try self.init(ScriptedServer(inOrder: answers), maxAttempts: maxAttempts)
    }

    var waits: [Duration] { slept.durations.withLock { $0 } }
    var lines: [String] { server.requests.map { String($0.line.dropLast(" HTTP/1.1".count)) } }

    /// Gets the object `k`.
    func get(_ limits: HTTPLimits = HTTPLimits()) async throws(AWSError) -> String {
        var call = try client.s3.call("GetObject", "GET", bucket: "bucket", key: "k")
        call.limits = limits
        return String(decoding: try await client.perform(call).body, as: UTF8.self)
    }
}

extension HTTPLimits {
    /// Short, but longer than a good answer takes on a machine that is busy.
    static let impatient: HTTPLimits = {
        var limits = HTTPLimits(firstByte: .seconds(1), whole: nil)
        limits.stallWindow = .seconds(1)
        return limits
    }()
}

extension ScriptedServer.Step {
    static func s3Error(_ status: String, _ code: String, headers: [String] = [], _ more: String = "") -> Self {
        .answer(
            status, headers: ["Content-Type: application/xml"] + headers,
            "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>m</Message>\(more)</Error>")
    }

    static func head(_ headers: String...) -> Self {
        .text((["HTTP/1.1 200 OK"] + headers).joined(separator: "\r\n") + "\r\n\r\n")
    }
}
