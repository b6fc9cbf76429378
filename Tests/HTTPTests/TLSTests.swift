import FaultServer
import HTTP
import Testing

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

    @Test("a certificate that has expired is rejected")
    func expired() async throws {
        let server = try #require(TLSServer(validFrom: "20200101000000Z", until: "20200102000000Z"))
        let client = HTTPClient(HTTPClientSettings(caBundlePath: server.certificate))
        guard case .failure(let error) = await send(client, server.url) else {
            Issue.record("the date was not compared")
            return
        }
        #expect(error.code == "http.certificate_rejected")
        #expect(error.message.contains("expired"))
        #expect(!error.isTransient)
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
