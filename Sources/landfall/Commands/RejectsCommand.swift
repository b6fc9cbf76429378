import ArgumentParser
import FoundationEssentials
import Glibc
import Jobs
import LocalBackend
import Postgres
import SQL
import Tabular
import Workflows

/// `landfall rejects show|replay`.
struct RejectsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejects", abstract: "Shows the rows that a job has set aside, and loads them once they are mended.",
        subcommands: [Show.self, Replay.self])

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says where rejected rows stood and what was wrong, and counts the codes.")

        @Argument(help: "A rejects file (a path or an s3:// URI), or a job's id.") var rejects: String
        @Option(help: "How many rows to list, at most.") var limit = 100
        @Flag(help: "Print one JSON document.") var json = false

        private struct Report: Encodable {
            var file: String
            var rejects: Int64
            var codes: [CodeCount]
            var rows: [RejectsFile.Entry]
        }

        private struct CodeCount: Encodable {
            var code: String
            var rows: Int64
        }

        func run() async throws {
            guard (0...1_000_000).contains(limit) else {
                throw Failure(.permanent, "usage.limit", "--limit must be from 0 to 1000000.")
            }
            let place = try await RejectsPlace(rejects, settings: try Settings(defaultBackend: rejects.hasPrefix("s3://") ? .aws : .local))
            defer { place.discard() }
            var counts: [String: Int64] = [:]
            var total: Int64 = 0
            var rows: [RejectsFile.Entry] = []
            try RejectsFile(path: place.path).forEach { entry in
                total += 1
                counts[entry.code ?? "", default: 0] += 1
                if rows.count < limit { rows.append(entry) }
            }
            let codes = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { CodeCount(code: $0.key, rows: $0.value) }
            let report = Report(file: place.uri, rejects: total, codes: codes, rows: rows)
            if json { try Terminal.say(report: report) } else { say(report) }
        }

        private func say(_ report: Report) {
            Terminal.say("\(report.file): \(report.rejects) rejected rows")
            for count in report.codes { Terminal.say("\(count.rows)  \(count.code)") }
            guard !report.rows.isEmpty else { return }
            Terminal.say(
                Terminal.table(
                    [["row", "line", "column", "code", "reason"]]
                        + report.rows.map {
                            [String($0.row), $0.line.map(String.init) ?? "", $0.column ?? "", $0.code ?? "", $0.reason ?? ""]
                        }))
            if report.rejects > Int64(report.rows.count) { Terminal.say("… (--limit shows more)") }
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Loads a mended rejects file: its rows join those of the job that set them aside.",
            discussion: """
                Mend the values in the source's columns and leave the columns _row to _reason as they are; leave out rows that \
                are not to be loaded. A row is loaded once, however often its file is replayed.
                """)

        @Argument(help: "The mended rejects file: a path or an s3:// URI.") var rejects: String
        @Option(help: "The job that set the rows aside. Left out: by the file's name.") var job: String?
        @Option(help: ArgumentHelp("The pipeline's name, or its file. Left out: the job's.", valueName: "name|file"))
        var pipeline: String?
        @Option(help: ArgumentHelp("The database of the load.", valueName: "url")) var database: String?
        @Option(help: ArgumentHelp("Where the output goes: a folder or s3://…", valueName: "path")) var output: String?
        @OptionGroup var rejectFlags: RejectFlags
        @Flag(help: "Print the receipt as one JSON document.") var json = false

        func run() async throws {
            var flags: [SettingName: String] = [:]
            flags[.output] = output
            flags[.databaseURL] = database
            if let database { _ = try DatabaseURL(database) }
            let settings = try Settings(flags: flags, defaultBackend: rejects.hasPrefix("s3://") ? .aws : .local)
            let services = try Assembly(settings).services
            let first = try await firstJob(services)
            var pipeline = try self.pipeline(of: first, settings)
            let load = SQL.Replay(loadID: first.jobID, source: first.arrival.sourceWithVersion)
            let done = pipeline.workflow == .loader ? try await Self.done(load, services) : []
            pipeline.input = pipeline.input.replaying(ReplayedRows(replay: load, done: done))
            // The rows join those that are there: they are no new state of the table.
            if let target = pipeline.target, case .replace = target.mode { pipeline.target?.mode = .append }
            if let output { pipeline.output.to = output.hasPrefix("s3://") ? output : try Assembly.absolute(output) }
            let policy = try rejectFlags.policy()
            if rejectFlags.onError != nil { pipeline.rows = policy }
            let arrival = try await arrival(of: first, services)
            try await services.reopen(JobID.of(arrival, pipeline: pipeline.name))
            let execution = await JobExecutor(catalog: PipelineCatalog([pipeline]), services: services)
                .execute(JobRequest(arrival: arrival, pipeline: pipeline.name))
            try await report(execution, first, services)
        }

        private func firstJob(_ services: JobServices) async throws -> JobRecord {
            if let job {
                guard let record = try await services.records.find(job) else {
                    throw Failure(.permanent, "input.not_found", "There is no job \(job).")
                }
                return record
            }
            let name = rejects.split(separator: "/").last.map(String.init) ?? rejects
            let digits = name.split(separator: ".").map(String.init).filter { $0.count == 12 && $0.allSatisfy(\.isHexDigit) }
            let records = try await services.records.list(status: nil, limit: 100_000)
            let found = records.filter { record in digits.contains { record.jobID.hasPrefix($0) } }
            guard let record = found.first, found.count == 1 else {
                throw Failure(.permanent, "usage.job", "The name \(name) does not say which job set these rows aside. Give --job.")
            }
            return record
        }

        private func pipeline(of first: JobRecord, _ settings: Settings) throws -> Pipeline {
            if let pipeline, pipeline.hasSuffix(".yaml") || pipeline.hasSuffix(".yml") || pipeline.contains("/") {
                return try PipelineCatalog.read(path: pipeline)
            }
            if pipeline == nil, first.pipeline.hasPrefix("run-load-") {
                guard database != nil else {
                    throw Failure(.permanent, "usage.database", "The rows were loaded with --database; give it here, too.")
                }
                let table = try TableName(name: DataFormat.stem(of: first.arrival.key))
                return Pipeline(
                    name: first.pipeline, workflow: .loader, target: .init(table: table, mode: .append), output: .init(format: .parquet))
            }
            let request = JobRequest(arrival: first.arrival, pipeline: pipeline ?? first.pipeline)
            return try PipelineCatalog(folder: settings.pipelines).pipeline(for: request)
        }

        private static func done(_ load: SQL.Replay, _ services: JobServices) async throws -> Set<Int64> {
            let connection = try await PostgresConnection.connect(to: try await services.databaseURL())
            do {
                let rows = try await connection.execute(SQL.Replay.query, [load.loadID])
                await connection.close()
                return Set(rows.compactMap { $0.first.flatMap { $0 }.flatMap { Int64($0) } })
            } catch {
                await connection.close()
                if let error = error as? PostgresError, error.code == "database.undefined_table" { return [] }
                throw error
            }
        }

        /// The file as an arrival of its own: its content and the first job make the replay's id.
        private func arrival(of first: JobRecord, _ services: JobServices) async throws -> Arrival {
            if let place = SourceURI(rejects), rejects.hasPrefix("s3://") {
                let facts = try await services.store.describe(rejects)
                return Arrival(
                    bucket: "replay", key: "\(first.jobID)/\(place.key)", version: facts.version, etag: facts.etag, size: facts.size,
                    source: rejects)
            }
            let path = try Assembly.absolute(rejects)
            let (version, size) = try FileVersion.text(ofFileAt: path)
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return Arrival(
                bucket: "replay", key: "\(first.jobID)/\(name)", version: version, size: size, source: FileURI.uri(ofPath: path))
        }

        private struct Report: Encodable {
            var job, replayOf, outcome: String
            var rowsRead, rowsLoaded, rowsWritten, rowsRejected, rowsReplayedBefore: Int64
        }

        private func report(_ execution: Execution, _ first: JobRecord, _ services: JobServices) async throws {
            switch execution.outcome {
            case .done, .alreadyDone, .superseded: break
            case .retry, .interrupted, .rejected:
                throw execution.failure ?? Failure(.transient, "job.held", "Another worker holds the job; try again later.")
            }
            let isDoneBefore = execution.receipt == nil
            let counts = execution.receipt?.counts ?? execution.record?.counts ?? Counts()
            let report = Report(
                job: execution.receipt?.jobID ?? execution.record?.jobID ?? "", replayOf: first.jobID,
                outcome: isDoneBefore ? "alreadyDone" : "done", rowsRead: counts.read, rowsLoaded: counts.loaded,
                rowsWritten: counts.written,
                rowsRejected: counts.rejected, rowsReplayedBefore: counts.filtered)
            if json { return try Terminal.say(report: report) }
            Terminal.say(
                "\(rejects): \(counts.read) rows read, \(counts.loaded) loaded, \(counts.rejected) rejected, \(counts.filtered) replayed before"
                    + (isDoneBefore ? " (done before)" : ""))
        }
    }
}

