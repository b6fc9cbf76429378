import Jobs
import Testing

struct ClaimTests {
    private let services = TestServices()
    private var here: JobServices { services.worker("here") }
    private var there: JobServices { services.worker("there") }

    @Test("a new job is ours at its first attempt, under a lease, and kept for 90 days")
    func new() async throws {
        let record = try #require(try await here.claim().claimed)
        #expect(record.attempt == 1)
        #expect(record.owner?.hasPrefix("here:") == true)
        #expect(record.status == .running)
        #expect(record.leaseUntil == ManualClock.start.advanced(by: TestServices.lease))
        #expect(record.createdAt == ManualClock.start)
        #expect(record.expiresAt == ManualClock.start.advanced(by: .seconds(90 * 86_400)))
        #expect(record.arrival == .sample)
        #expect(await services.records.find("job") == record)
    }

    @Test("a job that another worker holds stays with it until its lease ends")
    func held() async throws {
        let record = try #require(try await there.claim().claimed)
        services.clock.advance(by: TestServices.lease - .seconds(2))
        #expect(try await here.claim().heldUntil == record.leaseUntil)
        #expect(await services.records.find("job") == record)
    }

    @Test("a job whose lease has ended is taken over at the next attempt, with all it had")
    func takenOver() async throws {
        var record = try #require(try await there.claim().claimed)
        record.steps = [StepRecord(name: "download", started: ManualClock.start, ended: ManualClock.start, result: "{}")]
        await services.records.put(record)
        services.clock.advance(by: TestServices.lease)
        let taken = try #require(try await here.claim().claimed)
        #expect(taken.owner?.hasPrefix("here:") == true)
        #expect(taken.attempt == 2)
        #expect(taken.steps == record.steps)
        #expect(taken.createdAt == record.createdAt)
        #expect(taken.leaseUntil == ManualClock.start.advanced(by: TestServices.lease * 2))
    }

    @Test("an attempt that was interrupted does not count; one that failed does")
    func interrupted() async throws {
        let first = JobRun(record: try #require(try await here.claim().claimed), services: here)
        #expect(try await here.release(first, counted: false))
        let second = try #require(try await there.claim().claimed)
        #expect(second.attempt == 1)

        #expect(try await there.release(JobRun(record: second, services: there), counted: true))
        #expect(try await here.claim().claimed?.attempt == 2)
    }

    @Test("a job that has ended is not taken again", arguments: JobStatus.allCases.filter(\.isEnded))
    func ended(_ status: JobStatus) async throws {
        var record = try #require(try await there.claim().claimed)
        record.status = status
        record.leaseUntil = nil
        await services.records.put(record)
        #expect(try await here.claim().ended == record)
        #expect(await services.records.find("job") == record)
    }

    @Test("of two that create the job at once one wins and the other finds it held")
    func createRace() async throws {
        let other = JobRecord(
            jobID: "job", pipeline: "orders", workflow: "loader", arrival: .sample,
            state: JobState(
                status: .running, attempt: 1, owner: "there", leaseUntil: ManualClock.start.advanced(by: .seconds(20)),
                updatedAt: ManualClock.start),
            expiresAt: ManualClock.start)
        await services.records.interfere { $0["job"] = $0["job"] ?? other }
        #expect(try await here.claim().heldUntil == other.leaseUntil)
        #expect(await services.records.writes == 0)
    }

    @Test("of two that take over the job at once one wins and the other finds it held")
    func replaceRace() async throws {
        _ = try await there.claim()
        services.clock.advance(by: TestServices.lease)
        let until = ManualClock.start.advanced(by: .seconds(59))
        await services.records.interfere { records in
            records["job"]?.owner = "third"
            records["job"]?.leaseUntil = until
        }
        #expect(try await here.claim().heldUntil == until)
    }

    @Test("a claim whose answer was lost is known again, and counts once")
    func lostAnswers() async throws {
        await services.records.loseAnswers(1)
        #expect(try await here.claim().claimed?.attempt == 1)
        services.clock.advance(by: TestServices.lease)
        await services.records.loseAnswers(1)
        #expect(try await here.claim().claimed?.attempt == 2)
        // Another claim of the same worker is not that claim.
        #expect(try await here.claim().heldUntil != nil)
    }

    @Test("who loses every race lets the job be for one lease")
    func neverWins() async throws {
        _ = try await there.claim()
        services.clock.advance(by: TestServices.lease)
        await services.records.interfere { $0["job"]?.attempt += 1 }
        #expect(try await here.claim().heldUntil == ManualClock.start.advanced(by: TestServices.lease * 2))
        #expect(await services.records.writes == 1)
    }

    @Test(
        "a person can open an ended job again, unless it succeeded",
        arguments: JobStatus.allCases.filter(\.isEnded))
    func reopened(_ status: JobStatus) async throws {
        var record = try #require(try await there.claim().claimed)
        record.status = status
        record.attempt = 5
        record.error = JobRecord.ErrorRecord(code: "csv.field_count", message: "…")
        record.steps = [StepRecord(name: "download", started: ManualClock.start)]
        record.announcements = [JobRecord.deadLetterDue]
        await services.records.put(record)
        try await here.reopen("job")
        guard status != .succeeded else {
            #expect(await services.records.find("job") == record)
            return
        }
        let claimed = try #require(try await here.claim().claimed)
        #expect(claimed.attempt == 1)
        #expect(claimed.steps.isEmpty)
        #expect(claimed.error == nil)
        #expect(claimed.announcements.isEmpty)
    }

    @Test("a job that runs is not opened again")
    func running() async throws {
        let record = try #require(try await there.claim().claimed)
        try await here.reopen("job")
        #expect(await services.records.find("job") == record)
    }
}
