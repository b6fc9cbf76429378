import Jobs
import Postgres

/// The work of one attempt: runs the pipeline's workflow, with a heartbeat beside it.
struct JobWork: Sendable {
    let run: JobRun
    let pipeline: Pipeline
    let arrival: Arrival
    let services: JobServices

    /// Runs the workflow to its end, while the heartbeat renews the lease and keeps the message hidden. A lost lease cancels it.
    ///
    /// `onlyToFinish`: does nothing, and returns nil, unless the job's rows are loaded already.
    func run(
        onlyToFinish: Bool, _ keepAlive: @escaping @Sendable () async throws -> Void
    ) async throws(Failure) -> Uploaded? {
        let heartbeat = Heartbeat(lease: services.lease, log: run.log) {
            try await keepAlive()
            guard try await run.renewLease() else {
                throw Failure(.interrupted, Failure.leaseLostCode, "Another worker has taken the job over.")
            }
        }
        do {
            return try await heartbeat.around {
                if onlyToFinish, try await !hasLoaded() { return nil }
                return try await workflow()
            }
        } catch {
            throw Failure(error)
        }
    }

    /// Whether the ledger knows of the job's load. What a convertor has uploaded is in nobody's way: it needs no finishing.
    private func hasLoaded() async throws -> Bool {
        guard pipeline.workflow == .loader else { return false }
        let connection = try await PostgresConnection.connect(to: try await services.databaseURL())
        do {
            let row = try await connection.ledgerRow(loadID: run.jobID)
            await connection.close()
            return row != nil
        } catch {
            await connection.close()
            throw error
        }
    }

    private func workflow() async throws -> Uploaded {
        try await Relatives(run: run, pipeline: pipeline, services: services).refuseLate()
        switch pipeline.workflow {
        case .loader:
            guard let target = pipeline.target else {
                throw Failure(.permanent, "settings.missing_key", "Pipeline \(pipeline.name) has no target.")
            }
            return try await Loader(pipeline: pipeline, target: target, run: run, arrival: arrival, services: services).receipt()
        case .convertor:
            return try await Convertor(pipeline: pipeline, run: run, arrival: arrival, services: services).receipt()
        }
    }
}
