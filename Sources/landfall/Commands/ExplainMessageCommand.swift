import ArgumentParser
import FoundationEssentials
import Jobs
import Workflows

/// `landfall explain-message [FILE]`.
struct ExplainMessageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain-message", abstract: "Says how a message body would be read, and which pipeline would take it.")

    @Argument(help: "A file with the body; left out or -: standard input.") var file: String?
    @Flag(help: "Print one JSON document.") var json = false

    /// What a queue's message can hold: 1 MiB.
    private static let maxBodyBytes = 1 << 20

    private struct JobReport: Encodable {
        var bucket, key, source: String
        var version, etag, sequencer: String?
        var size: Int64?
        /// The one step that is asked for.
        var step: String?
        /// Whether a Step Functions task waits for the end; its token is a secret, and not shown.
        var hasTaskToken: Bool
        var pipeline: String?
        var workflow: String?
        var jobID: String?
        var error: JobRecord.ErrorRecord?
    }

    private struct Report: Encodable {
        /// `work`, `ignored` or `not_understood`.
        var verdict: String
        var shape: String?
        var reason: String?
        var jobs: [JobReport]
    }

    func run() async throws {
        let body: [UInt8]
        if let file, file != "-" {
            guard let contents = FileManager.default.contents(atPath: file) else {
                throw Failure(.permanent, "input.not_found", "\(file) cannot be read.")
            }
            body = Array(contents)
        } else {
            body = Terminal.readInput(maxBytes: Self.maxBodyBytes)
        }
        let report = try report(String(decoding: body, as: UTF8.self))
        if json { try Terminal.say(report: report) } else { say(report) }
    }

    private func report(_ body: String) throws -> Report {
        switch MessageReading(body: body) {
        case .ignored(let what): return Report(verdict: "ignored", shape: what, reason: nil, jobs: [])
        case .notUnderstood(let why): return Report(verdict: "not_understood", shape: nil, reason: why, jobs: [])
        case .requests(let requests, let shape):
            let catalog = try PipelineCatalog(folder: try Settings(defaultBackend: .local).pipelines)
            return Report(verdict: "work", shape: shape, reason: nil, jobs: requests.map { job($0, catalog) })
        }
    }

    private func job(_ request: JobRequest, _ catalog: PipelineCatalog) -> JobReport {
        let arrival = request.arrival
        var report = JobReport(
            bucket: arrival.bucket, key: arrival.key, source: arrival.source, version: arrival.version, etag: arrival.etag,
            sequencer: arrival.sequencer, size: arrival.size,
            step: request.step?.rawValue, hasTaskToken: request.taskToken != nil)
        do {
            let pipeline = try catalog.pipeline(for: request)
            report.pipeline = pipeline.name
            report.workflow = pipeline.workflow.rawValue
            report.jobID = JobID.of(arrival, pipeline: pipeline.name)
        } catch {
            report.error = JobRecord.ErrorRecord(code: error.code, message: error.message)
        }
        return report
    }

    private func say(_ report: Report) {
        switch report.verdict {
        case "ignored": Terminal.say("acknowledged without work: \(report.shape ?? "")")
        case "not_understood": Terminal.say("not understood: \(report.reason ?? ""); it would go to the dead-letter queue")
        default: Terminal.say("\(report.shape ?? ""), \(report.jobs.count) file(s)")
        }
        for job in report.jobs {
            Terminal.say("  \(job.source)" + (job.version.map { " version \($0)" } ?? ""))
            if let step = job.step { Terminal.say("    only step \(step)") }
            if job.hasTaskToken { Terminal.say("    a Step Functions task waits for its end") }
            if let error = job.error { Terminal.say("    \(error.code): \(error.message)") }
            if let pipeline = job.pipeline, let id = job.jobID {
                Terminal.say("    pipeline \(pipeline) (\(job.workflow ?? "")), job \(id)")
            }
        }
    }
}
