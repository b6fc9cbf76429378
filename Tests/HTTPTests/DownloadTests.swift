import FaultServer
import FoundationEssentials
import Glibc
import HTTP
import Testing

struct DownloadTests {
    let client = HTTPClient()

    /// An open file that is gone with the test.
    private func withFile(_ body: (Int32, () throws -> [UInt8]) async throws -> Void) async throws {
        var name = Array("/tmp/landfall-http-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            close(descriptor)
            unlink(path)
        }
        try await body(descriptor) { Array(try Data(contentsOf: URL(filePath: path))) }
    }

    @Test("a body goes to the file at its offset")
    func offset() async throws {
        let server = ScriptedServer { _ in [.answer("206 Partial Content", "world")] }
        try await withFile { descriptor, read in
            let response = try await client.download(HTTPRequest("GET", server.url), to: descriptor, at: 3, maxBytes: 5)
            #expect(response.bytesWritten == 5)
            #expect(response.body.isEmpty)
            #expect(try read() == [0, 0, 0] + Array("world".utf8))
        }
    }

    @Test("a large body is whole")
    func large() async throws {
        let text = String(repeating: "0123456789abcdef", count: 500_000)
        let server = ScriptedServer { _ in [.answer("200 OK", text)] }
        try await withFile { descriptor, read in
            _ = try await client.download(HTTPRequest("GET", server.url), to: descriptor, maxBytes: 1 << 30)
            #expect(try read() == Array(text.utf8))
        }
    }

    @Test("the body of a refusal is kept from the file")
    func refusal() async throws {
        let server = ScriptedServer { _ in [.answer("404 Not Found", "<Error/>")] }
        try await withFile { descriptor, read in
            let response = try await client.download(HTTPRequest("GET", server.url), to: descriptor, maxBytes: 1)
            #expect(response.status == 404)
            #expect(response.body == Array("<Error/>".utf8))
            #expect(try read().isEmpty)
        }
    }

    @Test("more bytes than allowed end the download")
    func tooLarge() async throws {
        let server = ScriptedServer { _ in [.answer("200 OK", "123456")] }
        try await withFile { descriptor, _ in
            let error = await httpError { () async throws(HTTPError) in
                _ = try await client.download(HTTPRequest("GET", server.url), to: descriptor, maxBytes: 5)
            }
            #expect(error?.code == "http.too_large")
            #expect(error?.isTransient == false)
        }
    }
}

func httpError(_ operation: () async throws(HTTPError) -> Void) async -> HTTPError? {
    do throws(HTTPError) {
        try await operation()
        return nil
    } catch {
        return error
    }
}
