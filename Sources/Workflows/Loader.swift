import Jobs

/// Loads a file into a database table: download → transform → load → upload.
struct Loader {
    let pipeline: Pipeline
    let target: Pipeline.Target
    let run: JobRun
    let arrival: Arrival
    let services: JobServices

    func receipt() async throws -> Uploaded {
        let names = try OutputNames(pipeline: pipeline, arrival: arrival, jobID: run.jobID, services: services)

        let source = try await run.step(.download) {
            try await DownloadStep(arrival: arrival, services: services, run: run).download()
        }
        try await Relatives(run: run, pipeline: pipeline, services: services).compare(content: source.fingerprint.sha256)
        let shaped = try await run.step(.transform) {
            try TransformStep(
                pipeline: pipeline, target: target, source: source, arrival: arrival, names: names, jobID: run.jobID,
                scratch: run.workFolder, softwareName: services.softwareName
            ).run()
        }
        let loaded = try await run.step(.load) {
            try await LoadStep(
                script: shaped.script, rows: shaped.counts.written, source: arrival.source, run: run, services: services
            ).load()
        }
        return try await run.step(.upload) {
            var receipt = try await run.receipt(pipeline, arrival, source, services)
            receipt.source.format = shaped.format.rawValue
            receipt.source.compression = shaped.compression
            receipt.counts = shaped.counts
            receipt.counts.loaded = loaded.rows
            receipt.columns = shaped.columns
            receipt.load = Receipt.Load(
                table: target.table.description, mode: target.mode.name, rows: loaded.rows,
                alreadyLoaded: loaded.alreadyLoaded)
            return try await UploadStep(names: names, services: services, run: run).upload(
                [DataSetFiles(member: nil, data: shaped.data, rejects: shaped.rejects, rejected: shaped.counts.rejected)],
                format: .parquet, receipt: receipt)
        }
    }
}
