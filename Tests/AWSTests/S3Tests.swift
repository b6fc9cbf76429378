import FoundationEssentials
import Testing

@testable import AWS

@Suite("S3, against an emulator", .enabled(if: Moto.url != nil))
struct S3Tests {
    @Test(
        "an object comes back as it went, whatever its key",
        arguments: [
            "plain.csv", "é ü.csv", "a+b=c.csv", "a*b'(1)&@$,;:!.csv", "50%.csv", "%20", "a?b#c", "deep/er/file.csv",
            "日本語/データ.csv", "x~y_z-1.csv", "[x]{y}|z^.csv",
        ])
    func roundTrip(key: String) async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        let bytes = Array("the bytes of \(key)".utf8)
        let written = try await client.s3.putObject(
            bucket: bucket, key: key, body: .bytes(bytes), contentType: "text/csv", metadata: ["origin": "test"])
        let head = try await client.s3.headObject(bucket: bucket, key: key)
        #expect(head.size == Int64(bytes.count))
        #expect(head.etag == written.etag)
        #expect(head.etag?.count == 32)
        #expect(head.contentType == "text/csv")
        #expect(head.metadata == ["origin": "test"])
        #expect(head.versionID == nil)
        try await withScratch { folder in
            let path = "\(folder)/object"
            let object = try await client.s3.getObject(
                bucket: bucket, key: key, version: .etag(try #require(written.etag)), to: path, maxBytes: 1000,
                expectedSize: Int64(bytes.count))
            #expect(try readFile(path) == bytes)
            #expect(object.size == Int64(bytes.count))
        }
        let listing = try await client.s3.listObjects(bucket: bucket)
        #expect(listing.entries.map(\.key) == [key])
        #expect(listing.entries.first?.etag == written.etag)
        try await client.s3.deleteObject(bucket: bucket, key: key)
        let error = await awsError { () async throws(AWSError) in
            _ = try await client.s3.headObject(bucket: bucket, key: key)
        }
        #expect(error?.kind == .notFound)
    }

