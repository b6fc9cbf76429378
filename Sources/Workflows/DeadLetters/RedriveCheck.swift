import Jobs

/// Whether a dead letter may fare better when it is queued again.
package struct RedriveCheck: Sendable {
    package enum Verdict: Hashable, Sendable {
        case worthTrying
        /// It would fail again as it did; the sentence says why, and what to do.
        case wouldFailAgain(String)
    }

    private let catalog: PipelineCatalog
    private let records: any JobRecords
    private let store: any ObjectStore
    /// As ``JobServices/softwareName``: part of a revision.
    private let software: String

    package init(catalog: PipelineCatalog, services: JobServices) {
        self.catalog = catalog
        records = services.records
        store = services.store
        software = services.softwareName
    }

    /// One file that may fare better is enough. Throws where the records cannot be read.
    package func verdict(_ letter: DeadLetter) async throws -> Verdict {
        switch MessageReading(body: letter.body) {
        case .ignored: return .worthTrying
        case .notUnderstood(let why):
            return .wouldFailAgain("The message is still not understood: \(why). Purge it, or use --force.")
        case .requests(let requests, _):
            var refusal: String?
            for request in requests {
                guard let reason = try await whyNot(request, letter) else { return .worthTrying }
                refusal = refusal ?? reason
            }
            return refusal.map { .wouldFailAgain($0) } ?? .worthTrying
        }
    }

    /// Why a request would fail again; nil where it may not, or where nothing is left to do for it.
    private func whyNot(_ request: JobRequest, _ letter: DeadLetter) async throws -> String? {
        let pipeline: Pipeline
        do {
            pipeline = try catalog.pipeline(for: request)
        } catch {
            return error.message
        }
        let id = JobID.of(request.arrival, pipeline: pipeline.name)
        guard let record = try await records.find(id), record.status == .rejected else { return nil }
        // The job was asked for again since, and has a letter of its own.
        if let rejected = letter.rejectedAt, let ended = record.endedAt, rejected < ended { return nil }
        guard let revision = record.revision, revision == pipeline.revision(software: software) else { return nil }
        let code = record.error?.code ?? ""
        if await mayHaveChanged(code, record.arrival) { return nil }
        return """
            Job \(id) was rejected (\(code)), and neither pipeline \(pipeline.name) nor Landfall has changed since: \
            it would be again. Mend the pipeline, send a corrected file, or use --force.
            """
    }

    /// Whether the reason lies outside of the file's content and the pipeline: in a table, or in a file that was not there.
    private func mayHaveChanged(_ code: String, _ arrival: Arrival) async -> Bool {
        if code.hasPrefix("database.") { return true }
        guard code == "input.not_found" || code == "input.no_permission" else { return false }
        return (try? await store.describe(arrival.source)) != nil
    }
}
