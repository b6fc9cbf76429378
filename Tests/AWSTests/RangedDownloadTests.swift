import FoundationEssentials
import Glibc
import HTTP
import SigV4
import Synchronization
import Testing

@testable import AWS

/// A bucket with one object, which answers HEAD and ranged GET and can be told to misbehave.
private final class OneObject: Sendable {
    struct Behaviour: Sendable {
        /// Ranges, by their first byte, that are answered with this status instead.
        var failing: [Int: Int] = [:]
        /// From this request for a range on, the object is another one.
        var changesAfter = Int.max
        var ignoresRanges = false
        /// A bit of this byte arrives turned over.
        var damaged: Int?
        /// Whether the bytes are summed up as they come; else the file is read for it.
        var showsPieces = true
    }

    let bytes: [UInt8]
    let behaviour: Mutex<Behaviour>
    let asked = Mutex<[String]>([])

    init(bytes: [UInt8], _ behaviour: Behaviour = Behaviour()) {
        self.bytes = bytes
        self.behaviour = Mutex(behaviour)
    }

    static let etag = "0123456789abcdef0123456789abcdef-3"

    func client() -> AWSClient {
        let timing = AWSTiming(now: { 1_795_298_400 }, sleep: { _ in }, random: { 0 })
        let keys = SigningCredentials(accessKeyID: "A", secretAccessKey: "s")
        return AWSClient(
            configuration: AWSConfiguration(region: "eu-central-1"),
            credentials: CredentialCache(fixed: AWSCredentials(keys, source: "test")), timing: timing
        ) { [self] (request, destination) async throws(HTTPError) in
            respond(to: request, destination)
        }
    }

    private func respond(to request: HTTPRequest, _ destination: AWSCall.Destination?) -> HTTPResponse {
        let range = request.headers.first { $0.name == "Range" }?.value
        let number = asked.withLock { asked in
            asked.append("\(request.method) \(range ?? "all")")
            return asked.count { $0.hasPrefix("GET") }
        }
        let behaviour = behaviour.withLock { $0 }
        var headers = [
            (name: "etag", value: "\"\(Self.etag)\""),
            (
                name: "x-amz-checksum-crc64nvme",
                value: JSONBody.base64(AWS.bytes(of: bytes.withUnsafeBytes { CRC.crc64nvme.extended(0, by: $0) }, width: 64))
            ),
            (name: "x-amz-checksum-type", value: "FULL_OBJECT"),
        ]
        guard request.method == "GET" else {
            headers.append((name: "content-length", value: String(bytes.count)))
            return HTTPResponse(status: 200, headers: HTTPHeaders(headers))
        }
        if number > behaviour.changesAfter { return HTTPResponse(status: 412) }
        let bounds = (range ?? "bytes=0-\(bytes.count - 1)").dropFirst(6).split(separator: "-").compactMap { Int($0) }
        let (first, last) = (bounds[0], bounds[1])
        if let status = behaviour.failing[first] { return HTTPResponse(status: status) }
        var piece = Array(bytes[first...last])
        if let damaged = behaviour.damaged, (first...last).contains(damaged) { piece[damaged - first] ^= 1 }
        if let destination { pwrite(destination.descriptor, piece, piece.count, off_t(destination.offset ?? 0)) }
        let half = piece.count / 2
        for part in [0..<half, half..<piece.count] where behaviour.showsPieces {
            piece[part].withUnsafeBytes { destination?.checksum?.take(HTTPHeaders(headers), $0, Int64(part.lowerBound)) }
        }
        let isRanged = range != nil && !behaviour.ignoresRanges
        if isRanged { headers.append((name: "content-range", value: "bytes \(first)-\(last)/\(bytes.count)")) }
        headers.append((name: "content-length", value: String(piece.count)))
        return HTTPResponse(
            status: isRanged ? 206 : 200, headers: HTTPHeaders(headers), bytesWritten: Int64(piece.count))
    }

    func download(to path: String, expectedSize: Int64? = nil) async -> AWSError? {
        await awsError { () async throws(AWSError) in
            _ = try await client().s3.getObject(bucket: "bucket", key: "k", to: path, maxBytes: 1 << 30, expectedSize: expectedSize)
        }
    }

    /// What has been asked for since the last time, in order.
    func news() -> [String] {
        asked.withLock { asked in
            defer { asked = [] }
            return asked.sorted()
        }
    }
}

