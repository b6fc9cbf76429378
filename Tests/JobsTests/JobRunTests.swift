import Foundation
import Jobs
import Synchronization
import Testing

/// What the test's steps hand on.
private struct Note: StepResult, Hashable {
    var text: String
    var files: [FileMark]

    init(_ text: String, _ files: [FileMark] = []) {
        (self.text, self.files) = (text, files)
    }
}

struct JobRunTests {
    private let services = TestServices()
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func claim(_ owner: String = "here") async throws -> JobRun {
        let worker = services.worker(owner, workRoot: folder.path)
        return JobRun(record: try #require(try await worker.claim().claimed), services: worker)
    }

    /// Another worker takes the job over after its lease has ended.
    private func takeOver() async throws -> JobRun {
        services.clock.advance(by: TestServices.lease)
        return try await claim("there")
    }

    private func stored() async throws -> JobRecord {
        try #require(await services.records.find("job"))
    }

    @Test("scratch is the job's own folder, the same for all attempts")
    func scratch() async throws {
        let first = try await claim()
        #expect(first.scratch == "\(folder.path)/job/\(ManualClock.start.folderName)")
        let second = try await takeOver()
        #expect(second.scratch == first.scratch)
        #expect(second.attempt == 2)
    }

    @Test("a step is recorded when it begins, and with its result when it ends")
    func recorded() async throws {
        let run = try await claim()
        let (services, records) = (services, services.records)
        let note = try await run.step(.download) {
            let during = await records.find("job")
            #expect(during?.step == "download")
            #expect(during?.steps == [StepRecord(name: "download", started: ManualClock.start)])
            services.clock.advance(by: .seconds(2))
            return Note("done")
        }
        #expect(note == Note("done"))
        let step = try #require(try await stored().steps.first)
        #expect(step.ended == ManualClock.start.advanced(by: .seconds(2)))
        #expect(step.result == #"{"files":[],"text":"done"}"#)
        #expect(try await stored().leaseUntil == ManualClock.start.advanced(by: .seconds(2) + TestServices.lease))
    }

    @Test("a long result lies in the scratch folder; a later attempt finds it there, or does the step again where it is gone")
    func longResult() async throws {
        let long = String(repeating: "column ", count: 100_000)
        let run = try await claim()
        _ = try await run.step(.transform) { Note(long) }
        #expect(try #require(try await stored().steps.first?.result).utf8.count < 1000)
        let second = try await takeOver()
        let found = try await second.step(.transform) { () -> Note in
            Issue.record("the step was done again")
            return Note("second")
        }
        #expect(found == Note(long))
        try FileManager.default.removeItem(atPath: "\(run.scratch)/steps")
        let third = try await takeOver()
        #expect(try await third.step(.transform) { Note("third") } == Note("third"))
    }

    @Test("a step that an earlier attempt ended is not done again while its files are as they were")
    func skipped() async throws {
        let path = try folder.write("rows", to: "a.csv")
        let mark = try #require(FileMark(path: path))
        _ = try await claim().step(.download) { Note("first", [mark]) }
        let again = try await takeOver().step(.download) { () -> Note in
            Issue.record("the step was done again")
            return Note("second")
        }
        #expect(again == Note("first", [mark]))
    }

    @Test(
        "a step is done again when its files are not as they were",
        arguments: ["longer", "as long, written again", "gone", "one of two gone"])
    func redone(_ change: String) async throws {
        let path = try folder.write("rows", to: "a.csv")
        let other = try folder.write("rejects", to: "b.csv")
        let marks = [try #require(FileMark(path: other)), try #require(FileMark(path: path))]
        _ = try await claim().step(.transform) { Note("first", marks) }
        switch change {
        case "longer": try folder.write("rows and more", to: "a.csv")
        case "gone", "one of two gone": try FileManager.default.removeItem(atPath: path)
        default:
            try folder.write("swor", to: "a.csv")
            let later = Date(timeIntervalSince1970: 1_800_000_000)
            try FileManager.default.setAttributes([.modificationDate: later], ofItemAtPath: path)
        }
        let again = try await takeOver().step(.transform) { Note("second") }
        #expect(again == Note("second"))
        #expect(try await stored().steps.map(\.name) == ["transform"])
    }

    @Test("a step that never ended, or whose result cannot be read, is done again", arguments: [true, false])
    func unreadable(_ isEnded: Bool) async throws {
        _ = try await claim().step(.download) { Note("first") }
        var record = try await stored()
        if isEnded { record.steps[0].result = #"{"an":"older version"}"# } else { record.steps[0].ended = nil }
        await services.records.put(record)
        let again = try await takeOver().step(.download) { Note("second") }
        #expect(again == Note("second"))
    }

    @Test("who has lost the lease begins no step and writes nothing")
    func lost() async throws {
        let slow = try await claim()
        _ = try await takeOver()
        let before = try await stored()
        let error = await #expect(throws: Failure.self) {
            try await slow.step(.load) { () -> Note in
                Issue.record("the step was begun")
                return Note("")
            }
        }
        #expect(error?.code == "job.lease_lost")
        #expect(error?.kind == .interrupted)
        #expect(try await slow.renewLease() == false)
        #expect(try await services.worker("here").release(slow, counted: false) == false)
        #expect(try await stored() == before)
    }

    @Test("a lease lost during a step leaves the step without a checkpoint")
    func lostDuringStep() async throws {
        let slow = try await claim()
        let error = await #expect(throws: Failure.self) {
            try await slow.step(.load) { () -> Note in
                _ = try await takeOver()
                return Note("loaded")
            }
        }
        #expect(error?.code == "job.lease_lost")
        let record = try await stored()
        #expect(record.owner?.hasPrefix("there:") == true)
        #expect(record.steps.map(\.ended) == [nil])
    }

    @Test("a write whose answer was lost does not lose the lease")
    func lostAnswer() async throws {
        let run = try await claim()
        services.clock.advance(by: .seconds(1))
        await services.records.loseAnswers(2)
        #expect(try await run.step(.download) { Note("done") } == Note("done"))
        services.clock.advance(by: .seconds(1))
        #expect(try await run.renewLease())
        await services.records.loseAnswers(1)
        #expect(try await services.worker("here").release(run, counted: false))
        #expect(try await stored().owner == nil)
    }

    @Test("a heartbeat renews the lease from now")
    func renewed() async throws {
        let run = try await claim()
        services.clock.advance(by: .seconds(20))
        #expect(try await run.renewLease())
        #expect(try await stored().leaseUntil == ManualClock.start.advanced(by: .seconds(20) + TestServices.lease))
    }

    @Test("heartbeats and steps that write at the same time do not fence each other off")
    func concurrentWrites() async throws {
        let run = try await claim()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 { group.addTask { try await run.renewLease() } }
            for name in StepName.allCases {
                let note = try await run.step(name) { Note(name.rawValue) }
                #expect(note.text == name.rawValue)
            }
            for try await isOurs in group { #expect(isOurs) }
        }
        #expect(try await stored().steps.map(\.name) == StepName.allCases.map(\.rawValue))
    }

    @Test("what a step throws becomes a failure of the job, and the step has no end")
    func failed() async throws {
        let run = try await claim()
        let error = await #expect(throws: Failure.self) {
            try await run.step(.load) { () -> Note in throw CocoaError(.fileNoSuchFile) }
        }
        #expect(error?.code == "internal.error")
        #expect(error?.kind == .permanent)
        #expect(try await stored().steps.first?.ended == nil)
        #expect(try await stored().step == "load")
    }

