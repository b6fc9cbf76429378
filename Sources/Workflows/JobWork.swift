import Jobs
import Logging
import Telemetry

/// The work of one attempt: runs the pipeline's workflow, with a heartbeat beside it.
struct JobWork: Sendable {
    let run: JobRun
    let pipeline: Pipeline
    let arrival: Arrival
    let services: JobServices

    /// Runs the workflow to its end. A lost lease cancels it.
    func run(_ keepAlive: @escaping @Sendable () async throws -> Void) async throws(Failure) -> Uploaded {
        do {
            return try await withThrowingTaskGroup(of: Uploaded?.self) { group in
                group.addTask { try await workflow() }
                group.addTask {
                    try await heartbeat(keepAlive)
                    return nil
                }
                defer { group.cancelAll() }
                while let ended = try await group.next() {
                    if let uploaded = ended { return uploaded }
                }
                throw CancellationError()
            }
        } catch {
            throw Failure(error)
        }
    }

    private func workflow() async throws -> Uploaded {
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

    /// Renews lease and visibility three times in every lease, until cancelled. Ends with an error when the lease is lost.
    private func heartbeat(_ keepAlive: @Sendable () async throws -> Void) async throws {
        while true {
            try await Task.sleep(for: services.lease / 3)
            do {
                try await keepAlive()
                guard try await run.renewLease() else {
                    throw Failure(.interrupted, Failure.leaseLostCode, "Another worker has taken the job over.")
                }
            } catch let failure as Failure where failure.kind == .interrupted {
                throw failure
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // The lease outlives two missed heartbeats; the next may succeed.
                run.log.log(.warning, "A heartbeat failed", [.error: Failure(error)])
            }
        }
    }
}
