import Logging
import Postgres
import Telemetry

/// What jobs run on: the four seams, and what is the same for all jobs of a process.
package struct JobServices: Sendable {
    package var store: any ObjectStore
    package var records: any JobRecords
    package var announcements: any Announcements
    /// How Step Functions tasks that wait are told.
    package var callbacks = TaskCallbacks.none
    package var clock: WallClock
    package var workThreads: WorkThreads
    package var metrics: Metrics
    package var log: Logger
    /// Who we are in job records: unique to this process.
    package var owner: String
    package var lease: Duration
    /// How often a job is tried before it fails for good.
    package var maxAttempts: Int
    /// The folder that holds the jobs' scratch folders.
    package var workRoot: String
    /// Whether scratch folders of jobs that succeeded are kept.
    package var keepsScratch: Bool
    /// Where outputs go when a pipeline does not say; nil: it must say.
    package var defaultOutput: String?
    /// Where rejects go; nil: beside the output.
    package var rejectsOutput: String?
    /// The database for loads, looked up when it is needed.
    package var databaseURL: @Sendable () async throws -> DatabaseURL
    /// What writes files and receipts: `landfall 0.1.0`.
    package var softwareName: String

    package init(
        store: any ObjectStore, records: any JobRecords, announcements: any Announcements, clock: WallClock,
        workThreads: WorkThreads, metrics: Metrics, log: Logger, owner: String, lease: Duration, maxAttempts: Int,
        workRoot: String, keepsScratch: Bool, defaultOutput: String?, rejectsOutput: String?,
        databaseURL: @escaping @Sendable () async throws -> DatabaseURL, softwareName: String
    ) {
        self.store = store
        self.records = records
        self.announcements = announcements
        self.clock = clock
        self.workThreads = workThreads
        self.metrics = metrics
        self.log = log
        self.owner = owner
        self.lease = lease
        self.maxAttempts = maxAttempts
        self.workRoot = workRoot
        self.keepsScratch = keepsScratch
        self.defaultOutput = defaultOutput
        self.rejectsOutput = rejectsOutput
        self.databaseURL = databaseURL
        self.softwareName = softwareName
    }
}

extension JobServices {
    /// The numbers of the job protocol.
    package var rules: JobHandling.Rules { JobHandling.Rules(lease: lease, maxAttempts: maxAttempts) }

    /// The folder of a job's files: `<work root>/<job id>/<ddmmyyyyhhmmss>`, when the job was first claimed.
    package func scratch(of record: JobRecord) -> String {
        "\(workRoot)/\(record.jobID)/\(record.createdAt.folderName)"
    }
}