    @Test("a cancelled attempt begins no step, and is interrupted rather than failed")
    func cancelled() async throws {
        let run = try await claim()
        let task = Task { () -> Failure? in
            withUnsafeCurrentTask { $0?.cancel() }
            do throws(Failure) {
                _ = try await run.step(.load) { () -> Note in
                    Issue.record("the step was begun")
                    return Note("")
                }
                return nil
            } catch {
                return error
            }
        }
        let failure = await task.value
        #expect(failure?.kind == .interrupted)
        #expect(failure?.code == Failure.interruptedCode)
    }

    @Test("who was stopped for longer than the lease learns before writing elsewhere that the job is another's")
    func confirmed() async throws {
        let slow = try await claim()
        try await slow.confirmLease()
        let other = try await takeOver()
        let error = await #expect(throws: Failure.self) { try await slow.confirmLease() }
        #expect(error?.code == "job.lease_lost")
        try await other.confirmLease()
    }

    @Test("a later attempt writes into a folder of its own")
    func workFolders() async throws {
        let first = try await claim()
        let second = try await takeOver()
        #expect(first.workFolder == first.scratch)
        #expect(second.workFolder == "\(first.scratch)/attempt-2")
    }

    @Test("an attempt that was asked for one step ends after it, also where the step was done before")
    func oneStep() async throws {
        let worker = services.worker("here", workRoot: folder.path)
        let run = JobRun(record: try #require(try await worker.claim().claimed), services: worker, lastStep: .download)
        for _ in 0..<2 {
            let error = await #expect(throws: Failure.self) { try await run.step(.download) { Note("done") } }
            #expect(error?.workEnd == .stepDone)
        }
        #expect(try await stored().steps.first?.ended != nil)
    }
}
