import Jobs
import Testing

@Suite("every place for job records")
struct RecordsConformance {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)

    static func fresh(_ jobID: String = "job", owner: String = "worker-1") -> JobRecord {
        JobRecord(
            jobID: jobID, pipeline: "orders", workflow: "loader",
            arrival: Arrival(
                bucket: "acme-raw", key: "orders/März 'x' \"y\".csv", version: "v1", etag: "e1", size: 1 << 40,
                sequencer: "00AB", source: "s3://acme-raw/orders/März 'x' \"y\".csv"),
            state: JobState(
                status: .running, attempt: 1, owner: owner, leaseUntil: start.advanced(by: .seconds(60)), updatedAt: start),
            expiresAt: start.advanced(by: .seconds(86_400)))
    }

    /// Every field filled, with texts that need care.
    static func full() -> JobRecord {
        var record = fresh()
        record.status = .failed
        record.step = "upload"
        record.attempt = 3
        record.updatedAt = start.advanced(by: .milliseconds(1234))
        record.endedAt = start.advanced(by: .milliseconds(1233))
        (record.asker, record.content, record.duplicateOf, record.revision) = ("ask 1", "00ff", "job 2", "0011aabb")
        record.steps = [
            StepRecord(
                name: "transform", started: start, ended: start.advanced(by: .seconds(1)),
                result: #"{"rows":5,"é":"\n"}"#),
            StepRecord(
                name: "download", started: start.advanced(by: .seconds(2)), ended: start.advanced(by: .seconds(3))),
            StepRecord(name: "a.b c", started: start.advanced(by: .seconds(4))),
        ]
        record.counts = Counts(read: 9_007_199_254_740_993, loaded: 4, written: 3, rejected: 2, filtered: 1)
        record.error = .init(code: "database.unavailable", message: "line 1\n\"quoted\" ü 🚢 \\ '; DROP TABLE jobs")
        record.receipt = "s3://acme-lake/receipts/job.json"
        record.announcements = [#"{"id":"1"}"#, "", #"{"id":"2","detail":{"a":"\u0000"}}"#]
        return record
    }

    @Test(
        "relatives are other versions of the key and the same content elsewhere, of jobs that run or succeeded",
        arguments: Backend.available)
    func relatives(_ backend: Backend) async throws {
        let bench = try await RecordsBench(backend)
        func job(_ id: String, key: String = "a.csv", content: String? = nil, status: JobStatus = .succeeded, pipeline: String = "orders")
            async throws -> JobRecord
        {
            var record = Self.fresh(id)
            (record.arrival.key, record.content, record.status, record.pipeline) = (key, content, status, pipeline)
            #expect(try await bench.records.create(record))
            return record
        }
        let record = try await job("me", content: "ff", status: .running)
        _ = try await job("other version")
        _ = try await job("running version", status: .running)
        _ = try await job("same content", key: "b.csv", content: "ff")
        _ = try await job("rejected", status: .rejected)
        _ = try await job("elsewhere", key: "c.csv", content: "00")
        _ = try await job("another pipeline", content: "ff", pipeline: "items")
        let found = try await bench.records.relatives(of: record)
        #expect(Set(found.map(\.jobID)) == ["other version", "running version", "same content"])
        #expect(found.filter(record.isSameContent).map(\.jobID) == ["same content"])
    }

    @Test("a job without a record has none", arguments: Backend.available)
    func none(_ backend: Backend) async throws {
        let bench = try await RecordsBench(backend)
        #expect(try await bench.records.find("nobody") == nil)
    }

    @Test("a record reads back as it was written", arguments: Backend.available, [fresh(), full(), bare()])
    func readsBack(_ backend: Backend, _ record: JobRecord) async throws {
        let bench = try await RecordsBench(backend)
        #expect(try await bench.records.create(record))
        #expect(try await bench.records.find(record.jobID) == record)
        #expect(try await bench.records.list(status: nil, limit: 10) == [record])
    }

    /// As little as a record can hold.
    static func bare() -> JobRecord {
        var record = fresh()
        record.arrival = Arrival(bucket: "b", key: "k")
        record.owner = nil
        record.leaseUntil = nil
        return record
    }

    @Test("a second record of one job is refused and changes nothing", arguments: Backend.available)
    func createsOnce(_ backend: Backend) async throws {
        let bench = try await RecordsBench(backend)
        #expect(try await bench.records.create(Self.fresh(owner: "first")))
        #expect(try await bench.records.create(Self.fresh(owner: "second")) == false)
        #expect(try await bench.records.find("job")?.owner == "first")
    }

    @Test("of many that create a record at once one wins", arguments: Backend.available)
    func createRace(_ backend: Backend) async throws {
        let bench = try await RecordsBench(backend)
        let winners = try await Self.winners { try await bench.records.create(Self.fresh(owner: "worker-\($0)")) }
        #expect(winners.count == 1)
        #expect(try await bench.records.find("job")?.owner == winners.first.map { "worker-\($0)" })
    }

    @Test("of many that take a record over one wins", arguments: Backend.available)
    func takeOverRace(_ backend: Backend) async throws {
        let bench = try await RecordsBench(backend)
        let old = Self.fresh(owner: "gone")
        #expect(try await bench.records.create(old))
        let winners = try await Self.winners { number in
            var record = old
            record.owner = "worker-\(number)"
            record.attempt = 2
            return try await bench.records.replace(record, expecting: old.fence)
        }
        #expect(winners.count == 1)
        #expect(try await bench.records.find("job")?.owner == winners.first.map { "worker-\($0)" })
    }

    private static func winners(_ compete: @escaping @Sendable (Int) async throws -> Bool) async throws -> [Int] {
        try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
            for number in 0..<8 { group.addTask { (number, try await compete(number)) } }
            return try await group.reduce(into: []) { if $1.1 { $0.append($1.0) } }
        }
    }

    @Test("a record is replaced by who holds it", arguments: Backend.available)
    func replaces(_ backend: Backend) async throws {
        let bench = try await RecordsBench(backend)
        let old = Self.fresh()
        #expect(try await bench.records.create(old))
        var new = Self.full()
        new.owner = nil
        new.leaseUntil = nil
        #expect(try await bench.records.replace(new, expecting: old.fence))
        #expect(try await bench.records.find("job") == new)
        // Nobody holds it now: the fence of an unheld record is as good as any other.
        #expect(try await bench.records.replace(old, expecting: new.fence))
        #expect(try await bench.records.find("job") == old)
    }

    static let later = start.advanced(by: .seconds(61))

    @Test(
        "a fence that is stale in any part refuses the write", arguments: Backend.available,
        [
            JobRecord.Fence(owner: "worker-2", attempt: 1, leaseUntil: start.advanced(by: .seconds(60)), updatedAt: start),
            JobRecord.Fence(owner: nil, attempt: 1, leaseUntil: start.advanced(by: .seconds(60)), updatedAt: start),
            JobRecord.Fence(owner: "worker-1", attempt: 2, leaseUntil: start.advanced(by: .seconds(60)), updatedAt: start),
            JobRecord.Fence(owner: "worker-1", attempt: 1, leaseUntil: later, updatedAt: start),
            JobRecord.Fence(owner: "worker-1", attempt: 1, leaseUntil: nil, updatedAt: start),
            JobRecord.Fence(owner: nil, attempt: 1, leaseUntil: nil, updatedAt: start),
            JobRecord.Fence(owner: "worker-1", attempt: 1, leaseUntil: start.advanced(by: .seconds(60)), updatedAt: later),
        ])
    func refuses(_ backend: Backend, _ fence: JobRecord.Fence) async throws {
        let bench = try await RecordsBench(backend)
        let old = Self.fresh()
        #expect(try await bench.records.create(old))
        var new = old
        new.status = .succeeded
        #expect(try await bench.records.replace(new, expecting: fence) == false)
        #expect(try await bench.records.find("job") == old)
    }

    @Test("a record that is gone cannot be replaced", arguments: Backend.available)
    func replacesNothing(_ backend: Backend) async throws {
        let bench = try await RecordsBench(backend)
        #expect(try await bench.records.replace(Self.fresh(), expecting: Self.fresh().fence) == false)
        #expect(try await bench.records.replace(Self.bare(), expecting: Self.bare().fence) == false)
        #expect(try await bench.records.find("job") == nil)
    }

    @Test("records are listed by status, the latest change first", arguments: Backend.available)
    func lists(_ backend: Backend) async throws {
        let bench = try await RecordsBench(backend)
        let statuses: [JobStatus] = [.running, .succeeded, .running, .rejected, .running]
        for (number, status) in statuses.enumerated() {
            var record = Self.fresh("job-\(number)")
            record.status = status
            record.updatedAt = Self.start.advanced(by: .seconds([30, 10, 50, 20, 40][number]))
            #expect(try await bench.records.create(record))
        }
        func ids(_ status: JobStatus?, _ limit: Int) async throws -> [String] {
            try await bench.records.list(status: status, limit: limit).map(\.jobID)
        }
        #expect(try await ids(.running, 10) == ["job-2", "job-4", "job-0"])
        #expect(try await ids(.running, 2) == ["job-2", "job-4"])
        #expect(try await ids(.cancelled, 10) == [])
        #expect(try await ids(nil, 10) == ["job-2", "job-4", "job-0", "job-3", "job-1"])
        #expect(try await ids(nil, 3) == ["job-2", "job-4", "job-0"])
    }

    @Test("a very long error message is cut at 2 KB", arguments: Backend.available)
    func clips(_ backend: Backend) async throws {
        let bench = try await RecordsBench(backend)
        var record = Self.fresh()
        record.error = .init(code: "x.y", message: String(repeating: "é", count: 5000))
        #expect(try await bench.records.create(record))
        #expect(try await bench.records.find("job")?.error?.message == String(repeating: "é", count: 1024))
    }
}
