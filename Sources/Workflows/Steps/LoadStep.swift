import Jobs
import Postgres

/// What became of the load.
package struct Loaded: StepResult {
    package var rows: Int64
    package var alreadyLoaded: Bool

    package var files: [FileMark] { [] }
}

/// Runs the generated script in one transaction. The ledger in the database decides whether there is anything to do.
struct LoadStep {
    let script: FileMark
    let rows: Int64
    let source: String
    let run: JobRun
    let services: JobServices

    func load() async throws -> Loaded {
        let connection = try await PostgresConnection.connect(to: try await services.databaseURL())
        do {
            let loaded = try await load(on: connection)
            await connection.close()
            return loaded
        } catch {
            await connection.close()
            throw error
        }
    }

    private func load(on connection: PostgresConnection) async throws -> Loaded {
        if let row = try await connection.ledgerRow(loadID: run.jobID) { return Loaded(rows: row.rows, alreadyLoaded: true) }
        switch try await connection.runScript(path: script.path, beforeCommit: { [run] in try run.checkLease() }) {
        case .completed(let copied):
            guard copied == rows else {
                throw Failure(
                    .permanent, "internal.accounting",
                    "\(rows) rows were to be loaded, but the database took \(copied). Please report this bug.")
            }
            return Loaded(rows: copied, alreadyLoaded: false)
        case .alreadyLoaded:
            return Loaded(rows: try await connection.ledgerRow(loadID: run.jobID)?.rows ?? rows, alreadyLoaded: true)
        case .superseded:
            throw Failure(.superseded, "job.superseded", "A newer version of \(source) is loaded already; this one came late.")
        case .resent:
            throw Failure(
                .badInput, "load.resent",
                "Another version of \(source) was loaded before, and the pipeline says resend: reject.")
        }
    }
}
