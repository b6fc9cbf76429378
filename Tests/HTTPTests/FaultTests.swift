import FaultServer
import HTTP
import Testing

struct FaultTests {
    let client = HTTPClient()

    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let steps: [ScriptedServer.Step]
        let code: String
        var limits = HTTPLimits()
        var testDescription: String { name }
    }

    private static let impatient = {
        var limits = HTTPLimits(firstByte: .milliseconds(50))
        limits.stallWindow = .milliseconds(50)
        return limits
    }()

    static let faults = [
        Fault(name: "reset before an answer", steps: [.reset], code: "http.connection_lost"),
        Fault(name: "closed before an answer", steps: [.close], code: "http.connection_lost"),
        Fault(
            name: "closed within the body",
            steps: [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), .close],
            code: "http.truncated"),
        Fault(
            name: "closed within chunks",
            steps: [.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345"), .close],
            code: "http.truncated"),
        Fault(name: "not HTTP", steps: [.text("SSH-2.0-OpenSSH_9.2\r\n\r\n"), .close], code: "http.bad_answer"),
        Fault(
            name: "endless headers",
            steps: [.text("HTTP/1.1 200 OK\r\n" + String(repeating: "X-Y: 0123456789\r\n", count: 20_000)), .hold],
            code: "http.bad_answer"),
        Fault(name: "no answer", steps: [.hold], code: "http.first_byte_timeout", limits: impatient),
        Fault(
            name: "no end", steps: [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), .hold],
            code: "http.stalled",
            limits: impatient),
        Fault(
            name: "no end in time", steps: [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), .hold],
            code: "http.timeout", limits: HTTPLimits(firstByte: .seconds(30), whole: .milliseconds(50))),
    ]

    @Test("a fault of the server has its code and may be tried again", arguments: faults)
    func fault(fault: Fault) async {
        let server = ScriptedServer { _ in fault.steps }
        let error = await httpError { () async throws(HTTPError) in
            _ = try await client.send(HTTPRequest("GET", server.url + "/p?secret=1", limits: fault.limits))
        }
        #expect(error?.code == fault.code)
        #expect(error?.isTransient == true)
        #expect(error?.isTimeout == (fault.code.contains("timeout") || fault.code == "http.stalled"))
        #expect(error?.message.hasPrefix("GET \(server.url)/p:") == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test("a port where nobody listens refuses the connection")
    func refused() async {
        let port = ScriptedServer { _ in [] }.port
        let error = await httpError { () async throws(HTTPError) in
            _ = try await client.send(HTTPRequest("GET", "http://127.0.0.1:\(port)/"))
        }
        #expect(error?.code == "http.connect_failed")
        #expect(error?.isTransient == true)
    }

    @Test("a connection that nobody accepts has its own deadline")
    func unaccepted() async throws {
        let listener = try #require(FullListener())
        var limits = HTTPLimits(firstByte: .seconds(30))
        limits.connect = .milliseconds(300)
        let error = await httpError { () async throws(HTTPError) in
            _ = try await client.send(HTTPRequest("GET", listener.url, limits: limits))
        }
        #expect(error?.code == "http.connect_timeout")
        #expect(error?.isTransient == true)
        #expect(error?.isTimeout == true)
    }

    @Test("a body larger than its limit is not kept")
    func tooLarge() async {
        let server = ScriptedServer { _ in [.answer("200 OK", "12345")] }
        let error = await httpError { () async throws(HTTPError) in
            _ = try await client.send(
                HTTPRequest("GET", server.url, limits: HTTPLimits(firstByte: .seconds(30), maxBodyBytes: 4)))
        }
        #expect(error?.code == "http.too_large")
    }

    @Test(
        "a request that could be taken for another one is not sent",
        arguments: [
            HTTPRequest("GET", "http://127.0.0.1/", headers: [(name: "X", value: "a\r\nY: b")]),
            HTTPRequest("GET", "http://127.0.0.1/", headers: [(name: "X\nY", value: "a")]),
            HTTPRequest("GET", "http://127.0.0.1/", headers: [(name: "", value: "a")]),
            HTTPRequest("GE T", "http://127.0.0.1/"), HTTPRequest("GET", "http://127.0.0.1/a b"),
            HTTPRequest("GET", "file:///etc/passwd"), HTTPRequest("GET", "http://127.0.0.1/\n"),
        ])
    func defects(request: HTTPRequest) async {
        let error = await httpError { () async throws(HTTPError) in _ = try await client.send(request) }
        #expect(error?.code == "http.bad_request")
    }

    @Test("a file that is not there cannot be sent")
    func missingFile() async {
        let error = await httpError { () async throws(HTTPError) in
            _ = try await client.send(
                HTTPRequest("PUT", "http://127.0.0.1/", body: .file(path: "/nonexistent/file", range: nil)))
        }
        #expect(error?.code == "http.file_read")
        #expect(error?.message.contains("/nonexistent/file") == true)
    }

    @Test("cancellation lets go of a request on its way")
    func cancelledUnderWay() async {
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let server = ScriptedServer { _ in
            signal.yield()
            return [.hold]
        }
        let task = Task { [client] in
            await httpError { () async throws(HTTPError) in _ = try await client.send(HTTPRequest("GET", server.url)) }
        }
        for await _ in began { break }
        task.cancel()
        #expect(await task.value?.code == "http.cancelled")
    }

    @Test("a request of a task that was cancelled before is not sent")
    func cancelledBefore() async {
        let server = ScriptedServer { _ in [.answer()] }
        let task = Task { [client] in
            withUnsafeCurrentTask { $0?.cancel() }
            return await httpError { () async throws(HTTPError) in
                _ = try await client.send(HTTPRequest("GET", server.url))
            }
        }
        #expect(await task.value?.code == "http.cancelled")
        #expect(server.requests.isEmpty)
    }

    @Test("clients come and go")
    func lifetimes() async throws {
        let server = ScriptedServer { _ in [.answer("200 OK", "x")] }
        for _ in 0..<20 { #expect(try await HTTPClient().send(HTTPRequest("GET", server.url)).status == 200) }
    }
}
