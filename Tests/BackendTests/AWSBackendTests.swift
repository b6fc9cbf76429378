import AWS
import Jobs
import Testing

@testable import AWSBackend

@Suite("objects in S3")
struct S3StoreTests {
    @Test("a versioned bucket still gives the version that arrived", .enabled(if: Moto.isAvailable, Moto.missing))
    func versioned() async throws {
        let moto = try Moto.required()
        let bucket = try await moto.makeBucket(versioned: true)
        let scratch = try TemporaryFolder()
        let s3 = moto.client.s3
        let old = try await s3.putObject(bucket: bucket, key: "a.csv", body: .bytes([1]))
        let new = try await s3.putObject(bucket: bucket, key: "a.csv", body: .bytes([2, 2]))
        let store = S3Store(s3: s3)
        for (written, bytes) in [(old, [1]), (new, [2, 2])] as [(S3Written, [UInt8])] {
            let arrival = Arrival(bucket: bucket, key: "a.csv", version: written.versionID, etag: written.etag)
            let facts = try await store.download(arrival, to: scratch("copy"))
            #expect(facts.version == written.versionID)
            #expect(try scratch.read("copy") == bytes)
        }
    }

    @Test("a version that was deleted is input.version_gone", .enabled(if: Moto.isAvailable, Moto.missing))
    func deleted() async throws {
        let moto = try Moto.required()
        let bucket = try await moto.makeBucket(versioned: true)
        let scratch = try TemporaryFolder()
        let s3 = moto.client.s3
        let old = try await s3.putObject(bucket: bucket, key: "a.csv", body: .bytes([1]))
        _ = try await s3.putObject(bucket: bucket, key: "a.csv", body: .bytes([2]))
        try await s3.deleteObject(bucket: bucket, key: "a.csv", versionID: old.versionID)
        await StoreConformance.expectFailure("input.version_gone") {
            _ = try await S3Store(s3: s3).download(
                Arrival(bucket: bucket, key: "a.csv", version: old.versionID), to: scratch("copy"))
        }
        #expect(try scratch.names() == [])
    }

    @Test("the version \"null\" pins nothing, the etag beside it does", .enabled(if: Moto.isAvailable, Moto.missing))
    func nullVersion() async throws {
        let moto = try Moto.required()
        let bucket = try await moto.makeBucket()
        let scratch = try TemporaryFolder()
        let store = S3Store(s3: moto.client.s3)
        let written = try await moto.client.s3.putObject(bucket: bucket, key: "a.csv", body: .bytes([1]))
        let good = Arrival(bucket: bucket, key: "a.csv", version: "null", etag: written.etag)
        let bad = Arrival(bucket: bucket, key: "a.csv", version: "null", etag: "0123")
        #expect(try await store.download(good, to: scratch("copy")).version == nil)
        await StoreConformance.expectFailure("input.version_gone") {
            _ = try await store.download(bad, to: scratch("copy"))
        }
    }

    @Test(
        "a key that is only there decoded is found, the verbatim one has precedence",
        .enabled(if: Moto.isAvailable, Moto.missing))
    func formEncoded() async throws {
        let moto = try Moto.required()
        let bucket = try await moto.makeBucket()
        let scratch = try TemporaryFolder()
        let s3 = moto.client.s3
        let store = S3Store(s3: s3)
        let encoded = Arrival(bucket: bucket, key: "in/a+b%C3%A9.csv")
        await StoreConformance.expectFailure("input.not_found") {
            _ = try await store.download(encoded, to: scratch("copy"))
        }
        _ = try await s3.putObject(bucket: bucket, key: "in/a bé.csv", body: .bytes([1]))
        #expect(try await store.download(encoded, to: scratch("copy")).size == 1)
        _ = try await s3.putObject(bucket: bucket, key: "in/a+b%C3%A9.csv", body: .bytes([1, 2]))
        #expect(try await store.download(encoded, to: scratch("copy")).size == 2)
    }

    @Test("a bucket that is not there is input.not_found and named", .enabled(if: Moto.isAvailable, Moto.missing))
    func noBucket() async throws {
        let moto = try Moto.required()
        let scratch = try TemporaryFolder()
        let error = await #expect(throws: Failure.self) {
            try await S3Store(s3: moto.client.s3).download(
                Arrival(bucket: "no-such-bucket-at-all", key: "k"), to: scratch("copy"))
        }
        #expect(error?.code == "input.not_found")
        #expect(error?.message.contains("there is no bucket no-such-bucket-at-all") == true)
    }

    @Test(
        "a URI is a bucket and a verbatim key",
        arguments: [
            ("s3://b/k", "b", "k"), ("s3://b/a/b c%20.csv", "b", "a/b c%20.csv"), ("s3://b//k/", "b", "/k/"),
            ("s3://b/é?x=1#y", "b", "é?x=1#y"),
        ])
    func location(_ uri: String, _ bucket: String, _ key: String) {
        #expect(S3Location(uri) == S3Location(bucket: bucket, key: key))
    }

    @Test(
        "a form-encoded key is decoded",
        arguments: [
            ("a+b", "a b"), ("a%2Bb", "a+b"), ("%C3%A9", "é"), ("plain", nil), ("100%", nil), ("%zz", nil),
            ("%+1", nil),
            ("%FF", nil),
        ])
    func decoding(_ key: String, _ expected: String?) {
        #expect(S3Location(bucket: "b", key: key).formDecoded?.key == expected)
    }
}

