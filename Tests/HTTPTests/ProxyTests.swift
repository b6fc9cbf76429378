import FaultServer
import Testing

@testable import HTTP

struct ProxyTests {
    @Test(
        "the usual variables name the proxies, in lower case first",
        arguments: [
            ([:], nil, nil, nil),
            (["http_proxy": "http://a", "https_proxy": "http://b", "no_proxy": "c"], "http://a", "http://b", "c"),
            (["HTTP_PROXY": "http://a", "HTTPS_PROXY": "http://b", "NO_PROXY": "c"], nil, "http://b", "c"),
            (["ALL_PROXY": "http://a", "https_proxy": "http://b", "HTTPS_PROXY": "http://x"], "http://a", "http://b", nil),
            (["https_proxy": "", "HTTPS_PROXY": "http://b"], nil, "http://b", nil),
        ] as [([String: String], String?, String?, String?)])
    func variables(environment: [String: String], http: String?, https: String?, exceptions: String?) {
        let proxies = HTTPProxies(environment: environment)
        #expect(proxies.http == http)
        #expect(proxies.https == https)
        #expect(proxies.exceptions == exceptions)
    }

    @Test("a request goes to the proxy, but for hosts that are excepted and requests that must not")
    func routes() async throws {
        let proxy = ScriptedServer { _ in [.answer("200 OK", "by proxy")] }
        let server = ScriptedServer { _ in [.answer("200 OK", "straight")] }
        var environment = ["http_proxy": proxy.url]
        let client = HTTPClient(HTTPClientSettings(proxies: HTTPProxies(environment: environment)))
        #expect(try await client.send(HTTPRequest("GET", "http://s3.example/k")).body == Array("by proxy".utf8))
        #expect(proxy.requests.map(\.line) == ["GET http://s3.example/k HTTP/1.1"])
        #expect(proxy.requests.first?.header("Host") == "s3.example")
        #expect(try await client.send(HTTPRequest("GET", server.url, usesProxy: false)).body == Array("straight".utf8))
        environment["no_proxy"] = "example.org,127.0.0.1"
        let excepting = HTTPClient(HTTPClientSettings(proxies: HTTPProxies(environment: environment)))
        #expect(try await excepting.send(HTTPRequest("GET", server.url)).body == Array("straight".utf8))
    }

    @Test("TLS goes through a proxy by CONNECT, and its refusal is an error of the proxy")
    func tunnel() async throws {
        let proxy = ScriptedServer { _ in [.answer("403 Forbidden"), .close] }
        let client = HTTPClient(HTTPClientSettings(proxies: HTTPProxies(environment: ["https_proxy": proxy.url])))
        let error = await httpError { () async throws(HTTPError) in
            _ = try await client.send(HTTPRequest("GET", "https://s3.example/k"))
        }
        #expect(proxy.requests.map(\.line) == ["CONNECT s3.example:443 HTTP/1.1"])
        #expect(error?.code == "http.proxy_failed" || error?.code == "http.connection_lost")
    }
}
