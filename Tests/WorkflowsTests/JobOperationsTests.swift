import Jobs
import Testing
import Workflows

@Suite("what operators do to jobs")
struct JobOperationsTests {
    private static let arrival = Arrival(
        bucket: "landing", key: "orders/1 ü.csv", version: "v-1", etag: "e", size: 7, sequencer: "00A1",
        source: "file:///in/orders/1%20%C3%BC.csv")
    private static let id = JobID.of(arrival, pipeline: "orders")
    private let bench = OperatorBench()
    private let queue = KeptQueue()

    private func catalog(_ name: String = "orders") -> PipelineCatalog {
        PipelineCatalog([Pipeline(name: name, workflow: .convertor, output: .init(format: .parquet))])
    }

    private func retry(_ id: String = Self.id, _ catalog: PipelineCatalog? = nil) async throws -> String {
        try await JobOperations(services: bench.services).retry(id, catalog: catalog ?? self.catalog(), queue: queue)
    }

    private func refusal(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return Failure(error).code
        }
    }

    @Test(
        "an undone job is opened again and asked for by a message that is the same job",
        arguments: [.rejected, .failed, .cancelled, .superseded] as [JobStatus])
    func again(_ status: JobStatus) async throws {
        await bench.records.put(OperatorBench.record(Self.arrival, "orders", status, code: "csv.unclosed_quote"))
        #expect(try await retry() == Self.id)
        let record = try #require(await bench.records.find(Self.id))
        #expect(record.status == .running)
        #expect(record.attempt == 0)
        #expect(record.error == nil)
        guard case .requests(let requests, _) = MessageReading(body: try #require(queue.sent.first)) else {
            Issue.record("the message is not understood")
            return
        }
        #expect(requests.map(\.arrival) == [Self.arrival])
        #expect(requests.map(\.pipeline) == ["orders"])
    }

    @Test("what was owed is said before the job begins anew")
    func owed() async throws {
        var record = OperatorBench.record(Self.arrival, "orders", .rejected)
        let owed = Announcement(
            id: "a-1", detailType: "Job Rejected", time: OperatorBench.now, pipeline: "orders", workflow: "convertor", detail: "{}")
        record.announcements = [try AnnouncementRecord(owed).jsonText(), JobRecord.deadLetterDue]
        await bench.records.put(record)
        _ = try await retry()
        #expect(bench.announced == ["a-1"])
    }

    @Test("of a job that waits only a message is queued; of one that is held, or done, none")
    func refused() async throws {
        await bench.records.put(OperatorBench.record(Self.arrival, "orders", .running))
        #expect(try await retry() == Self.id)
        await bench.records.put(OperatorBench.record(Self.arrival, "orders", .running, owner: "w", lease: .seconds(-1)))
        #expect(try await retry() == Self.id)
        #expect(queue.sent.count == 2)
        await bench.records.put(OperatorBench.record(Self.arrival, "orders", .running, owner: "w", lease: .seconds(9)))
        #expect(await refusal { _ = try await retry() } == "job.is_running")
        await bench.records.put(OperatorBench.record(Self.arrival, "orders", .succeeded))
        #expect(await refusal { _ = try await retry() } == "job.has_succeeded")
        #expect(await refusal { _ = try await retry("none") } == "input.not_found")
        await bench.records.put(OperatorBench.record(Self.arrival, "orders", .failed))
        #expect(await refusal { _ = try await retry(Self.id, catalog("other")) } == "pipeline.not_found")
        #expect(queue.sent.count == 2)
        #expect(await bench.records.find(Self.id)?.status == .failed)
    }

    @Test("a file that no pipeline took is asked for under the one that does now")
    func noMatch() async throws {
        let arrival = Arrival(bucket: "raw", key: "a.csv", etag: "e")
        let record = OperatorBench.record(arrival, "", .rejected, code: "pipeline.no_match")
        await bench.records.put(record)
        #expect(await refusal { _ = try await retry(record.jobID, PipelineCatalog([])) } == "pipeline.no_match")
        #expect(try await retry(record.jobID) == JobID.of(arrival, pipeline: "orders"))
        #expect(await bench.records.find(record.jobID)?.status == .rejected)
        #expect(queue.sent.count == 1)
    }

    @Test(
        "a job that runs or waits is cancelled, and whoever held it or was about to take it can write no more",
        arguments: [("w", Duration.seconds(9)), (nil, nil)] as [(String?, Duration?)])
    func cancel(_ owner: String?, _ lease: Duration?) async throws {
        let held = OperatorBench.record(Self.arrival, "orders", .running, owner: owner, lease: lease)
        await bench.records.put(held)
        let cancelled = try await JobOperations(services: bench.services).cancel(Self.id)
        #expect(cancelled.status == .cancelled)
        #expect(cancelled.endedAt == OperatorBench.now)
        #expect(cancelled.owner == nil)
        #expect(cancelled.error?.code == "job.cancelled")
        #expect(await bench.records.find(Self.id) == cancelled)
        #expect(await !bench.records.replace(held, expecting: held.fence))
        #expect(await refusal { _ = try await JobOperations(services: bench.services).cancel(Self.id) } == "job.has_ended")
        // Cancelled, it can be asked for again.
        #expect(try await retry() == Self.id)
    }

    @Test("a heartbeat in between does not keep a job from being cancelled, one each time does")
    func races() async throws {
        await bench.records.put(OperatorBench.record(Self.arrival, "orders", .running, owner: "w", lease: .seconds(9)))
        await bench.records.interfere { records in
            guard let lease = records[Self.id]?.leaseUntil, lease < OperatorBench.now.advanced(by: .seconds(11)) else { return }
            records[Self.id]?.leaseUntil = lease.advanced(by: .seconds(1))
        }
        #expect(try await JobOperations(services: bench.services).cancel(Self.id).status == .cancelled)
        await bench.records.put(OperatorBench.record(Self.arrival, "orders", .running, owner: "w", lease: .seconds(9)))
        await bench.records.interfere { records in
            records[Self.id]?.attempt += 1
        }
        #expect(await refusal { _ = try await JobOperations(services: bench.services).cancel(Self.id) } == "job.held")
    }
}
