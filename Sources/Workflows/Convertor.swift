import Jobs

/// Converts a file and proves it: download → convert → validate → upload. Nothing unproven is uploaded.
struct Convertor {
    let pipeline: Pipeline
    let run: JobRun
    let arrival: Arrival
    let services: JobServices

    func receipt() async throws -> Uploaded {
        let names = try OutputNames(pipeline: pipeline, arrival: arrival, jobID: run.jobID, services: services)

        let source = try await run.step(.download) {
            try await DownloadStep(arrival: arrival, services: services, run: run).download()
        }
        try await Relatives(run: run, pipeline: pipeline, services: services).compare(content: source.fingerprint.sha256)
        let step = ConvertStep(
            pipeline: pipeline, source: source, arrival: arrival, names: names, jobID: run.jobID, scratch: run.workFolder,
            softwareName: services.softwareName)
        let converted = try await run.step(.convert) { try step.run() }
        let validated = try await run.step(.validate) { try step.validate(converted) }
        return try await run.step(.upload) {
            var receipt = try await run.receipt(pipeline, arrival, source, services)
            receipt.source.format = converted.format.rawValue
            receipt.source.compression = converted.compression
            receipt.counts = converted.parts.reduce(Counts()) { $0 + $1.result.counts }
            receipt.columns = converted.parts.flatMap(\.columnReceipts)
            receipt.validated = true
            receipt.validation = validated.validation
            return try await UploadStep(names: names, services: services, run: run).upload(
                converted.parts.map(\.written), format: pipeline.output.format, receipt: receipt)
        }
    }
}
