import ArgumentParser
import Jobs
import Workflows

/// `landfall jobs list|show|retry|cancel`.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Shows jobs and their steps, asks for them again, or calls them off.",
        subcommands: [List.self, Show.self, Retry.self, Cancel.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists jobs, latest change first.")

        @Option(help: "running, succeeded, rejected, superseded, failed or cancelled.") var status: String?
        @Option(help: ArgumentHelp("Those of a pipeline.", valueName: "name")) var pipeline: String?
        @Option(help: ArgumentHelp("Those of files whose key fits, as in a pipeline's match.", valueName: "pattern")) var key: String?
        @Option(help: ArgumentHelp("Those that changed no longer ago: 90s, 15m, 2h, 7d.", valueName: "duration")) var newerThan: String?
        @Option(help: "How many, at most.") var limit = 100
        @Flag(help: "Print a JSON document a line.") var json = false

        /// The most that are listed, or looked at for those that are meant.
        private static let searchLimit = 100_000
        /// How many records a search reads at first, and how many times as many when those do not do.
        private static let searchFirst = 1000
        private static let searchGrowth = 10

        func run() async throws {
            var wanted: JobStatus?
            if let status {
                guard let known = JobStatus(rawValue: status) else {
                    throw Failure(
                        .permanent, "usage.status",
                        "--status must be one of \(JobStatus.allCases.map(\.rawValue).joined(separator: ", ")), found \"\(status)\".")
                }
                wanted = known
            }
            let limit = try OperatorFlag.limit(limit, Self.searchLimit)
            let pattern = try key.map { text throws(Failure) in try OperatorFlag.pattern(text, "--key") }
            let since = try newerThan.map { text throws(Failure) in
                try OperatorFlag.moment(text, before: WallClock.system.now(), "--newer-than")
            }
            let records = try await find(try Assembly(try Settings()).services.records, wanted, limit) { record in
                (pipeline == nil || record.pipeline == pipeline) && (pattern?.matches(record.arrival.key) ?? true)
                    && (since.map { record.updatedAt >= $0 } ?? true)
            }
            if json {
                for record in records { try Terminal.say(report: JobReport(record)) }
                return
            }
            Terminal.say(
                Terminal.table(
                    [["job", "status", "pipeline", "step", "read", "loaded", "written", "rejected", "key"]]
                        + records.map { record in
                            [
                                record.jobID, record.status.rawValue, record.pipeline, record.step ?? "",
                                String(record.counts.read), String(record.counts.loaded), String(record.counts.written),
                                String(record.counts.rejected), record.arrival.key,
                            ]
                        }))
        }

        private func find(
            _ records: any JobRecords, _ status: JobStatus?, _ limit: Int, where isMeant: (JobRecord) -> Bool
        ) async throws -> [JobRecord] {
            let isFiltered = pipeline != nil || key != nil || newerThan != nil
            var count = isFiltered ? max(limit, Self.searchFirst) : limit
            while true {
                let read = try await records.list(status: status, limit: count)
                let found = read.filter(isMeant).prefix(limit)
                if !isFiltered || found.count == limit || read.count < count || count >= Self.searchLimit { return Array(found) }
                count = min(count * Self.searchGrowth, Self.searchLimit)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one job: its record, steps, counts and error.")

        @Argument(help: "The job's id.") var id: String
        @Flag(help: "Print one JSON document.") var json = false

        func run() async throws {
            guard let record = try await Assembly(try Settings()).services.records.find(id) else {
                throw Failure(.permanent, "input.not_found", "There is no job \(id).")
            }
            let report = JobReport(record)
            if json { try Terminal.say(report: report) } else { Terminal.say(report.text) }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks again for jobs that were rejected, failed, superseded or cancelled.",
            discussion: """
                The job begins anew. Of a job that waits for its next try, or whose worker has died, only a message is queued. A job \
                that is being worked on, or has succeeded, is refused.
                """)

        @Argument(help: "The jobs' ids.") var ids: [String]
        @Flag(help: "Print one JSON document.") var json = false

        func run() async throws {
            let settings = try Settings()
            let catalog = try PipelineCatalog(folder: settings.pipelines)
            let assembly = try Assembly(settings)
            let (queue, operations) = (try assembly.arrivalQueue(), JobOperations(services: assembly.services))
            try await JobChanges(isJSON: json).make(ids, "queued") { try await operations.retry($0, catalog: catalog, queue: queue) }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Calls off jobs that run or wait.",
            discussion: """
                The worker that holds such a job stops at its next step or heartbeat; what it has committed by then stays. The job's \
                message is acknowledged when it comes back. A job that has ended is refused.
                """)

        @Argument(help: "The jobs' ids.") var ids: [String]
        @Flag(help: "Print one JSON document.") var json = false

        func run() async throws {
            let operations = JobOperations(services: try Assembly(try Settings()).services)
            try await JobChanges(isJSON: json).make(ids, "cancelled") { try await operations.cancel($0).jobID }
        }
    }
}