@Suite("job records in DynamoDB")
struct DynamoDBJobRecordsTests {
    @Test("a table without the index is listed all the same", .enabled(if: Moto.isAvailable, Moto.missing))
    func withoutIndex() async throws {
        let moto = try Moto.required()
        let records = DynamoDBJobRecords(
            dynamoDB: moto.client.dynamoDB, table: try await moto.makeTable(withIndex: false))
        for (number, seconds) in [10, 30, 20].enumerated() {
            var record = RecordsConformance.fresh("job-\(number)")
            record.status = number == 2 ? .rejected : .running
            record.updatedAt = RecordsConformance.start.advanced(by: .seconds(seconds))
            #expect(try await records.create(record))
        }
        #expect(try await records.list(status: nil, limit: 2).map(\.jobID) == ["job-1", "job-2"])
        #expect(try await records.list(status: .running, limit: 9).map(\.jobID) == ["job-1", "job-0"])
    }

    @Test("an item is as the contract says, so that others can read it")
    func item() throws {
        let item = JobItem.item(RecordsConformance.full())
        #expect(item["job_id"] == .s("job"))
        #expect(item["status"] == .s("failed"))
        #expect(item["attempt"] == .n("3"))
        #expect(item["size"] == .n("1099511627776"))
        #expect(item["lease_until"] == .s("2026-09-21T14:14:20.000Z"))
        #expect(item["expires_at"] == .n("1790086400"))
        #expect(item["counts"]?.map?["read"] == .n("9007199254740993"))
        #expect(item["error"]?.map?["code"] == .s("database.unavailable"))
        #expect(item["steps"]?.map?["transform"]?.map?["started"] == .s("2026-09-21T14:13:20.000Z"))
        #expect(item["steps"]?.map?["a.b c"]?.map?["ended"] == nil)
        #expect(item["announcements"]?.list?.first == .s(#"{"id":"1"}"#))
        #expect(JobItem.item(RecordsConformance.bare())["owner"] == nil)
    }

    @Test("an item that somebody else wrote is refused, naming the attribute")
    func unreadable() throws {
        var item = JobItem.item(RecordsConformance.fresh())
        item["updated_at"] = .s("yesterday")
        let error = #expect(throws: Failure.self) { try JobItem.record(item, table: "jobs") }
        #expect(error?.code == "records.unreadable")
        #expect(error?.message.hasPrefix("table jobs, job job: attribute updated_at ") == true)
    }
}

@Suite("the attributes of a dead letter in SQS")
struct DeadLetterAttributesTests {
    @Test("the reason goes first, the original's own fill up to ten")
    func ten() {
        let original = Dictionary(uniqueKeysWithValues: (0..<9).map { ("own\($0)", "x") })
        let chosen = DeadLetterAttributes.fitting(
            QueueConformance.reason.attributes, original: original, bodyBytes: 0)
        #expect(Set(chosen.keys) == Set(QueueConformance.reason.attributes.keys).union(["own0", "own1", "own2"]))
    }

    @Test("beside a body of the largest size only what fits stays, the code first")
    func largest() {
        let reason = QueueConformance.reason.attributes
        func keys(room: Int) -> [String] {
            DeadLetterAttributes.fitting(reason, original: [:], bodyBytes: DeadLetterAttributes.maxMessageBytes - room)
                .keys.sorted()
        }
        #expect(keys(room: 0) == [])
        #expect(keys(room: 40) == ["error.code"])
        #expect(keys(room: 148) == ["attempts", "error.code", "job.id", "pipeline", "step"])
        #expect(keys(room: 1000) == reason.keys.sorted())
    }

    @Test("characters that SQS refuses are replaced")
    func characters() {
        #expect(DeadLetterAttributes.allowed("a\u{0}b\u{1}\t\n\r é🚢\u{FFFE}") == "a\u{FFFD}b\u{FFFD}\t\n\r é🚢\u{FFFD}")
    }
}

@Suite("an announcement's detail on EventBridge")
struct DetailTests {
    @Test(
        "the id stands first",
        arguments: [
            (#"{"a":1}"#, #"{"id":"x","a":1}"#), ("{}", #"{"id":"x"}"#), (" {\n }", #"{"id":"x"}"#),
            (#"{ "a": {} }"#, #"{"id":"x","a": {} }"#),
        ])
    func detail(_ detail: String, _ expected: String) {
        let announcement = EventsFileTests.announcement("x", detail: detail)
        #expect(AWSAnnouncements.detail(announcement) == expected)
    }
}
