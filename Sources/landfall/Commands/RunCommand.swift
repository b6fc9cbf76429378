import ArgumentParser
import FoundationEssentials
import Glibc
import Jobs
import LocalBackend
import Postgres
import SQL
import SigV4
import Tabular
import Worker
import Workflows

/// `landfall run INPUT`: one job in the foreground.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs one job in the foreground: a path or an s3:// URI through a pipeline.",
        discussion: """
            Without --pipeline, the first pipeline that matches the input's name is used. Where none does, --database loads \
            the file into a table named after it, and --output alone converts it to Parquet. A job that was rejected or \
            failed before is tried again; one that succeeded is not done twice.
            """)

    @Argument(help: "A path or an s3:// URI.") var input: String
    @Option(help: ArgumentHelp("A pipeline's name, or its file.", valueName: "name|file")) var pipeline: String?
    @Option(help: ArgumentHelp("Where the output goes: a folder or s3://…", valueName: "path")) var output: String?
    @Option(help: ArgumentHelp("The database of a load.", valueName: "url")) var database: String?
    @OptionGroup var inputFlags: InputFlags
    @OptionGroup var outputFlags: OutputFlags
    @OptionGroup var rejectFlags: RejectFlags
    @Flag(help: "Print the receipt as one JSON document.") var json = false

    func run() async throws {
        var flags: [SettingName: String] = [:]
        flags[.output] = output
        flags[.databaseURL] = database
        let isRemote = input.hasPrefix("s3://")
        // A bad URL is better known before the work than after it.
        if let database { _ = try DatabaseURL(database) }
        let settings = try Settings(flags: flags, defaultBackend: isRemote ? .aws : .local)
        let assembly = try Assembly(settings)
        let arrival = try await self.arrival(assembly)
        let pipeline = try choose(arrival, settings)
        let services = assembly.services
        let jobID = JobID.of(arrival, pipeline: pipeline.name)
        try await services.reopen(jobID)

        let executor = JobExecutor(catalog: PipelineCatalog([pipeline]), services: services)
        let request = JobRequest(arrival: arrival, pipeline: pipeline.name)
        let stop = StopSignal()
        let signals = Signals(raising: stop)
        let work = Task { await executor.execute(request) }
        let canceller = Task {
            try await stop.wait(for: .draining)
            work.cancel()
        }
        let execution = await work.value
        canceller.cancel()
        withExtendedLifetime(signals) {}
        try await report(execution, services)
    }

    // MARK: What to run

    private func arrival(_ assembly: Assembly) async throws -> Arrival {
        if input.hasPrefix("s3://") {
            guard let place = SourceURI(input) else {
                throw Failure(.badInput, "usage.input", "\(input) is not of the form s3://bucket/key.")
            }
            let facts = try await assembly.services.store.describe(input)
            return Arrival(bucket: place.bucket, key: place.key, version: facts.version, etag: facts.etag, size: facts.size)
        }
        let path = try Assembly.absolute(input)
        let (version, size) = try FileVersion.text(ofFileAt: path)
        let landing = try LocalFolders(root: assembly.settings.localRoot).landing
        let key = path.hasPrefix(landing + "/") ? String(path.dropFirst(landing.count + 1)) : Self.fileName(path)
        return Arrival(bucket: "landing", key: key, version: version, size: size, source: FileURI.uri(ofPath: path))
    }

    private static func fileName(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    private func choose(_ arrival: Arrival, _ settings: Settings) throws -> Pipeline {
        var pipeline: Pipeline
        if let name = self.pipeline {
            if name.hasSuffix(".yaml") || name.hasSuffix(".yml") || name.contains("/") {
                pipeline = try PipelineCatalog.read(path: name)
            } else {
                pipeline = try PipelineCatalog(folder: settings.pipelines).pipeline(
                    for: JobRequest(arrival: arrival, pipeline: name))
            }
        } else if FileManager.default.fileExists(atPath: settings.pipelines),
            let match = try? PipelineCatalog(folder: settings.pipelines).pipeline(for: JobRequest(arrival: arrival))
        {
            pipeline = match
        } else {
            pipeline = try adHoc(arrival, settings)
        }
        if let output { pipeline.output.to = output.hasPrefix("s3://") ? output : try Assembly.absolute(output) }
        try applyFlags(to: &pipeline)
        return pipeline
    }

    private func adHoc(_ arrival: Arrival, _ settings: Settings) throws -> Pipeline {
        let stem = DataFormat.stem(of: arrival.key)
        if let database {
            let table = try TableName(name: stem)
            return Pipeline(
                name: Self.adHocName("load", to: try DatabaseURL(database).redacted), workflow: .loader,
                target: .init(table: table, mode: .append),
                output: .init(format: .parquet))
        }
        guard let output else {
            throw Failure(
                .permanent, "pipeline.no_match",
                "No pipeline in \(settings.pipelines) takes \(arrival.key). Give --pipeline, --database or --output.")
        }
        let destination = [output, outputFlags.to ?? "", outputFlags.compression ?? ""].joined(separator: "\0")
        return Pipeline(name: Self.adHocName("convert", to: destination), workflow: .convertor, output: .init(format: .parquet))
    }

    /// One destination makes one job of a file, whatever else is said: so that it is not loaded twice.
    private static func adHocName(_ kind: String, to destination: String) -> String {
        "run-\(kind)-\(SHA256.hexadecimal(destination).prefix(8))"
    }

    /// Flags win over the pipeline.
    private func applyFlags(to pipeline: inout Pipeline) throws {
        pipeline.input = try inputFlags.options(over: pipeline.input)
        if outputFlags.to != nil {
            pipeline.output.format = try outputFlags.format(of: "")
            if pipeline.workflow == .loader, pipeline.output.format != .parquet {
                throw Failure(.permanent, "usage.format", "--to: a load writes Parquet.")
            }
        }
        let options = try outputFlags.options()
        if let compression = options.compression { pipeline.output.options.compression = compression }
        if let level = options.compressionLevel { pipeline.output.options.compressionLevel = level }
        if let rows = options.rowGroupRows { pipeline.output.options.rowGroupRows = rows }
        if options.split.isSet { pipeline.output.options.split = options.split }
        pipeline.output.options.parquet.override(with: options.parquet)
        let policy = try rejectFlags.policy()
        if rejectFlags.onError != nil { pipeline.rows.rejects = policy.rejects }
        if let limit = policy.maxRejects { pipeline.rows.maxRejects = limit }
        if let ratio = policy.maxRejectRatio { pipeline.rows.maxRejectRatio = ratio }
    }

    // MARK: What became of it

    private func report(_ execution: Execution, _ services: JobServices) async throws {
        switch execution.outcome {
        case .done, .alreadyDone, .superseded: break
        case .retry, .interrupted, .rejected:
            throw execution.failure
                ?? Failure(.transient, "job.held", "Another worker holds the job of \(input); try again later.")
        }
        guard let receipt = try await self.receipt(execution, services) else {
            throw Failure(.permanent, "internal.error", "The job's receipt is missing. Please report this bug.")
        }
        if let rejects = rejectFlags.rejects, let output = receipt.outputs.first(where: { $0.format == "rejects" }) {
            _ = try await services.store.download(
                Arrival(bucket: "", key: rejects, source: output.uri), to: try Assembly.absolute(rejects))
        }
        if json {
            try Terminal.say(json: receipt)
            return
        }
        let again = execution.outcome == .alreadyDone ? " (done before)" : ""
        Terminal.say(
            "\(input): \(receipt.counts.read) rows read, \(receipt.counts.loaded) loaded, \(receipt.counts.written) written, "
                + "\(receipt.counts.rejected) rejected\(again)")
        for output in receipt.outputs { Terminal.say("  \(output.format): \(output.uri)") }
        if let load = receipt.load { Terminal.say("  table: \(load.table)") }
    }

    /// The receipt of this attempt, or of the one that did the job before.
    private func receipt(_ execution: Execution, _ services: JobServices) async throws -> Receipt? {
        if let receipt = execution.receipt { return receipt }
        guard let uri = execution.record?.receipt else { return nil }
        let path = "\(services.workRoot)/receipt-\(getpid()).json"
        try FileManager.default.createDirectory(atPath: services.workRoot, withIntermediateDirectories: true)
        defer { unlink(path) }
        _ = try await services.store.download(Arrival(bucket: "", key: "receipt", source: uri), to: path)
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        return try JSONDecoder().decode(Receipt.self, from: bytes)
    }
}