    @Test("the version that was meant is the one that comes")
    func versions() async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket(isVersioned: true)
        let first = try await client.s3.putObject(bucket: bucket, key: "k", body: .bytes(Array("one".utf8)))
        let second = try await client.s3.putObject(bucket: bucket, key: "k", body: .bytes(Array("two!".utf8)))
        let firstID = try #require(first.versionID)
        #expect(firstID != second.versionID)
        let old = try await client.s3.getBytes(bucket: bucket, key: "k", version: .id(firstID), maxBytes: 100)
        #expect(old.bytes == Array("one".utf8))
        #expect(old.object.versionID == firstID)
        let latest = try await client.s3.getBytes(bucket: bucket, key: "k", maxBytes: 100)
        #expect(latest.bytes == Array("two!".utf8))
        try await client.s3.deleteObject(bucket: bucket, key: "k", versionID: firstID)
        let gone = await awsError { () async throws(AWSError) in
            _ = try await client.s3.getBytes(bucket: bucket, key: "k", version: .id(firstID), maxBytes: 100)
        }
        #expect(gone?.kind == .notFound)
    }

    @Test("an object that is not the one meant leaves no file behind")
    func refusals() async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        _ = try await client.s3.putObject(bucket: bucket, key: "k", body: .bytes(Array("1234567890".utf8)))
        let cases: [(S3Version, String, Int64, Int64?, AWSError.Kind)] = [
            (.latest, "absent", 100, nil, .notFound), (.etag("0123"), "k", 100, nil, .preconditionFailed),
            (.latest, "k", 9, nil, .tooLarge), (.latest, "k", 100, 11, .badResponse),
        ]
        try await withScratch { folder in
            for (version, key, maxBytes, expectedSize, kind) in cases {
                let path = "\(folder)/object"
                let error = await awsError { () async throws(AWSError) in
                    _ = try await client.s3.getObject(
                        bucket: bucket, key: key, version: version, to: path, maxBytes: maxBytes,
                        expectedSize: expectedSize)
                }
                #expect(error?.kind == kind)
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }
    }

    @Test("the error for a missing key says what was asked of whom")
    func missing() async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        let error = await awsError { () async throws(AWSError) in
            _ = try await client.s3.getBytes(bucket: bucket, key: "no/such.csv", maxBytes: 10)
        }
        #expect(error?.awsCode == "NoSuchKey")
        #expect(error?.code == "aws.not_found")
        #expect(error?.status == 404)
        #expect(error?.requestID != nil)
        #expect(error?.isTransient == false)
        #expect(
            error?.message.hasPrefix("s3 GetObject on s3://\(bucket)/no/such.csv failed with status 404: NoSuchKey")
                == true)
    }

    @Test("a bucket that is not there is not found")
    func missingBucket() async throws {
        let client = try Moto.client()
        let name = Moto.uniqueName("absent")
        #expect(await awsError { () async throws(AWSError) in try await client.s3.headBucket(name) }?.kind == .notFound)
        let bucket = try await client.makeBucket()
        try await client.s3.headBucket(bucket)
    }

    @Test("a listing goes on where its page ended and groups by the delimiter")
    func listing() async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        let keys = ["a/1 +.csv", "a/2.csv", "b/1.csv", "b/2.csv", "top.csv"]
        for key in keys { _ = try await client.s3.putObject(bucket: bucket, key: key, body: .bytes([1])) }
        var found: [String] = []
        var token: String?
        repeat {
            let page = try await client.s3.listObjects(bucket: bucket, token: token, maxKeys: 2)
            #expect(page.entries.count <= 2)
            found += page.entries.map(\.key)
            token = page.nextToken
        } while token != nil
        #expect(found == keys)
        let grouped = try await client.s3.listObjects(bucket: bucket, delimiter: "/")
        #expect(grouped.commonPrefixes == ["a/", "b/"])
        #expect(grouped.entries.map(\.key) == ["top.csv"])
        #expect(
            try await client.s3.listObjects(bucket: bucket, prefix: "b/", startAfter: "b/1.csv").entries.map(\.key) == [
                "b/2.csv"
            ])
    }

    @Test("only the first of two writers gets a key that must be new")
    func onlyIfAbsent() async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        _ = try await client.s3.putObject(bucket: bucket, key: "k", body: .bytes([1]), onlyIfAbsent: true)
        let error = await awsError { () async throws(AWSError) in
            _ = try await client.s3.putObject(bucket: bucket, key: "k", body: .bytes([2]), onlyIfAbsent: true)
        }
        #expect(error?.kind == .preconditionFailed)
    }

    @Test("a file goes up and an empty one too")
    func files() async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        try await withScratch { folder in
            for (name, bytes) in [("some", [UInt8](repeating: 7, count: 300_000)), ("none", [])] {
                let path = "\(folder)/\(name)"
                try Data(bytes).write(to: URL(filePath: path))
                _ = try await client.s3.putObject(bucket: bucket, key: name, body: .file(path: path))
                #expect(try await client.s3.getBytes(bucket: bucket, key: name, maxBytes: 1 << 20).bytes == bytes)
                let copy = "\(folder)/copy"
                _ = try await client.s3.getObject(bucket: bucket, key: name, to: copy, maxBytes: 1 << 20)
                #expect(try readFile(copy) == bytes)
            }
        }
    }

    @Test("a large file goes up in parts and is the same below")
    func multipart() async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        try await withScratch { folder in
            let path = "\(folder)/large"
            let size = Int(S3.multipartThresholdBytes) + 12_345
            var bytes = [UInt8](repeating: 0, count: size)
            for index in stride(from: 0, to: size, by: 4099) { bytes[index] = UInt8(truncatingIfNeeded: index / 4099) }
            try Data(bytes).write(to: URL(filePath: path))
            let written = try await client.s3.putObject(bucket: bucket, key: "large", body: .file(path: path))
            #expect(written.etag?.hasSuffix("-5") == true)
            let copy = "\(folder)/copy"
            _ = try await client.s3.getObject(
                bucket: bucket, key: "large", to: copy, maxBytes: 1 << 30, expectedSize: Int64(size))
            #expect(try readFile(copy) == bytes)
        }
    }

    @Test("an upload that fails half-way is aborted")
    func abort() async throws {
        let client = try Moto.client()
        let bucket = try await client.makeBucket()
        try await withScratch { folder in
            let path = "\(folder)/shrinking"
            try Data([1, 2, 3]).write(to: URL(filePath: path))
            let error = await awsError { () async throws(AWSError) in
                // the file has fewer bytes than it is said to have
                _ = try await client.s3.putInParts(
                    bucket: bucket, key: "k", path: path, size: 100, headers: [])
            }
            #expect(error?.kind == .file)
        }
        var call = try client.s3.call("ListMultipartUploads", "GET", bucket: bucket)
        call.query = [(name: "uploads", value: "")]
        let uploads = try QueryBody.read(try await client.perform(call), of: call, root: "ListMultipartUploadsResult")
        #expect(uploads.name == "ListMultipartUploadsResult")
        #expect(uploads.all("Upload").isEmpty)
    }
}

/// A folder of its own for a test, gone afterwards.
func withScratch(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/" + Moto.uniqueName("landfall-aws")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    do {
        try await body(folder)
    } catch {
        try? FileManager.default.removeItem(atPath: folder)
        throw error
    }
    try FileManager.default.removeItem(atPath: folder)
}

func readFile(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
}
