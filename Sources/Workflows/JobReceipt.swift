import Jobs
import SQL

extension JobRun {
    /// A receipt with what is known before the workflow adds its part.
    func receipt(
        _ pipeline: Pipeline, _ arrival: Arrival, _ source: Downloaded, _ services: JobServices
    ) async throws -> Receipt {
        let record = current
        return Receipt(
            jobID: jobID, pipeline: pipeline.name, workflow: pipeline.workflow.rawValue, software: services.softwareName,
            startedAt: record.createdAt, seconds: services.clock.now().seconds(since: record.createdAt), attempt: attempt,
            source: Receipt.Source(
                uri: arrival.source, version: source.version, bytes: source.fingerprint.bytes,
                sha256: source.fingerprint.sha256, format: "", compression: ""),
            counts: Counts(), columns: [], outputs: [], load: nil, validated: false, validation: nil,
            steps: record.steps.compactMap { step in
                step.ended.map { Receipt.StepTiming(name: step.name, seconds: $0.seconds(since: step.started)) }
            })
    }
}

extension LoadMode {
    /// The mode as pipeline files spell it.
    var name: String {
        switch self {
        case .append: "append"
        case .replace: "replace"
        case .upsert: "upsert"
        }
    }
}
