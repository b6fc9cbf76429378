import FaultServer
import FoundationEssentials
import HTTP
import Synchronization
import Testing

@testable import AWS

/// An object of 40 MiB behind real sockets, of which every third answer fails in another way.
final class FaultyObject: Sendable {
    static let bytes: [UInt8] = {
        var bytes = [UInt8](repeating: 0, count: (40 << 20) + 77)
        for index in stride(from: 0, to: bytes.count, by: 509) { bytes[index] = UInt8(truncatingIfNeeded: index / 509) }
        return bytes
    }()
    static let etag = "0123456789abcdef0123456789abcdef-3"
    private static let checksum = JSONBody.base64(
        AWS.bytes(of: bytes.withUnsafeBytes { CRC.crc64nvme.extended(0, by: $0) }, width: 64))

    private let gets = Mutex(0)
    /// From the n-th answer to a range on, how it fails; nil for a good one.
    private let fault: @Sendable (Int) -> Fault?

    enum Fault: CaseIterable, Sendable {
        case reset, resetWithin, truncated, slowDown, wholeObject, tooLong
    }

    init(_ fault: @escaping @Sendable (Int) -> Fault?) {
        self.fault = fault
    }

    func answer(_ request: ScriptedServer.Request) -> [ScriptedServer.Step] {
        let facts = ["ETag: \"\(Self.etag)\"", "x-amz-checksum-crc64nvme: \(Self.checksum)"]
        guard let range = request.header("Range") else {
            return [.head("Content-Length: \(Self.bytes.count)", facts[0], facts[1])]
        }
        let number = gets.withLock { count in
            count += 1
            return count
        }
        let bounds = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
        let piece = Array(Self.bytes[bounds[0]...bounds[1]])
        let head: (String) -> ScriptedServer.Step = { length in
            .text(
                "HTTP/1.1 206 Partial Content\r\nContent-Length: \(length)\r\n\(facts[0])\r\n"
                    + "Content-Range: bytes \(bounds[0])-\(bounds[1])/\(Self.bytes.count)\r\n\r\n")
        }
        switch fault(number) {
        case nil: return [head("\(piece.count)"), .send(piece)]
        case .reset: return [.reset]
        case .resetWithin: return [head("\(piece.count)"), .send(Array(piece.prefix(3_000_000))), .reset]
        case .truncated: return [head("\(piece.count)"), .send(Array(piece.prefix(piece.count - 1))), .close]
        case .slowDown: return [.s3Error("503 Slow Down", "SlowDown")]
        case .wholeObject: return [.head("Content-Length: \(Self.bytes.count)", facts[0]), .send(Self.bytes), .close]
        case .tooLong: return [head("\(piece.count + 5)"), .send(piece + [1, 2, 3, 4, 5])]
        }
    }

    func download(to path: String) async throws -> (error: AWSError?, requests: Int) {
        let here = try OnSockets(ScriptedServer { [self] in answer($0) }, maxAttempts: 4)
        let error = await awsError { () async throws(AWSError) in
            _ = try await here.client.s3.getObject(
                bucket: "bucket", key: "k", to: path, maxBytes: 1 << 30, expectedSize: Int64(Self.bytes.count))
        }
        return (error, here.server.requests.count)
    }
}

struct FaultyDownloadTests {
    private static let passing: [FaultyObject.Fault] = [.reset, .resetWithin, .truncated, .slowDown]

    @Test("ranges that break off come again, and the file and its sum are right")
    func ranges() async throws {
        let object = FaultyObject { number in number % 3 == 1 ? Self.passing[number / 3 % Self.passing.count] : nil }
        try await withScratch { folder in
            let result = try await object.download(to: "\(folder)/o")
            #expect(result.error == nil)
            #expect(result.requests > 4)
            #expect(try readFile("\(folder)/o") == FaultyObject.bytes)
        }
    }

    @Test("an answer of other bytes than were asked for is refused", arguments: [FaultyObject.Fault.wholeObject, .tooLong])
    func otherBytes(fault: FaultyObject.Fault) async throws {
        let object = FaultyObject { $0 == 1 ? fault : nil }
        try await withScratch { folder in
            let error = try await object.download(to: "\(folder)/o").error
            #expect(error?.kind == .tooLarge || error?.kind == .badResponse)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/o"))
        }
    }

    @Test("a download that gave up goes on over new connections, and fetches only what is missing")
    func resumed() async throws {
        let isBroken = Mutex(true)
        let object = FaultyObject { number in isBroken.withLock { $0 } && number > 1 ? .resetWithin : nil }
        try await withScratch { folder in
            let first = try await object.download(to: "\(folder)/o")
            #expect(first.error?.kind == .connection)
            // the title, and a line for each range that was complete before the others were given up
            let journal = String(decoding: try readFile("\(folder)/o.ranges"), as: UTF8.self)
            let complete = journal.split(separator: "\n").count - 1
            isBroken.withLock { $0 = false }
            let second = try await object.download(to: "\(folder)/o")
            #expect(second.error == nil)
            #expect(second.requests == 1 + 3 - complete)
            #expect(try readFile("\(folder)/o") == FaultyObject.bytes)
        }
    }
}
