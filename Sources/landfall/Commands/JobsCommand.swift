import ArgumentParser
import Jobs

/// `landfall jobs list|show`.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Shows jobs and their steps.", subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists jobs, latest change first.")

        @Option(help: "running, succeeded, rejected, superseded, failed or cancelled.") var status: String?
        @Option(help: "How many, at most.") var limit = 100
        @Flag(help: "Print a JSON document a line.") var json = false

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
            guard (1...100_000).contains(limit) else {
                throw Failure(.permanent, "usage.limit", "--limit must be from 1 to 100000.")
            }
            let records = try await Assembly(try Settings()).services.records.list(status: wanted, limit: limit)
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
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows one job: its steps, counts and error.")

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
}
