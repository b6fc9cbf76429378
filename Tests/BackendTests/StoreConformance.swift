import Jobs
import Testing

@Suite("every object store")
struct StoreConformance {
    /// Not compressible to a pattern that a wrong offset would hide.
    static func bytes(_ count: Int) -> [UInt8] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state)
        }
    }

    @Test(
        "what is uploaded is downloaded again, byte for byte", arguments: Backend.available, [0, 1, 1 << 20, 3_000_007])
    func roundTrip(_ backend: Backend, _ count: Int) async throws {
        let bench = try await StoreBench(backend)
        let bytes = Self.bytes(count)
        let file = try bench.scratch.write(bytes, to: "source")
        try await bench.store.upload(
            file, to: bench.uri("out/deep/file.parquet"), contentType: "application/octet-stream")
        let arrival = try await bench.arrival("out/deep/file.parquet")
        #expect(arrival.size == Int64(count))
        let facts = try await bench.store.download(arrival, to: bench.scratch("copy"))
        #expect(facts == ObjectFacts(size: Int64(count), etag: arrival.etag, version: arrival.version))
        #expect(try bench.scratch.read("copy") == bytes)
        #expect(try bench.scratch.names() == ["copy", "source"])
    }

    @Test("an upload replaces what was there", arguments: Backend.available)
    func overwrites(_ backend: Backend) async throws {
        let bench = try await StoreBench(backend)
        try await bench.put([1, 2, 3, 4], "file")
        let source = try bench.scratch.write([9], to: "source")
        try await bench.store.upload(source, to: bench.uri("file"), contentType: "text/csv")
        _ = try await bench.store.download(try await bench.arrival("file"), to: bench.scratch("copy"))
        #expect(try bench.scratch.read("copy") == [9])
    }

    @Test("a download replaces what an earlier attempt left", arguments: Backend.available)
    func replacesLeftovers(_ backend: Backend) async throws {
        let bench = try await StoreBench(backend)
        try await bench.put([1, 2], "file")
        try bench.scratch.write([7, 7, 7, 7], to: "copy")
        _ = try await bench.store.download(try await bench.arrival("file"), to: bench.scratch("copy"))
        #expect(try bench.scratch.read("copy") == [1, 2])
    }

    @Test(
        "keys may hold any character", arguments: Backend.available,
        [
            "a b/c  d.csv", "März/é+ñ.csv", "100%.csv", "a%2Fb%20c.csv", "a+b.csv", "it's \"quoted\".csv",
            "semi;comma,colon:.csv",
            "a&b=c?d#e.csv", "日本語/🚢.csv", "~$@!*(){}[]|^`<>\\.csv", "..dots../...csv",
        ])
    func awkwardKeys(_ backend: Backend, _ key: String) async throws {
        let bench = try await StoreBench(backend)
        try await bench.put(Array(key.utf8), key)
        _ = try await bench.store.download(try await bench.arrival(key), to: bench.scratch("copy"))
        #expect(try bench.scratch.read("copy") == Array(key.utf8))
        try await bench.store.upload(bench.scratch("copy"), to: bench.uri("out/" + key), contentType: "text/csv")
        #expect(try await bench.store.describe(bench.uri("out/" + key)).size == Int64(key.utf8.count))
    }

    @Test("what is not there is input.not_found, and no file appears", arguments: Backend.available)
    func missing(_ backend: Backend) async throws {
        let bench = try await StoreBench(backend)
        let uri = bench.uri("no/such file.csv")
        let arrivals = [
            Arrival(bucket: "any", key: "k", source: uri), Arrival(bucket: "any", key: "k", etag: "abc", source: uri),
        ]
        await Self.expectFailure("input.not_found") { _ = try await bench.store.describe(uri) }
        for arrival in arrivals {
            await Self.expectFailure("input.not_found") {
                _ = try await bench.store.download(arrival, to: bench.scratch("copy"))
            }
        }
        #expect(try bench.scratch.names() == [])
    }

    @Test("a version that was overwritten is input.version_gone, and no file appears", arguments: Backend.available)
    func versionGone(_ backend: Backend) async throws {
        let bench = try await StoreBench(backend)
        try await bench.put([1, 2, 3], "file.csv")
        let old = try await bench.arrival("file.csv")
        try await bench.put([4, 5, 6, 7], "file.csv")
        await Self.expectFailure("input.version_gone") {
            _ = try await bench.store.download(old, to: bench.scratch("copy"))
        }
        #expect(try bench.scratch.names() == [])
        _ = try await bench.store.download(try await bench.arrival("file.csv"), to: bench.scratch("copy"))
        #expect(try bench.scratch.read("copy") == [4, 5, 6, 7])
    }

    @Test("an arrival without version and etag is what is there", arguments: Backend.available)
    func unpinned(_ backend: Backend) async throws {
        let bench = try await StoreBench(backend)
        try await bench.put([1], "file.csv")
        let arrival = Arrival(bucket: "any", key: "file.csv", source: bench.uri("file.csv"))
        #expect(try await bench.store.download(arrival, to: bench.scratch("copy")).size == 1)
    }

    @Test(
        "a URI of another kind is refused by its code", arguments: Backend.available,
        ["ftp://a/b", "nothing", "s3://", "file://"])
    func badURIs(_ backend: Backend, _ uri: String) async throws {
        let bench = try await StoreBench(backend)
        let source = try bench.scratch.write([1], to: "source")
        await Self.expectFailure("input.bad_uri") { _ = try await bench.store.describe(uri) }
        await Self.expectFailure("input.bad_uri") {
            _ = try await bench.store.download(Arrival(bucket: "b", key: "k", source: uri), to: bench.scratch("copy"))
        }
        await Self.expectFailure("output.bad_uri") {
            try await bench.store.upload(source, to: uri, contentType: "text/csv")
        }
    }

    static func expectFailure(
        _ code: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
    ) async {
        do {
            try await body()
            Issue.record("expected \(code), found no error", sourceLocation: sourceLocation)
        } catch {
            #expect((error as? Failure)?.code == code, "\(error)", sourceLocation: sourceLocation)
        }
    }
}
