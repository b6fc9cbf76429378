/// A connection to PostgreSQL, on a thread of its own.
///
/// Its methods block that thread and no other. Where the calling task is cancelled they cancel the statement, roll
/// back and throw `CancellationError`; everything else they throw is a ``PostgresError``. A connection that was lost
/// stays lost: make a new one.
package actor PostgresConnection {
    private let thread: ConnectionThread
    private let url: DatabaseURL
    private var link: ServerLink?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private init(url: DatabaseURL) throws(PostgresError) {
        thread = try ConnectionThread()
        self.url = url
    }

    /// Connects. Throws `database.unavailable` (transient), `.authentication_failed`, `.undefined_database` and others.
    ///
    /// The URL's own settings win over `applicationName` and our keep-alives, which find out within a minute that an idle
    /// server is dead.
    package static func connect(
        to url: DatabaseURL, timeout: Duration = .seconds(10), applicationName: String = "landfall"
    ) async throws -> PostgresConnection {
        let connection = try PostgresConnection(url: url)
        try await connection.open(timeout: timeout, applicationName: applicationName)
        return connection
    }

    private func open(timeout: Duration, applicationName: String) throws {
        let settings = [
            ("fallback_application_name", applicationName), ("keepalives_idle", "30"), ("keepalives_interval", "10"),
            ("keepalives_count", "3"), ("dbname", url.text), ("client_encoding", "UTF8"),
        ]
        link = try ServerLink(settings, to: url, timeout: timeout)
    }

    /// The server's version as libpq tells it: 150004 is 15.4; 0 after ``close()``.
    package var serverVersion: Int { link?.serverVersion ?? 0 }

    /// Closes the connection; an open transaction is rolled back by the server.
    package func close() { link = nil }

    /// Runs SQL and gives the last statement's rows as text, null as nil.
    ///
    /// With parameters (`$1` …) it is one statement, without it may be several. Rows are held in memory: not for large
    /// results.
    package func execute(_ sql: String, _ parameters: [String?] = []) throws -> [[String?]] {
        try using { link in
            switch try link.run(sql, parameters) {
            case .rows(let rows): return rows
            case .done: return []
            case .copyIn: throw PostgresError.badScript("A COPY FROM stdin needs its data.")
            }
        }
    }

    /// Runs a `COPY … FROM stdin` with the bytes that `write` sends, and gives the number of rows.
    ///
    /// What `write` throws makes the COPY fail and is thrown on.
    package func copyIn(
        _ statement: String, _ write: @Sendable (_ send: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws -> Int64 {
        try using { link in
            guard case .copyIn = try link.run(statement) else {
                throw PostgresError.badScript("The statement is not a COPY FROM stdin.")
            }
            try write { bytes in
                guard try link.copy(bytes) else { throw ConnectionGone() }
            }
            return try link.endCopy()
        }
    }

    /// Runs `body` within BEGIN and COMMIT; what it throws rolls back.
    package func transaction<R: Sendable>(
        _ body: @Sendable (isolated PostgresConnection) throws -> R
    ) throws -> R {
        _ = try execute("BEGIN")
        do {
            let result = try body(self)
            try using { link in try link.commit() }
            return result
        } catch {
            if let link, !link.recover(rollingBack: true) { self.link = nil }
            throw error
        }
    }

    /// Runs a script as `psql -v ON_ERROR_STOP=1 -f` does, as a stream: memory does not grow with the file.
    ///
    /// On any failure the transaction is rolled back; also where `beforeCommit`, which is asked before each COMMIT, throws.
    /// Not within a transaction.
    package func runScript(
        path: String, progress: (@Sendable (ScriptProgress) -> Void)? = nil,
        beforeCommit: (@Sendable () throws -> Void)? = nil
    ) throws -> ScriptOutcome {
        do {
            return try using { link in
                let rows = try ScriptRun(link: link, path: path, beforeCommit: beforeCommit).run(progress)
                return .completed(rowsCopied: rows)
            }
        } catch let error as PostgresError {
            switch error.sqlState {
            case SQLState.alreadyLoaded: return .alreadyLoaded
            case SQLState.superseded: return .superseded
            case SQLState.resent: return .resent
            default: throw error
            }
        }
    }

    /// The ledger's row of a load; nil where there is none, or no ledger yet.
    package func ledgerRow(loadID: String) throws -> LedgerRow? {
        do {
            return try execute(LedgerRow.query, [loadID]).first.flatMap { LedgerRow($0) }
        } catch let error as PostgresError where error.code == "database.undefined_table" {
            return nil
        }
    }

    /// Uses the link and mends or drops it after a failure. A transaction that `body` opened is rolled back; one that
    /// was open before is left as it is, failed, for the one who opened it.
    private func using<R>(_ body: (ServerLink) throws -> R) throws -> R {
        guard let link, link.isUsable else {
            self.link = nil
            throw PostgresError.unavailable("The connection to \(url) is closed.")
        }
        let wasIdle = link.isIdle
        do {
            return try body(link)
        } catch is ConnectionGone {
            defer { self.link = nil }
            throw link.reasonGone
        } catch {
            if !link.recover(rollingBack: wasIdle) { self.link = nil }
            throw error
        }
    }
}

/// The connection was lost in the middle of a COPY; the link can tell why.
struct ConnectionGone: Error {}
