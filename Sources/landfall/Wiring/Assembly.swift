import AWS
import AWSBackend
import FoundationEssentials
import Glibc
import HTTP
import Jobs
import LocalBackend
import Logging
import Postgres
import Telemetry
import Worker
import Workflows

/// The parts of a process, put together from its settings: the only place that picks implementations.
struct Assembly {
    let settings: Settings
    /// The queue of arrivals. Not every command needs one, so that it is missing is an error only for those that ask.
    let arrivalQueue: @Sendable () throws(Failure) -> any ArrivalQueue
    private(set) var services: JobServices
    let metrics: Metrics
    let log: Logger
    /// Set on the local backend.
    let landing: LandingWatch?
    let aws: AWSClient?

    init(_ settings: Settings, logsFor audience: Settings.LogAudience = .person) throws {
        self.settings = settings
        log = settings.logger(for: audience)
        metrics = Metrics()
        let aws = try? AWSClient(environment: settings.environment)
        let records: any JobRecords
        let announcements: any Announcements
        var defaultOutput = settings.output
        var rejectsOutput: String?
        switch settings.backend {
        case .aws:
            let client = try aws ?? AWSClient(environment: settings.environment)
            self.aws = client
            arrivalQueue = { () throws(Failure) in
                if let activity = settings.activityARN, settings.queueURL == nil {
                    return ActivityQueue(
                        stepFunctions: client.stepFunctions, activityARN: activity, workerName: Self.owner(),
                        deadLetters: settings.dlqURL.map { SQSQueue(sqs: client.sqs, queueURL: $0, deadLetterURL: $0) })
                }
                return SQSQueue(
                    sqs: client.sqs, queueURL: try settings.required(settings.queueURL, .queueURL),
                    deadLetterURL: try settings.required(settings.dlqURL, .dlqURL))
            }
            records = DynamoDBJobRecords(dynamoDB: client.dynamoDB, table: settings.jobsTable)
            announcements = AWSAnnouncements(
                sns: client.sns, topicARN: settings.topicARN, eventBridge: client.eventBridge, eventBus: settings.eventBus)
            landing = nil
        case .local:
            self.aws = aws
            let folders = try LocalFolders(root: settings.localRoot)
            let database = try LocalDatabase(path: folders.database)
            arrivalQueue = { LocalQueue(database: database, clock: .system) }
            records = LocalJobRecords(database: database)
            announcements = LocalAnnouncements(
                events: EventsFile(path: folders.events), queue: LocalQueue(database: database, clock: .system),
                catalog: try? PipelineCatalog(folder: settings.pipelines))
            landing = LandingWatch(landing: folders.landing, database: database, clock: .system)
            defaultOutput = defaultOutput ?? folders.output
            rejectsOutput = folders.rejects
        }
        let lookup = DatabaseLookup(url: settings.databaseURL, secretID: settings.databaseSecret, aws: self.aws)
        services = JobServices(
            store: StoreRouter(files: FolderStore(), s3: self.aws.map { S3Store(s3: $0.s3) }), records: records,
            announcements: announcements, clock: .system, workThreads: WorkThreads(count: settings.concurrency),
            metrics: metrics, log: log, owner: Self.owner(), lease: settings.lease, maxAttempts: settings.maxAttempts,
            workRoot: try Self.absolute(settings.workDir), keepsScratch: settings.keepScratch,
            defaultOutput: try defaultOutput.map { $0.hasPrefix("s3://") ? $0 : try Self.absolute($0) },
            rejectsOutput: rejectsOutput, databaseURL: { try await lookup.databaseURL() },
            softwareName: "landfall \(Landfall.version)")
        if let aws = self.aws { services.callbacks = TaskCallbacks(aws.stepFunctions) }
    }

    /// Pauses loads while the database is away.
    func databaseBreaker() -> DatabaseBreaker {
        let databaseURL = services.databaseURL
        return DatabaseBreaker(metrics: metrics, log: log) {
            let connection = try await PostgresConnection.connect(to: try await databaseURL())
            await connection.close()
        }
    }

    /// Nil outside of ECS.
    func busyProtection() -> BusyProtection? {
        guard settings.environment["ECS_AGENT_URI"] != nil,
            let agent = ECSAgent(environment: settings.environment, http: HTTPClient(HTTPClientSettings()))
        else { return nil }
        return BusyProtection(log: log) { isProtected, minutes in
            _ = try await agent.setProtection(isProtected, minutes: minutes)
        }
    }

    /// Who this process is in job records: host, process, and a number that makes a reused process id another one.
    private static func owner() -> String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(host):\(getpid()):\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
    }

    static func absolute(_ path: String) throws(Failure) -> String {
        if path.hasPrefix("/") { return path }
        if path.hasPrefix("file://") {
            guard let place = SourceURI(path) else {
                throw Failure(.permanent, "settings.bad_value", "\(path) is no file:// URI of this machine.")
            }
            return place.key
        }
        let here = FileManager.default.currentDirectoryPath
        let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return here + "/" + relative
    }
}
