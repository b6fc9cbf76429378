import Jobs
import Synchronization

/// The database file of a local root: the queue, its dead letters, what has been taken from `landing/`, job records.
///
/// One a process and root is enough. Several processes may have the same file open: each write is one transaction.
package final class LocalDatabase: @unchecked Sendable {
    private let connection: SQLite
    /// Guards `connection`; held only while statements run.
    private let lock = Mutex(())

    /// Opens the file and creates the tables that are missing.
    /// - Throws: `Failure` `local.database`.
    package init(path: String) throws {
        connection = try SQLite(path: path)
        let connection = connection
        try connection.transaction {
            for statement in Self.schema { try connection.execute(statement) }
        }
    }

    /// Runs `body` alone on the connection.
    func use<Value: Sendable>(_ body: (SQLite) throws -> Value) throws -> Value {
        try lock.withLock { _ in try body(connection) }
    }

    /// Runs `body` alone on the connection, as one transaction.
    func transaction<Value: Sendable>(_ body: (SQLite) throws -> Value) throws -> Value {
        try use { connection in try connection.transaction { try body(connection) } }
    }

    private static let schema = [
        // AUTOINCREMENT: a number, and so a receipt, is never used twice.
        """
        CREATE TABLE IF NOT EXISTS messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, visible_at INTEGER NOT NULL,
            receive_count INTEGER NOT NULL DEFAULT 0, receipt TEXT, attributes TEXT NOT NULL DEFAULT '{}')
        """,
        "CREATE INDEX IF NOT EXISTS messages_by_visibility ON messages (visible_at, id)",
        """
        CREATE TABLE IF NOT EXISTS dead_letters (
            id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, attributes TEXT NOT NULL,
            visible_at INTEGER NOT NULL DEFAULT 0, receipt TEXT)
        """,
        """
        CREATE TABLE IF NOT EXISTS arrivals (
            key TEXT NOT NULL, version TEXT NOT NULL, taken_at TEXT NOT NULL, PRIMARY KEY (key, version))
        """,
        """
        CREATE TABLE IF NOT EXISTS jobs (
            job_id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, workflow TEXT NOT NULL, bucket TEXT NOT NULL,
            key TEXT NOT NULL, version TEXT, etag TEXT, sequencer TEXT, size INTEGER, source TEXT NOT NULL,
            status TEXT NOT NULL, step TEXT, attempt INTEGER NOT NULL, owner TEXT, lease_until TEXT,
            created_at TEXT NOT NULL, updated_at TEXT NOT NULL, ended_at TEXT, steps TEXT NOT NULL, counts TEXT NOT NULL,
            error TEXT, receipt TEXT, announcements TEXT NOT NULL, asker TEXT,
            content_sha256 TEXT, duplicate_of TEXT, revision TEXT, expires_at INTEGER NOT NULL)
        """,
        "CREATE INDEX IF NOT EXISTS by_status ON jobs (status, updated_at)",
        "CREATE INDEX IF NOT EXISTS by_key ON jobs (key)",
        "CREATE INDEX IF NOT EXISTS by_content ON jobs (content_sha256)",
    ]
}