/// A rejects file that is on this machine: where it was, or a copy.
private struct RejectsPlace {
    let uri: String
    let path: String
    private let isCopy: Bool

    /// Finds the file that a path, a URI or a job's id names.
    init(_ name: String, settings: Settings) async throws {
        let isRemote = name.hasPrefix("s3://")
        let isJob = !isRemote && name.utf8.count == 32 && name.allSatisfy(\.isHexDigit) && access(name, F_OK) != 0
        guard isRemote || isJob else {
            (uri, path, isCopy) = (name, try Assembly.absolute(name), false)
            return
        }
        let services = try Assembly(settings).services
        try FileManager.default.createDirectory(atPath: services.workRoot, withIntermediateDirectories: true)
        uri = isJob ? try await Self.rejects(of: name, services) : name
        path = "\(services.workRoot)/rejects-\(getpid()).csv"
        isCopy = true
        _ = try await services.store.download(Arrival(bucket: "", key: "rejects", source: uri), to: path)
    }

    private static func rejects(of job: String, _ services: JobServices) async throws -> String {
        guard let record = try await services.records.find(job) else {
            throw Failure(.permanent, "input.not_found", "There is no job \(job).")
        }
        guard let receiptURI = record.receipt else {
            throw Failure(.permanent, "input.not_found", "The job \(job) has no receipt: it is \(record.status.rawValue).")
        }
        let path = "\(services.workRoot)/receipt-\(getpid()).json"
        defer { unlink(path) }
        _ = try await services.store.download(Arrival(bucket: "", key: "receipt", source: receiptURI), to: path)
        let receipt = try JSONDecoder().decode(Receipt.self, from: FileManager.default.contents(atPath: path) ?? Data())
        guard let output = receipt.outputs.first(where: { $0.format == "rejects" }) else {
            throw Failure(.permanent, "input.not_found", "The job \(job) has set no rows aside.")
        }
        return output.uri
    }

    func discard() {
        if isCopy { unlink(path) }
    }
}
