import FoundationEssentials
import Glibc
import Logging
import Telemetry

/// The named steps of all workflows.
package enum StepName: String, Sendable, CaseIterable {
    case download, transform, load, convert, validate, upload, announce
}

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
/// All writes of the record go through here, one after another, each conditional on the lease; a write that finds the
/// lease lost makes this attempt stop.
package actor JobRun {
    package nonisolated let jobID: String
    package nonisolated let attempt: Int
    /// `<work root>/<job id>/<ddmmyyyyhhmmss>`: the same for all attempts at the job.
    package nonisolated let scratch: String
    package nonisolated let log: Logger
    private var record: JobRecord
    private let services: JobServices

    /// `record` must have been claimed by this worker.
    package init(record: JobRecord, services: JobServices) {
        self.record = record
        fence = record.fence
        self.services = services
        jobID = record.jobID
        attempt = record.attempt
        scratch = "\(services.workRoot)/\(record.jobID)/\(record.createdAt.folderName)"
        log = services.log.with([.jobID: record.jobID, .pipeline: record.pipeline, .attempt: record.attempt])
    }

    package var current: JobRecord { record }

    /// Runs one step: the single place for cancellation, timing, log line, metric, checkpoint and error conversion.
    ///
    /// A step that an earlier attempt ended is not run again while its files still match. The body runs on the work
    /// threads.
    package func step<Result: StepResult>(
        _ name: StepName, _ body: @Sendable () async throws -> Result
    ) async throws(Failure) -> Result {
        if let result: Result = checkpointed(name) {
            log.log(.info, "Step was done by an earlier attempt", [.step: name.rawValue])
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
            return result
        } catch {
            services.metrics.add(to: .stepsEnded, ["step": name.rawValue, "result": "failed"])
            throw Failure(error)
        }
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
        let folder = "\(scratch)/steps"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/\(name.rawValue).json"
        try Data(result.utf8).write(to: URL(filePath: path), options: .atomic)
        return try ResultFile(resultFile: path).jsonText()
    }

    private func kept(_ text: String) -> Data {
        let inline = Data(text.utf8)
        guard let reference = try? JSONDecoder().decode(ResultFile.self, from: inline) else { return inline }
        return FileManager.default.contents(atPath: reference.resultFile) ?? inline
    }

    /// Keeps the job for another lease; false where it is no longer ours.
    package func renewLease() async throws -> Bool {
        guard !record.status.isEnded else { return true }
        do {
            try await write()
            return true
        } catch  where error.code == Self.leaseLost {
            return false
        }
    }

    /// Ends the job. What is to be announced stands in the record until it is out.
    package func end(
        _ status: JobStatus, counts: Counts, error: JobRecord.ErrorRecord?, receipt: String?,
        announcements: [Announcement], isDeadLettered: Bool = false
    ) async throws {
        record.status = status
        record.counts = counts
        record.error = error
        record.receipt = receipt
        record.announcements = try announcements.map { try AnnouncementRecord($0).jsonText() }
        if isDeadLettered { record.announcements.append(JobRecord.deadLetterDue) }
        try await write(lease: nil)
    }

    /// Sends what an ended job still has to announce.
    package func announce() async throws {
        record = try await services.announce(record)
    }

    /// Gives the job back, so that another attempt can take it at once. `error` says why this one ended.
    /// An attempt that was interrupted does not count.
    package func release(_ failure: Failure) async throws {
        record.error = JobRecord.ErrorRecord(code: failure.code, message: failure.message)
        record.owner = nil
        try await write(lease: nil)
    }

    private static let leaseLost = "job.lease_lost"

    private func write() async throws(Failure) {
        try await write(lease: services.lease)
    }

    private var isWriting = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Writes the record under the lease last written. Writes queue up: each needs the fence that the one before it made.
    private func write(lease: Duration?) async throws(Failure) {
        while isWriting { await withCheckedContinuation { waiting.append($0) } }
        isWriting = true
        defer {
            isWriting = false
            let resumed = waiting
            waiting = []
            for continuation in resumed { continuation.resume() }
        }
        let now = services.clock.now()
        var next = record
        next.updatedAt = now
        next.leaseUntil = lease.map { now.advanced(by: $0) }
        let written: Bool
        do {
            var stored = try await services.records.replace(next, expecting: fence)
            if !stored {
                // Either the lease is lost, or only the answer to an earlier try of this very write.
                let found = try await services.records.find(jobID)
                stored = found?.fence == next.fence && found?.updatedAt == next.updatedAt
            }
            written = stored
        } catch {
            throw Failure(error)
        }
        guard written else {
            throw Failure(.interrupted, Self.leaseLost, "Another worker has taken job \(jobID) over; this attempt stops.")
        }
        fence = next.fence
        record.leaseUntil = next.leaseUntil
        record.updatedAt = now
    }

    /// The record's fence as it was last written, whatever ``record`` says since.
    private var fence: JobRecord.Fence
}

extension JobServices {
    /// Sends the announcements that stand in an ended job's record, and takes them out of it: the record as it is then.
    ///
    /// At least once: a kill between the two sends them again, with the same ids.
    package func announce(_ ended: JobRecord) async throws -> JobRecord {
        let due = ended.announcements.filter { $0 != JobRecord.deadLetterDue }
        guard !due.isEmpty else { return ended }
        var record = ended
        let started = clock.now()
        for text in due {
            let announcement = try JSONDecoder().decode(AnnouncementRecord.self, from: Data(text.utf8))
            try await announcements.announce(announcement.announcement)
        }
        record.announcements.removeAll { $0 != JobRecord.deadLetterDue }
        record.updatedAt = clock.now()
        record.steps.append(
            StepRecord(name: StepName.announce.rawValue, started: started, ended: record.updatedAt, result: "{}"))
        _ = try await records.replace(record, expecting: ended.fence)
        return record
    }
}

/// An announcement as it stands in a record.
struct AnnouncementRecord: Codable {
    var id, type, pipeline, workflow, detail: String
    var time: Timestamp

    init(_ announcement: Announcement) {
        id = announcement.id
        type = announcement.detailType
        pipeline = announcement.pipeline
        workflow = announcement.workflow
        detail = announcement.detail
        time = announcement.time
    }

    var announcement: Announcement {
        Announcement(id: id, detailType: type, time: time, pipeline: pipeline, workflow: workflow, detail: detail)
    }
}
