import Compression
import FoundationEssentials
import Glibc
import Logging
import Synchronization
import Telemetry

/// A file that a step left behind, and how it is recognised as still the same.
package struct FileMark: Hashable, Sendable, Codable {
    package var path: String
    package var size: Int64
    package var modifiedNanoseconds: Int64

    /// The mark of the file at `path` as it is now; nil where there is none.
    package init?(path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        self.path = path
        size = Int64(facts.st_size)
        modifiedNanoseconds = Int64(facts.st_mtim.tv_sec) * 1_000_000_000 + Int64(facts.st_mtim.tv_nsec)
    }

    package var stillMatches: Bool { FileMark(path: path) == self }
}

/// What a step hands to the next: small, and kept in the job's record.
package protocol StepResult: Codable, Sendable {
    /// The files that the result speaks of; a later attempt trusts the result only while they still match.
    var files: [FileMark] { get }
}

/// One attempt at a job: runs its steps and keeps its record.
///
/// All writes of the record during the work go through here, one after another, each conditional on the lease; a write
/// that finds the lease lost makes this attempt stop.
package actor JobRun {
    package nonisolated let jobID: String
    package nonisolated let attempt: Int
    /// `<work root>/<job id>/<ddmmyyyyhhmmss>`: the same for all attempts at the job.
    package nonisolated let scratch: String
    /// Where this attempt writes: the scratch folder, or a folder of its own below it for a later attempt, so that a worker
    /// that lost the job without knowing cannot touch its successor's files.
    package nonisolated let workFolder: String
    /// Where earlier attempts wrote, the last one first.
    package nonisolated let earlierFolders: [String]
    private static let maxEarlierFolders = 100
    package nonisolated let log: Logger
    private var record: JobRecord
    private nonisolated let services: JobServices
    private let lastStep: StepName?
    private var lease: HeldLease
    private nonisolated let leaseEnd: Mutex<Timestamp?>

    /// `record` must have been claimed by this worker. `lastStep`: do that step and no further.
    package init(record: JobRecord, services: JobServices, lastStep: StepName? = nil) {
        self.record = record
        self.services = services
        self.lastStep = lastStep
        lease = HeldLease(record.state, length: services.lease)
        leaseEnd = Mutex(record.leaseUntil)
        jobID = record.jobID
        attempt = record.attempt
        scratch = services.scratch(of: record)
        let folders = (1...max(1, attempt)).reversed().prefix(Self.maxEarlierFolders).map { [scratch] in
            $0 > 1 ? "\(scratch)/attempt-\($0)" : scratch
        }
        workFolder = folders[0]
        earlierFolders = Array(folders.dropFirst())
        log = services.log.with([.jobID: record.jobID, .pipeline: record.pipeline, .attempt: record.attempt])
    }

    /// The record as this attempt knows it, with its lease as last written.
    package var current: JobRecord {
        var current = record
        current.state = lease.state
        return current
    }

    /// Notes the SHA-256 of the content; it is written with the next write.
    package func note(content sha256: String) {
        record.content = sha256
    }

    /// Notes which other job took the same content; it is written with the next write.
    package func note(duplicateOf other: String) {
        record.duplicateOf = other
    }

    /// Runs one step: the single place for cancellation, timing, log line, metric, checkpoint and error conversion.
    ///
    /// A step that an earlier attempt ended is not run again while its files still match. The body runs on the work
    /// threads.
    package func step<Result: StepResult>(
        _ name: StepName, _ body: @Sendable () async throws -> Result
    ) async throws(Failure) -> Result {
        if let result: Result = checkpointed(name) {
            log.log(.info, "Step was done by an earlier attempt", [.step: name.rawValue])
            if name == lastStep { throw Self.stepDone(name) }
            return result
        }
        let started = services.clock.now()
        record.steps.removeAll { $0.name == name.rawValue }
        record.steps.append(StepRecord(name: name.rawValue, started: started))
        record.step = name.rawValue
        try await write()
        do {
            try Task.checkCancellation()
            let result = try await withTaskExecutorPreference(services.workThreads) { try await body() }
            let ended = services.clock.now()
            if let index = record.steps.firstIndex(where: { $0.name == name.rawValue }) {
                record.steps[index].ended = ended
                record.steps[index].result = try keep(try result.jsonText(), of: name)
            }
            try await write()
            let seconds = ended.seconds(since: started)
            services.metrics.add(seconds, to: .stepSeconds, ["step": name.rawValue])
            services.metrics.add(to: .stepsEnded, ["step": name.rawValue, "result": "done"])
            log.log(.info, "Step done", [.step: name.rawValue, .seconds: seconds])
            if name == lastStep { throw Self.stepDone(name) }
            return result
        } catch let failure as Failure where failure.code == Failure.stepDoneCode {
            throw failure
        } catch {
            services.metrics.add(to: .stepsEnded, ["step": name.rawValue, "result": "failed"])
            throw Failure(error)
        }
    }

    private static func stepDone(_ name: StepName) -> Failure {
        Failure(.interrupted, Failure.stepDoneCode, "Step \(name.rawValue) is done, and no further was asked for.")
    }

    private func checkpointed<Result: StepResult>(_ name: StepName) -> Result? {
        guard let step = record.steps.first(where: { $0.name == name.rawValue }), step.ended != nil,
            let text = step.result, let result = try? JSONDecoder().decode(Result.self, from: kept(text)),
            result.files.allSatisfy(\.stillMatches)
        else { return nil }
        return result
    }

    /// The most bytes of a step's result that stand in the record itself, so that records stay small whatever the file does
    /// (an item of DynamoDB has 400 KB); longer ones lie in the scratch folder.
    private static let maxInlineResultBytes = 4096

    /// What stands in the record for a result that does not.
    private struct ResultFile: Codable {
        var resultFile: String
    }

    private func keep(_ result: String, of name: StepName) throws -> String {
        guard result.utf8.count > Self.maxInlineResultBytes else { return result }
        let folder = "\(workFolder)/steps"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/\(name.rawValue).json"
        // On the disk before the record speaks of it.
        let file = try FileByteSink(path: path)
        try Array(result.utf8).withUnsafeBytes { try file.write($0) }
        try file.finish()
        return try ResultFile(resultFile: path).jsonText()
    }

    private func kept(_ text: String) -> Data {
        let inline = Data(text.utf8)
        guard let reference = try? JSONDecoder().decode(ResultFile.self, from: inline) else { return inline }
        return FileManager.default.contents(atPath: reference.resultFile) ?? inline
    }

    /// Keeps the job for another lease; false where it is no longer ours.
    package func renewLease() async throws -> Bool {
        do {
            try await write()
            return true
        } catch  where error.code == Failure.leaseLostCode {
            return false
        }
    }

    /// Throws where the lease has run out by our own clock: for code that cannot wait for a write. Who was stopped for longer
    /// than the lease learns here that the job may be another's.
    package nonisolated func checkLease() throws(Failure) {
        guard let until = leaseEnd.withLock({ $0 }), until > services.clock.now() else {
            throw Failure(.interrupted, Failure.leaseLostCode, "The lease of job \(jobID) ran out; this attempt stops.")
        }
    }

    /// Makes sure that the job is still ours, before something is written that others see.
    package func confirmLease() async throws(Failure) {
        if lease.mustBeConfirmed(at: services.clock.now()) { try await write() }
    }

    private var isWriting = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// How often a write is made that only an earlier one of ours stood against.
    private static let maxWrites = 3

    /// Writes the record under a renewed lease. Writes queue up: each needs the fence that the one before it made.
    private func write() async throws(Failure) {
        while isWriting { await withCheckedContinuation { waiting.append($0) } }
        isWriting = true
        defer {
            isWriting = false
            let resumed = waiting
            waiting = []
            for continuation in resumed { continuation.resume() }
        }
        for _ in 0..<Self.maxWrites {
            let state = lease.renewed(at: services.clock.now())
            var next = record
            next.state = state
            do {
                if try await services.replace(next, expecting: lease.state.fence) {
                    lease.wrote(state)
                    leaseEnd.withLock { $0 = state.leaseUntil }
                    return
                }
                guard lease.goesOn(from: try await services.records.find(jobID)?.state) else { break }
            } catch {
                throw Failure(error)
            }
        }
        throw Failure(.interrupted, Failure.leaseLostCode, "Another worker has taken job \(jobID) over; this attempt stops.")
    }
}

