import Jobs
import Logging
import Postgres
import Synchronization
import Telemetry
import Testing

/// Announcements that are kept, and that can refuse.
final class KeptAnnouncements: Announcements {
    private let kept = Mutex<[Announcement]>([])
    private let refusalsLeft = Mutex(0)
    /// How many are taken before one is refused.
    private let takenBefore = Mutex(0)

    var all: [Announcement] { kept.withLock { $0 } }

    func refuse(_ times: Int, after taken: Int = 0) {
        refusalsLeft.withLock { $0 = times }
        takenBefore.withLock { $0 = taken }
    }

    func announce(_ announcement: Announcement) async throws {
        let isSpared = takenBefore.withLock { taken in
            defer { taken = max(0, taken - 1) }
            return taken > 0
        }
        if !isSpared {
            let isRefused = refusalsLeft.withLock { left in
                defer { left = max(0, left - 1) }
                return left > 0
            }
            if isRefused { throw Failure(.transient, "test.refused", "not now") }
        }
        kept.withLock { $0.append(announcement) }
    }
}

/// A store that no test of this target should reach.
struct NoStore: ObjectStore {
    private var failure: Failure { Failure(.permanent, "test.no_store", "these tests have no store") }

    func describe(_ uri: String) async throws -> ObjectFacts { throw failure }
    func download(_ arrival: Arrival, to path: String) async throws -> ObjectFacts { throw failure }
    func upload(_ path: String, to uri: String, contentType: String) async throws { throw failure }
}

/// Services in memory, on a clock that the test moves.
struct TestServices {
    static let lease = Duration.seconds(30)

    let clock = ManualClock()
    let records = MemoryRecords()
    let announcements = KeptAnnouncements()
    private static let threads = WorkThreads(count: 2)

    /// What one worker of that name would have.
    func worker(_ owner: String, workRoot: String = "/nowhere") -> JobServices {
        JobServices(
            store: NoStore(), records: records, announcements: announcements, clock: clock.wallClock,
            workThreads: Self.threads, metrics: Metrics(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, owner: owner, lease: Self.lease,
            maxAttempts: 3, workRoot: workRoot, keepsScratch: false, defaultOutput: nil, rejectsOutput: nil,
            databaseURL: { throw Failure(.permanent, "test.no_database", "these tests have no database") },
            softwareName: "landfall test")
    }
}

/// What became of an attempt to claim the test's one job.
enum TestClaim {
    case claimed(JobRecord)
    case ended(JobRecord)
    case heldUntil(Timestamp)

    var claimed: JobRecord? { if case .claimed(let record) = self { record } else { nil } }
    var ended: JobRecord? { if case .ended(let record) = self { record } else { nil } }
    var heldUntil: Timestamp? { if case .heldUntil(let until) = self { until } else { nil } }
}

extension JobServices {
    /// Claims the test's one job as ``JobHandling`` says.
    func claim() async throws -> TestClaim {
        let owner = "\(owner):\(UInt32.random(in: 0...UInt32.max))"
        var handling = JobHandling(JobHandling.Request(owner: owner, jitter: 0), rules: rules)
        var event = JobHandling.Event.begun
        var record: JobRecord?
        while true {
            switch handling.next(event, at: clock.now()) {
            case .find:
                record = try await records.find("job")
                event = .found(record?.state)
            case .create(let state):
                record = JobRecord(
                    jobID: "job", pipeline: "orders", workflow: "loader", arrival: .sample, state: state,
                    expiresAt: state.updatedAt.advanced(by: Self.recordLifetime))
                event = .written(try await records.create(try #require(record)))
            case .replace(let state, let fence, _):
                record?.state = state
                event = .written(try await replace(try #require(record), expecting: fence))
            case .work(let state), .finishWork(let state):
                record?.state = state
                return .claimed(try #require(record))
            case .announce: return .ended(try #require(record))
            case .finish(.retry(let after)) where record?.status.isEnded != true: return .heldUntil(clock.now().advanced(by: after))
            case .finish: return .ended(try #require(record))
            }
        }
    }

    /// Gives a job back, as an attempt does that failed or (not `counted`) was interrupted.
    func release(_ run: JobRun, counted: Bool) async throws -> Bool {
        var record = await run.current
        let fence = record.fence
        (record.owner, record.leaseUntil) = (nil, nil)
        record.attempt -= counted ? 0 : 1
        return try await replace(record, expecting: fence)
    }
}

extension Arrival {
    static let sample = Arrival(bucket: "raw", key: "orders/1.csv", version: "v1", etag: "e1", size: 12)
}