struct RangedDownloadTests {
    private static let large: [UInt8] = {
        var bytes = [UInt8](repeating: 0, count: (40 << 20) + 77)
        for index in stride(from: 0, to: bytes.count, by: 1021) { bytes[index] = UInt8(truncatingIfNeeded: index / 1021) }
        return bytes
    }()
    private static let ranges = ["GET bytes=0-16777215", "GET bytes=16777216-33554431", "GET bytes=33554432-41943116"]

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
    }

    @Test("a large object comes in ranges that make it whole")
    func whole() async throws {
        let object = OneObject(bytes: Self.large)
        try await withScratch { (folder: String) async throws in
            #expect(await object.download(to: "\(folder)/o") == nil)
            #expect(try readFile("\(folder)/o") == Self.large)
            #expect(object.news() == Self.ranges + ["HEAD all"])
            #expect(try names(in: folder) == ["o"])
        }
    }

    @Test("a download whose bytes were not summed up as they came is read for it")
    func unwatched() async throws {
        let object = OneObject(bytes: Self.large, .init(showsPieces: false))
        try await withScratch { (folder: String) async throws in
            #expect(await object.download(to: "\(folder)/o") == nil)
            #expect(try readFile("\(folder)/o") == Self.large)
        }
    }

    @Test("a small object whose size is known comes by one request, and with no other size")
    func oneRequest() async throws {
        let object = OneObject(bytes: Array("small".utf8))
        try await withScratch { (folder: String) async throws in
            #expect(await object.download(to: "\(folder)/o", expectedSize: 5) == nil)
            #expect(object.news() == ["GET all"])
            #expect(await object.download(to: "\(folder)/p", expectedSize: 4)?.kind == .badResponse)
            #expect(try names(in: folder) == ["o"])
        }
    }

    @Test("a small object comes in one piece")
    func small() async throws {
        let object = OneObject(bytes: Array("small".utf8))
        try await withScratch { (folder: String) async throws in
            #expect(await object.download(to: "\(folder)/o") == nil)
            #expect(object.news() == ["GET all", "HEAD all"])
            #expect(try readFile("\(folder)/o") == Array("small".utf8))
        }
    }

    @Test("a download that broke off goes on with the ranges that are missing")
    func resumed() async throws {
        let object = OneObject(bytes: Self.large, .init(failing: [16_777_216: 500]))
        try await withScratch { (folder: String) async throws in
            let path = "\(folder)/o"
            let first = await object.download(to: path)
            #expect(first?.kind == .unavailable)
            #expect(!FileManager.default.fileExists(atPath: path))
            let journal = String(decoding: try readFile("\(path).ranges"), as: UTF8.self)
            #expect(journal.hasPrefix("landfall-ranges 1 \(Self.large.count) 16777216 \(OneObject.etag) -\n"))
            // as a kill may leave it, in the middle of a line
            try Data((journal.prefix { $0 != "\n" } + "\n0\n2").utf8).write(to: URL(filePath: "\(path).ranges"))
            _ = object.news()
            object.behaviour.withLock { $0.failing = [:] }
            #expect(await object.download(to: path) == nil)
            #expect(object.news() == Array(Self.ranges[1...]) + ["HEAD all"])
            #expect(try readFile(path) == Self.large)
            #expect(try names(in: folder) == ["o"])
        }
    }

    @Test("what an earlier download left of another object is not used")
    func otherObject() async throws {
        let object = OneObject(bytes: Self.large)
        try await withScratch { (folder: String) async throws in
            let path = "\(folder)/o"
            try Data([UInt8](repeating: 9, count: Self.large.count)).write(to: URL(filePath: "\(path).partial"))
            try Data("landfall-ranges 1 \(Self.large.count) 16777216 other -\n0\n1\n2\n".utf8).write(
                to: URL(filePath: "\(path).ranges"))
            #expect(await object.download(to: path) == nil)
            #expect(try readFile(path) == Self.large)
        }
    }

    @Test("damage that an earlier download left is found by the checksum, and the next one starts afresh")
    func damagedRemains() async throws {
        let object = OneObject(bytes: Self.large)
        try await withScratch { (folder: String) async throws in
            let path = "\(folder)/o"
            try Data([UInt8](repeating: 9, count: Self.large.count)).write(to: URL(filePath: "\(path).partial"))
            try Data("landfall-ranges 1 \(Self.large.count) 16777216 \(OneObject.etag) -\n0\n".utf8).write(
                to: URL(filePath: "\(path).ranges"))
            let error = await object.download(to: path)
            #expect(error?.kind == .badResponse)
            #expect(error?.isTransient == true)
            #expect(try names(in: folder) == [])
            #expect(await object.download(to: path) == nil)
            #expect(try readFile(path) == Self.large)
        }
    }

    @Test("an object that changes between two ranges is refused")
    func changed() async throws {
        let object = OneObject(bytes: Self.large, .init(changesAfter: 1))
        try await withScratch { (folder: String) async throws in
            #expect(await object.download(to: "\(folder)/o")?.kind == .preconditionFailed)
            #expect(try names(in: folder) == [])
        }
    }

    @Test("a server that does not know ranges is refused")
    func noRanges() async throws {
        let object = OneObject(bytes: Self.large, .init(ignoresRanges: true))
        try await withScratch { (folder: String) async throws in
            let error = await object.download(to: "\(folder)/o")
            #expect(error?.kind == .badResponse)
            #expect(error?.message.contains("got no range") == true)
        }
    }

    @Test(
        "a bit that turned over on the way is found, in one piece or in ranges, while it arrives or afterwards",
        arguments: [5, 39 << 20], [true, false])
    func damaged(place: Int, showsPieces: Bool) async throws {
        let bytes = place == 5 ? Array("some bytes".utf8) : Self.large
        let object = OneObject(bytes: bytes, .init(damaged: place, showsPieces: showsPieces))
        try await withScratch { (folder: String) async throws in
            let error = await object.download(to: "\(folder)/o")
            #expect(error?.kind == .badResponse)
            #expect(error?.message.contains("do not add up: its CRC64NVME is") == true)
            #expect(try names(in: folder) == [])
        }
    }
}