extension JobServices {
    /// How long a job's record is kept after it was made: 90 days.
    package static let recordLifetime = Duration.seconds(90 * 86_400)

    /// Replaces a record where it is still as `fence` says; also true where the write was made, but its answer was lost.
    package func replace(_ next: JobRecord, expecting fence: JobRecord.Fence) async throws -> Bool {
        if try await records.replace(next, expecting: fence) { return true }
        let found = try await records.find(next.jobID)
        return found?.fence == next.fence
    }

    /// Opens a job that ended undone again, so that it can be claimed: because a person asked for it. False where there is no
    /// such job, or somebody else was first.
    @discardableResult
    package func reopen(_ jobID: String) async throws -> Bool {
        guard let ended = try await records.find(jobID), ended.status.isUndone || ended.status == .superseded else { return false }
        var record = ended
        // Asked for although a newer version was taken: its place in the order is waived.
        if ended.status == .superseded { record.arrival.sequencer = nil }
        record.status = .running
        record.attempt = 0
        record.owner = nil
        record.leaseUntil = nil
        record.endedAt = nil
        record.steps = []
        record.error = nil
        record.announcements = []
        record.updatedAt = ended.state.nextUpdate(at: clock.now())
        return try await replace(record, expecting: ended.fence)
    }
}

extension JobServices {
    /// Sends the announcements that stand in an ended job's record.
    ///
    /// At least once: a kill before the record says that they are out sends them again, with the same ids.
    package func announce(_ ended: JobRecord) async throws {
        for text in ended.announcements where text != JobRecord.deadLetterDue {
            let record = try JSONDecoder().decode(AnnouncementRecord.self, from: Data(text.utf8))
            guard record.standsForOutputs else {
                try await announcements.announce(record.announcement)
                continue
            }
            for announcement in try ParquetDetail.announcements(ended, try await receipt(of: ended), at: record.announcement.time) {
                try await announcements.announce(announcement)
            }
        }
    }

