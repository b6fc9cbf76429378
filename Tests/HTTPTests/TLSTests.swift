import FoundationEssentials
import Glibc
import HTTP
import Testing

/// `openssl s_server` with a certificate of its own for `localhost`.
private final class TLSServer {
    let port: Int
    let certificate: String
    private let folder: String
    private var process: pid_t = 0

    init?(options: [String] = []) {
        folder = FileManager.default.temporaryDirectory.path + "/landfall-tls-\(UInt64.random(in: 0 ..< .max))"
        certificate = "\(folder)/certificate.pem"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        port = Int(ScriptedServer { _ in [] }.port)
        let make = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "\(folder)/key.pem", "-out",
            certificate,
        ]
        var status: Int32 = 0
        guard let made = spawn(make), waitpid(made, &status, 0) == made, status == 0 else { return nil }
        let serve = [
            "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-key", "\(folder)/key.pem", "-cert", certificate,
            "-www",
        ]
        guard let process = spawn(serve + options) else { return nil }
        self.process = process
    }

    deinit {
        if process > 0 {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    var url: String { "https://localhost:\(port)/" }

    private func spawn(_ arguments: [String]) -> pid_t? {
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for output: Int32 in [1, 2] { posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0) }
        var process = pid_t()
        return posix_spawnp(&process, arguments[0], &actions, nil, &words, environ) == 0 ? process : nil
    }
}

@Suite("TLS, against openssl s_server", .enabled(if: TLSServer() != nil))
struct TLSTests {
    /// The server's first moments: until it listens, connections are refused.
    private func send(_ client: HTTPClient, _ url: String) async -> Result<HTTPResponse, HTTPError> {
        for _ in 0..<2000 {
            do throws(HTTPError) {
                return .success(try await client.send(HTTPRequest("GET", url)))
            } catch {
                if error.code != "http.connect_failed" { return .failure(error) }
            }
            await Task.yield()
        }
        return .failure(HTTPError(code: "test.no_server", message: "", isTransient: false))
    }

    @Test("a certificate is trusted if its authority is in the bundle that was given")
    func trusted() async throws {
        let server = try #require(TLSServer())
        let client = HTTPClient(HTTPClientSettings(caBundlePath: server.certificate))
        #expect(try await send(client, server.url).get().status == 200)
    }

    @Test("a certificate that nobody vouches for is rejected, and trying again is no use")
    func untrusted() async throws {
        let server = try #require(TLSServer())
        guard case .failure(let error) = await send(HTTPClient(), server.url) else {
            Issue.record("the certificate was trusted")
            return
        }
        #expect(error.code == "http.certificate_rejected")
        #expect(!error.isTransient)
    }

    @Test("a certificate for another name is rejected")
    func otherName() async throws {
        let server = try #require(TLSServer())
        let client = HTTPClient(HTTPClientSettings(caBundlePath: server.certificate))
        guard case .failure(let error) = await send(client, "https://127.0.0.1:\(server.port)/") else {
            Issue.record("the name was not compared")
            return
        }
        #expect(error.code == "http.certificate_rejected")
    }

    @Test("TLS 1.1 is not spoken")
    func oldVersion() async throws {
        let server = try #require(TLSServer(options: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]))
        let client = HTTPClient(HTTPClientSettings(caBundlePath: server.certificate))
        guard case .failure(let error) = await send(client, server.url) else {
            Issue.record("TLS 1.1 was spoken")
            return
        }
        #expect(error.code == "http.tls_failed")
    }

    @Test("a bundle that is not there is an error that names it")
    func missingBundle() async throws {
        let server = try #require(TLSServer())
        let client = HTTPClient(HTTPClientSettings(caBundlePath: "/nonexistent/bundle.pem"))
        guard case .failure(let error) = await send(client, server.url) else {
            Issue.record("a missing bundle was not noticed")
            return
        }
        #expect(error.code == "http.bad_ca_bundle")
        #expect(error.message.contains("/nonexistent/bundle.pem"))
    }
}
