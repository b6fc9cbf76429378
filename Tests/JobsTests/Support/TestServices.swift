import Jobs
import Logging
import Postgres
import Synchronization
import Telemetry

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

extension JobServices {
    /// Claims the test's one job.
    func claim() async throws -> JobClaim {
        try await claim(jobID: "job", pipeline: "orders", workflow: "loader", arrival: .sample)
    }
}

extension JobClaim {
    var claimed: JobRecord? { if case .claimed(let record) = self { record } else { nil } }
    var ended: JobRecord? { if case .ended(let record) = self { record } else { nil } }
    var heldUntil: Timestamp? { if case .held(let until) = self { until } else { nil } }
}

extension Arrival {
    static let sample = Arrival(bucket: "raw", key: "orders/1.csv", version: "v1", etag: "e1", size: 12)
}