    /// The receipt that a job has stored.
    private func receipt(of ended: JobRecord) async throws -> Receipt {
        let path = "\(workRoot)/announce-\(ended.jobID)-\(UInt32.random(in: 0...UInt32.max)).json"
        try FileManager.default.createDirectory(atPath: workRoot, withIntermediateDirectories: true)
        defer { unlink(path) }
        let source = ended.receipt ?? ""
        _ = try await store.download(Arrival(bucket: "", key: "receipt", source: source), to: path)
        guard let bytes = FileManager.default.contents(atPath: path), let receipt = try? JSONDecoder().decode(Receipt.self, from: bytes)
        else { throw Failure(.transient, "work.file_gone", "The receipt \(source) cannot be read, which says what is to be announced.") }
        return receipt
    }
}

/// An announcement as it stands in a record.
package struct AnnouncementRecord: Codable, Sendable {
    var id, type, pipeline, workflow, detail: String
    var time: Timestamp

    package init(_ announcement: Announcement) {
        id = announcement.id
        type = announcement.detailType
        pipeline = announcement.pipeline
        workflow = announcement.workflow
        detail = announcement.detail
        time = announcement.time
    }

    /// Of the Parquet files of a job that has too many to stand in its record: its receipt names them.
    package init(outputsOf record: JobRecord, at time: Timestamp) {
        id = "\(record.jobID)-1"
        type = Announcement.DetailType.parquetCreated.rawValue
        (pipeline, workflow, detail) = (record.pipeline, record.workflow, Self.allOutputs)
        self.time = time
    }

    private static let allOutputs = "outputs"

    var standsForOutputs: Bool { detail == Self.allOutputs }

    var announcement: Announcement {
        Announcement(id: id, detailType: type, time: time, pipeline: pipeline, workflow: workflow, detail: detail)
    }
}
