import FaultServer
import FoundationEssentials
import HTTP
import SigV4
import Synchronization
import Testing

@testable import AWS

/// A bucket of one key, which takes writes and then loses its answers.
private final class ForgetfulBucket: Sendable {
    struct Object: Sendable {
        var size = 0
        var etag = ""
        var checksum: String?
        var mark: String?
    }
    struct State: Sendable {
        var object: Object?
        var mark: String?
        var part: [UInt8] = []
        var hasUpload = false
        /// How many answers to writes are still to be lost.
        var losing = 1
    }

    let state: Mutex<State>

    init(_ state: State = State()) {
        self.state = Mutex(state)
    }

    func answer(_ request: ScriptedServer.Request) -> [ScriptedServer.Step] {
        state.withLock { state in
            let mark = request.header("x-amz-meta-landfall-write")
            let isConditional = request.header("If-None-Match") == "*"
            switch request.line.split(separator: " ")[0] {
            case "HEAD":
                guard let object = state.object else { return [.s3Error("404 Not Found", "NoSuchKey")] }
                var lines = ["Content-Length: \(object.size)", "ETag: \"\(object.etag)\"", "x-amz-version-id: v1"]
                if let checksum = object.checksum { lines.append("x-amz-checksum-crc64nvme: \(checksum)") }
                if let mark = object.mark { lines.append("x-amz-meta-landfall-write: \(mark)") }
                return [.text((["HTTP/1.1 200 OK"] + lines).joined(separator: "\r\n") + "\r\n\r\n")]
            case "POST" where request.line.contains("?uploads="):
                (state.hasUpload, state.mark) = (true, mark)
                return [.answer("200 OK", "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")]
            case "PUT" where request.line.contains("partNumber=1&uploadId=u"):
                state.part = request.body
                return [.answer("200 OK", headers: ["ETag: \"\(Self.md5(request.body))\""])]
            case "POST":
                guard state.hasUpload else { return [.s3Error("404 Not Found", "NoSuchUpload")] }
                if isConditional, state.object != nil { return [.s3Error("412 Precondition Failed", "PreconditionFailed")] }
                state.hasUpload = false
                state.object = Object(
                    size: state.part.count, etag: S3Trace.etag(ofParts: [Self.md5(state.part)]) ?? "",
                    checksum: request.header("x-amz-checksum-crc64nvme"), mark: state.mark)
                return written(&state, "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>")
            case "PUT":
                if isConditional, state.object != nil { return [.s3Error("412 Precondition Failed", "PreconditionFailed")] }
                state.object = Object(size: request.body.count, etag: Self.md5(request.body), mark: mark)
                return written(&state, "")
            default: return [.answer("200 OK", "<ListMultipartUploadsResult/>")]
            }
        }
    }

    private func written(_ state: inout State, _ body: String) -> [ScriptedServer.Step] {
        if state.losing > 0 {
            state.losing -= 1
            return [.reset]
        }
        return [.answer("200 OK", headers: ["ETag: \"\(state.object?.etag ?? "")\""], body)]
    }

    private static func md5(_ bytes: [UInt8]) -> String {
        guard let hasher = MD5() else { return "" }
        bytes.withUnsafeBytes { hasher.update($0) }
        return Hexadecimal.encode(hasher.finalize())
    }
}

struct LostAnswerTests {
    private static let bytes = Array("some bytes of an object".utf8)

    private func upload(
        _ bucket: ForgetfulBucket, mark: String? = nil
    ) async throws -> (error: AWSError?, written: S3Written?, lines: [String]) {
        let here = try OnSockets(ScriptedServer { bucket.answer($0) })
        var written: S3Written?
        var error: AWSError?
        try await withScratch { folder in
            try Data(Self.bytes).write(to: URL(filePath: "\(folder)/up"))
            error = await awsError { () async throws(AWSError) in
                let headers = mark.map { [(name: "x-amz-meta-landfall-write", value: $0)] } ?? []
                written = try await here.client.s3.putInParts(
                    bucket: "bucket", key: "k", path: "\(folder)/up", size: Int64(Self.bytes.count), headers: headers,
                    mark: mark)
            }
        }
        return (error, written, here.lines)
    }

    @Test("an upload in parts that was completed, but whose answer was lost, has succeeded")
    func completed() async throws {
        let result = try await upload(ForgetfulBucket())
        #expect(result.error == nil)
        #expect(result.written?.versionID == "v1")
        #expect(result.written?.etag?.hasSuffix("-1") == true)
        #expect(result.lines.suffix(3) == ["POST /bucket/k?uploadId=u", "POST /bucket/k?uploadId=u", "HEAD /bucket/k"])
    }

    @Test("an upload that is gone without its object being there has failed")
    func aborted() async throws {
        // completes, loses its answer, and the object is another's by then
        let bucket = ForgetfulBucket()
        let here = try OnSockets(
            ScriptedServer { request in
                if request.line.hasPrefix("HEAD") {
                    bucket.state.withLock { $0.object = .init(size: Self.bytes.count, etag: "another") }
                }
                return bucket.answer(request)
            })
        try await withScratch { folder in
            try Data(Self.bytes).write(to: URL(filePath: "\(folder)/up"))
            let error = await awsError { () async throws(AWSError) in
                _ = try await here.client.s3.putInParts(
                    bucket: "bucket", key: "k", path: "\(folder)/up", size: Int64(Self.bytes.count), headers: [])
            }
            #expect(error?.awsCode == "NoSuchUpload")
        }
    }

    @Test("an upload that must be the first knows itself again by its mark, and nobody else's")
    func marked() async throws {
        let own = try await upload(ForgetfulBucket(), mark: "m1")
        #expect(own.error == nil)
        let theirs = ForgetfulBucket.Object(size: Self.bytes.count, etag: "e", mark: "m2")
        let other = try await upload(ForgetfulBucket(.init(object: theirs)), mark: "m1")
        #expect(other.error?.kind == .preconditionFailed)
    }

    @Test("a put that must be the first succeeds if it was itself that came before, and only then")
    func conditional() async throws {
        let bucket = ForgetfulBucket()
        let here = try OnSockets(ScriptedServer { bucket.answer($0) })
        let written = try await here.client.s3.putObject(
            bucket: "bucket", key: "k", body: .bytes(Self.bytes), onlyIfAbsent: true)
        #expect(written.versionID == "v1")
        #expect(here.lines == ["PUT /bucket/k", "PUT /bucket/k", "HEAD /bucket/k"])
        bucket.state.withLock { $0.object?.mark = "another" }
        let error = await awsError { () async throws(AWSError) in
            _ = try await here.client.s3.putObject(bucket: "bucket", key: "k", body: .bytes(Self.bytes), onlyIfAbsent: true)
        }
        #expect(error?.kind == .preconditionFailed)
    }

    @Test("the ETag of parts is the MD5 of their MD5s, where they are MD5")
    func etags() {
        let parts = ["\"5d41402abc4b2a76b9719d911017c592\"", "7d793037a0760186574b0282f2f435e7"]
        #expect(S3Trace.etag(ofParts: parts) == "065947336a2f2a95ba8899f3675c3be6-2")
        #expect(S3Trace.etag(ofParts: parts + ["not-md5"]) == nil)
    }
}
