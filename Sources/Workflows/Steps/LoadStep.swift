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
    let jobID: String
    let services: JobServices

    func run() async throws -> Loaded {
        let connection = try await PostgresConnection.connect(to: try await services.databaseURL())
        do {
            let loaded = try await run(on: connection)
            await connection.close()
            return loaded
        } catch {
            await connection.close()
            throw error
        }
    }

    private func run(on connection: PostgresConnection) async throws -> Loaded {
        if let row = try await connection.ledgerRow(loadID: jobID) { return Loaded(rows: row.rows, alreadyLoaded: true) }
        switch try await connection.runScript(path: script.path) {
        case .completed(let copied):
            guard copied == rows else {
                throw Failure(
                    .permanent, "internal.accounting",
                    "\(rows) rows were to be loaded, but the database took \(copied). Please report this bug.")
            }
            return Loaded(rows: copied, alreadyLoaded: false)
        case .alreadyLoaded:
            return Loaded(rows: try await connection.ledgerRow(loadID: jobID)?.rows ?? rows, alreadyLoaded: true)
        }
    }
}
