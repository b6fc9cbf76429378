import FaultServer
import FoundationEssentials
import HTTP
import Testing

struct ExchangeTests {
    let client = HTTPClient(HTTPClientSettings(userAgent: "landfall-tests"))

    @Test("an answer comes with its status, headers and body")
    func get() async throws {
        let server = ScriptedServer { _ in
            [.answer("201 Created", headers: ["X-One:  a b ", "x-two: 1", "X-Two: 2"], "body")]
        }
        let response = try await client.send(
            HTTPRequest("GET", server.url + "/p?q=1", headers: [(name: "X-Sent", value: "v")]))
        #expect(response.status == 201)
        #expect(response.isSuccess)
        #expect(response.headers["x-one"] == "a b")
        #expect(response.headers.all("X-TWO") == ["1", "2"])
        #expect(response.body == Array("body".utf8))
        let request = try #require(server.requests.first)
        #expect(request.line == "GET /p?q=1 HTTP/1.1")
        #expect(request.header("Host") == "127.0.0.1:\(server.port)")
        #expect(request.header("X-Sent") == "v")
        #expect(request.header("User-Agent") == "landfall-tests")
        #expect(request.header("Content-Length") == nil)
    }

    @Test(
        "a body is sent whole with its length, and nothing is waited for",
        arguments: [
            ("POST", "a=b"), ("PUT", ""), ("POST", ""), ("DELETE", "x"),
            ("PUT", String(repeating: "0123456789", count: 200_000)),
        ])
    func body(method: String, text: String) async throws {
        let server = ScriptedServer { _ in [.answer("200 OK", "ok")] }
        let response = try await client.send(HTTPRequest(method, server.url, body: .bytes(Array(text.utf8))))
        #expect(response.body == Array("ok".utf8))
        let request = try #require(server.requests.first)
        #expect(request.line == "\(method) / HTTP/1.1")
        #expect(request.header("Content-Length") == String(text.utf8.count))
        #expect(request.header("Expect") == nil)
        #expect(request.header("Transfer-Encoding") == nil)
        #expect(request.body == Array(text.utf8))
    }

    @Test("a POST without a body says that it has none")
    func emptyPost() async throws {
        let server = ScriptedServer { _ in [.answer()] }
        _ = try await client.send(HTTPRequest("POST", server.url))
        #expect(server.requests.first?.header("Content-Length") == "0")
    }

    @Test("a range of a file is sent")
    func fileRange() async throws {
        let server = ScriptedServer { _ in [.answer()] }
        let path = FileManager.default.temporaryDirectory.path + "/landfall-http-\(server.port)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try Data(bytes).write(to: URL(filePath: path))
        _ = try await client.send(HTTPRequest("PUT", server.url, body: .file(path: path, range: 10..<90_000)))
        _ = try await client.send(HTTPRequest("PUT", server.url, body: .file(path: path, range: nil)))
        #expect(server.requests.map(\.body) == [Array(bytes[10..<90_000]), bytes])
        await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest("PUT", server.url, body: .file(path: path, range: 0..<100_001)))
        }
    }

    @Test(
        "an answer that has no body by rule ends with its headers",
        arguments: [("HEAD", "200 OK"), ("GET", "304 Not Modified"), ("DELETE", "204 No Content")])
    func noBody(method: String, status: String) async throws {
        let server = ScriptedServer { _ in
            let length = status.hasPrefix("204") ? "" : "Content-Length: 1234\r\n"
            return [.text("HTTP/1.1 \(status)\r\n\(length)ETag: \"e\"\r\n\r\n")]
        }
        let response = try await client.send(HTTPRequest(method, server.url))
        #expect(response.status == Int(status.prefix(3)))
        #expect(response.headers["etag"] == "\"e\"")
        #expect(response.body.isEmpty)
    }

    @Test("the path is sent as it stands", arguments: ["/a/../b", "/./x", "//", "/%2e%2e/%C3%A9", "/a%20b?c=%2B"])
    func path(path: String) async throws {
        let server = ScriptedServer { _ in [.answer()] }
        _ = try await client.send(HTTPRequest("GET", server.url + path))
        #expect(server.requests.first?.line == "GET \(path) HTTP/1.1")
    }

    @Test("a redirect is an answer and is not followed")
    func redirect() async throws {
        let server = ScriptedServer { _ in [.answer("301 Moved", headers: ["Location: /elsewhere"])] }
        let response = try await client.send(HTTPRequest("GET", server.url))
        #expect(response.status == 301)
        #expect(server.requests.count == 1)
    }

    @Test("one connection serves one request after another")
    func reuse() async throws {
        let server = ScriptedServer { _ in [.answer("200 OK", "x")] }
        for _ in 0..<3 { _ = try await client.send(HTTPRequest("GET", server.url)) }
        #expect(server.requests.map(\.connection) == [0, 0, 0])
    }

    @Test("a kept connection that the server has closed is replaced, and the body sent again")
    func staleConnection() async throws {
        let server = ScriptedServer { _ in [.answer("200 OK", "x"), .close] }
        for _ in 0..<3 { _ = try await client.send(HTTPRequest("PUT", server.url, body: .bytes([1, 2, 3]))) }
        #expect(server.requests.map(\.connection) == [0, 1, 2])
        #expect(server.requests.allSatisfy { $0.body == [1, 2, 3] })
    }

    @Test("a request that waits holds up no other")
    func together() async throws {
        let server = ScriptedServer { request in request.line.contains("/slow") ? [.hold] : [.answer("200 OK", "quick")]
        }
        let slow = Task { [client] in try await client.send(HTTPRequest("GET", server.url + "/slow")) }
        for _ in 0..<20 {
            #expect(try await client.send(HTTPRequest("GET", server.url + "/quick")).body == Array("quick".utf8))
        }
        slow.cancel()
        await #expect(throws: HTTPError.self) { try await slow.value }
    }

    @Test("a hundred requests at once each get their own answer")
    func many() async throws {
        let server = ScriptedServer { request in [.answer("200 OK", request.line)] }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask { [client] in
                    let response = try await client.send(HTTPRequest("GET", server.url + "/\(number)"))
                    return response.body == Array("GET /\(number) HTTP/1.1".utf8)
                }
            }
            for try await isOwn in group { #expect(isOwn) }
        }
    }
}
