import ArgumentParser
import FoundationEssentials
import Glibc
import HTTP
import Jobs
import Postgres
import Workflows

/// `landfall check`.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks settings, pipelines, credentials, permissions, endpoints and the database.")

    @Flag(help: "Only ask the running worker's /livez: 0 when it answers, else 69.") var health = false
    @Flag(help: "Print one JSON document.") var json = false

    struct Finding: Encodable {
        var check: String
        var ok: Bool
        var detail: String
        var code: String?
    }

    private struct Report: Encodable {
        var ok: Bool
        var checks: [Finding]
    }

    func run() async throws {
        let settings = try Settings()
        if health {
            try await askWorker(settings)
            return
        }
        var findings = [Finding(check: "settings", ok: true, detail: "backend \(settings.backend.rawValue)", code: nil)]
        var failures: [Failure] = []
        func check(_ name: String, _ body: () async throws -> String) async {
            do {
                findings.append(Finding(check: name, ok: true, detail: try await body(), code: nil))
            } catch {
                let failure = Failure(error)
                failures.append(failure)
                findings.append(Finding(check: name, ok: false, detail: failure.message, code: failure.code))
            }
        }
        var catalog: PipelineCatalog?
        await check("pipelines") {
            let read = try PipelineCatalog(folder: settings.pipelines)
            catalog = read
            return "\(read.pipelines.count) in \(settings.pipelines): \(read.pipelines.map(\.name).joined(separator: ", "))"
        }
        await check("work folder") { try Self.tryWriting(settings.workDir) }
        var assembly: Assembly?
        await check("backend") {
            assembly = try Assembly(settings)
            return settings.backend.rawValue
        }
        if let assembly {
            if settings.backend == .aws { await checkAWS(assembly, check) }
            let needsDatabase = catalog?.pipelines.contains { $0.target != nil } ?? false
            if needsDatabase || settings.databaseURL != nil || settings.databaseSecret != nil {
                await check("database") {
                    let url = try await assembly.services.databaseURL()
                    let connection = try await PostgresConnection.connect(to: url)
                    let version = await connection.serverVersion
                    await connection.close()
                    return "\(url) answers, PostgreSQL \(version / 10_000)"
                }
            }
        }
        try report(findings, failures)
    }

    private func checkAWS(_ assembly: Assembly, _ check: (String, () async throws -> String) async -> Void) async {
        guard let aws = assembly.aws else { return }
        let settings = assembly.settings
        await check("credentials") {
            _ = try await aws.credentials()
            let identity = try await aws.sts.callerIdentity()
            return "account \(identity.account), \(identity.arn)"
        }
        for (name, setting, value) in [
            ("queue", SettingName.queueURL, settings.queueURL), ("dead-letter queue", .dlqURL, settings.dlqURL),
        ] {
            await check(name) {
                let url = try settings.required(value, setting)
                let facts = try await aws.sqs.queueAttributes(queueURL: url)
                return "\(url) has \(facts["ApproximateNumberOfMessages"] ?? "?") messages"
            }
        }
        await check("jobs table") {
            let table = try await aws.dynamoDB.describeTable(settings.jobsTable)
            let index =
                table.indexNames.contains("by_status")
                ? "" : "; it lacks the index by_status, so `jobs list` reads the whole table"
            return "\(settings.jobsTable) is \(table.status)\(index)"
        }
        if let topic = settings.topicARN {
            await check("topic") {
                _ = try await aws.sns.topicAttributes(topicARN: topic)
                return topic
            }
        }
        if let bus = settings.eventBus {
            await check("event bus") { try await aws.eventBridge.describeBus(bus) }
        }
        if let output = settings.output, output.hasPrefix("s3://") {
            let bucket = String(output.dropFirst(5).prefix { $0 != "/" })
            await check("output bucket") {
                try await aws.s3.headBucket(bucket)
                return bucket
            }
        }
    }

    private static func tryWriting(_ folder: String) throws(Failure) -> String {
        let path = "\(folder)/.landfall-check-\(getpid())"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("check".utf8).write(to: URL(filePath: path))
        } catch {
            throw Failure(.permanent, "output.not_creatable", "\(folder) cannot be written to. Set LANDFALL_WORK_DIR, or mend its rights.")
        }
        unlink(path)
        let free = WorkRoom.free(below: folder).map { ", \($0 >> 20) MiB free" } ?? ""
        return "\(folder) can be written to\(free)"
    }

    private func askWorker(_ settings: Settings) async throws {
        guard let address = settings.adminAddress else {
            throw Failure(.permanent, "settings.missing", "LANDFALL_ADMIN_ADDRESS is off: there is no worker to ask.")
        }
        let limits = HTTPLimits(firstByte: .seconds(3), whole: .seconds(3))
        let response = try? await HTTPClient().send(HTTPRequest("GET", "http://\(address)/livez", limits: limits, usesProxy: false))
        guard let response, response.status == 200 else {
            throw Failure(.transient, "service.unavailable", "No worker answers at http://\(address)/livez.")
        }
        if json { try Terminal.say(json: Report(ok: true, checks: [])) } else { Terminal.say("live") }
    }

    private func report(_ findings: [Finding], _ failures: [Failure]) throws {
        if json {
            try Terminal.say(json: Report(ok: failures.isEmpty, checks: findings))
        } else {
            for finding in findings {
                Terminal.say(
                    "\(finding.ok ? "ok  " : "FAIL") \(finding.check): \(finding.detail)" + (finding.code.map { " [\($0)]" } ?? ""))
            }
        }
        if let first = failures.first { throw ExitCode(first.exitStatus) }
    }
}
