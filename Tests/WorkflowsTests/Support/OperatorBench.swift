import Jobs
import Logging
import Synchronization
import Telemetry
import Workflows

/// Job records in memory.
actor KeptRecords: JobRecords {
    private var records: [String: JobRecord] = [:]
    /// Runs before each replace: what somebody else does in between.
    private var meanwhile: (@Sendable (inout [String: JobRecord]) -> Void)?

    func find(_ jobID: String) -> JobRecord? { records[jobID] }
    func create(_ record: JobRecord) -> Bool {
        guard records[record.jobID] == nil else { return false }
        records[record.jobID] = record
        return true
    }
    func replace(_ record: JobRecord, expecting fence: JobRecord.Fence) -> Bool {
        meanwhile?(&records)
        guard records[record.jobID]?.fence == fence else { return false }
        records[record.jobID] = record
        return true
    }
    func relatives(of record: JobRecord) -> [JobRecord] { records.values.filter(record.isRelative) }

    func list(status: JobStatus?, limit: Int) -> [JobRecord] { Array(records.values.prefix(limit)) }

    func put(_ record: JobRecord) { records[record.jobID] = record }
    func interfere(_ meanwhile: @escaping @Sendable (inout [String: JobRecord]) -> Void) { self.meanwhile = meanwhile }
}

/// A dead-letter queue in memory, and the bodies that were queued.
final class KeptQueue: ArrivalQueue {
    private struct State {
        var letters: [DeadLetter] = []
        var taken: Set<String> = []
        var sent: [String] = []
        var refusesSends = false
    }

    private let state = Mutex(State())

    init(_ letters: [DeadLetter] = []) { state.withLock { $0.letters = letters } }

    var sent: [String] { state.withLock { $0.sent } }
    var left: [String] { state.withLock { $0.letters.map(\.id) } }
    /// Letters that were taken and neither settled nor given back.
    var held: Set<String> { state.withLock { $0.taken } }

    func refuseSends() { state.withLock { $0.refusesSends = true } }

    /// What a worker does that takes the message, and fails again.
    func onRedrive(_ body: @escaping @Sendable (DeadLetter) -> DeadLetter?) { again.withLock { $0 = body } }
    private let again = Mutex<(@Sendable (DeadLetter) -> DeadLetter?)?>(nil)

    func receive(max: Int, wait: Duration, visibility: Duration) -> [QueueMessage] { [] }
    func extend(_ message: QueueMessage, visibility: Duration) {}
    func delete(_ message: QueueMessage) {}
    func copyToDeadLetters(_ message: QueueMessage, reason: DeadLetterReason) {}
    func send(_ body: String) throws {
        try state.withLock {
            if $0.refusesSends { throw Failure(.transient, "test.refused", "not now") }
            $0.sent.append(body)
        }
    }
    func deadLetters(limit: Int) -> [DeadLetter] { state.withLock { Array($0.letters.prefix(limit)) } }

    func takeDeadLetters(max: Int, visibility: Duration) -> [DeadLetter] {
        state.withLock { state in
            let letters = state.letters.filter { !state.taken.contains($0.id) }.prefix(max)
            state.taken.formUnion(letters.map(\.id))
            return Array(letters)
        }
    }
    func redrive(_ letter: DeadLetter) throws {
        try send(letter.body)
        deleteDeadLetter(letter)
        if let next = again.withLock({ $0 })?(letter) { state.withLock { $0.letters.append(next) } }
    }
    func deleteDeadLetter(_ letter: DeadLetter) {
        state.withLock { state in
            state.letters.removeAll { $0.id == letter.id }
            state.taken.remove(letter.id)
        }
    }
    func giveBack(_ letters: [DeadLetter]) {
        state.withLock { state in state.taken.subtract(letters.map(\.id)) }
    }
}

private struct KeptStore: ObjectStore {
    let known: Set<String>

    func describe(_ uri: String) throws -> ObjectFacts {
        guard known.contains(uri) else { throw Failure(.badInput, "input.not_found", "\(uri) is not there") }
        return ObjectFacts(size: 1, etag: nil, version: nil)
    }
    func download(_ arrival: Arrival, to path: String) throws -> ObjectFacts { try describe(arrival.source) }
    func upload(_ path: String, to uri: String, contentType: String) {}
}

private final class KeptAnnouncements: Announcements {
    let ids = Mutex<[String]>([])
    func announce(_ announcement: Announcement) { ids.withLock { $0.append(announcement.id) } }
}

/// Services in memory for what operators do, at a moment that stands still.
struct OperatorBench {
    static let now = Timestamp(milliseconds: 1_790_000_000_000)
    let records = KeptRecords()
    let services: JobServices
    private let announcements = KeptAnnouncements()
    private static let threads = WorkThreads(count: 1)

    var announced: [String] { announcements.ids.withLock { $0 } }

    init(workRoot: String = "/nowhere", keepsScratch: Bool = false, objects: Set<String> = []) {
        services = JobServices(
            store: KeptStore(known: objects), records: records, announcements: announcements, clock: WallClock { Self.now },
            workThreads: Self.threads, metrics: Metrics(), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, owner: "test",
            lease: .seconds(30), maxAttempts: 3, workRoot: workRoot, keepsScratch: keepsScratch, defaultOutput: nil,
            rejectsOutput: nil, databaseURL: { throw Failure(.permanent, "test.no_database", "these tests have no database") },
            softwareName: "landfall test")
    }

    /// A record of the arrival's job, that ended (or was last seen) so long ago.
    static func record(
        _ arrival: Arrival, _ pipeline: String, _ status: JobStatus, ago: Duration = .seconds(60), code: String? = nil,
        revision: String? = nil, owner: String? = nil, lease: Duration? = nil
    ) -> JobRecord {
        let then = now.advanced(by: .zero - ago)
        var record = JobRecord(
            jobID: JobID.of(arrival, pipeline: pipeline), pipeline: pipeline, workflow: "convertor", arrival: arrival,
            state: JobState(
                status: status, attempt: 1, owner: owner, leaseUntil: lease.map { now.advanced(by: $0) }, updatedAt: then,
                endedAt: status.isEnded ? then : nil), expiresAt: now.advanced(by: .seconds(86_400)))
        record.error = code.map { JobRecord.ErrorRecord(code: $0, message: "why") }
        record.revision = revision
        return record
    }
}
