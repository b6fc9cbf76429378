import CSQLite
import Jobs

/// A value as SQLite stores it.
enum SQLiteValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)

    init(_ text: String?) {
        self = text.map { .text($0) } ?? .null
    }

    init(_ integer: Int64?) {
        self = integer.map { .integer($0) } ?? .null
    }
}

/// One row by column name.
struct SQLiteRow: Sendable {
    fileprivate var values: [String: SQLiteValue] = [:]

    /// Nil where the column is null, missing or no text.
    func text(_ column: String) -> String? {
        guard case .text(let text) = values[column] else { return nil }
        return text
    }

    /// Nil where the column is null, missing or no integer.
    func integer(_ column: String) -> Int64? {
        guard case .integer(let integer) = values[column] else { return nil }
        return integer
    }
}

/// One connection to an SQLite database file that other processes may use at the same time.
///
/// The only caller of the C library. Not safe to share between threads: ``LocalDatabase`` holds the lock.
final class SQLite {
    /// How long a statement waits for another process's write, in milliseconds.
    static let busyTimeoutMilliseconds: Int32 = 10_000
    /// For how long, and how far apart in milliseconds, write-ahead mode is asked for again.
    static let maxModeWait = Duration.seconds(10)
    static let modePauseMilliseconds: Int32 = 10
    /// The most prepared statements that are kept; there are fewer texts than that in this module.
    static let maxPreparedStatements = 64

    private let connection: OpaquePointer
    private let path: String
    private var prepared: [String: OpaquePointer] = [:]

    /// Opens or creates the file, in write-ahead mode with every commit synced.
    init(path: String) throws(Failure) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let reason = String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(handle)
            throw Failure(
                .permanent, "local.database",
                "\(path) cannot be opened: \(reason). Check that the folder exists and that we may write to it.")
        }
        connection = handle
        self.path = path
        sqlite3_busy_timeout(handle, Self.busyTimeoutMilliseconds)
        try writeAhead()
        try execute("PRAGMA synchronous = FULL")
        try execute("PRAGMA foreign_keys = OFF")
    }

    deinit {
        for statement in prepared.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(connection)
    }

    /// Turns write-ahead mode on. Processes that open a new database at once hinder each other here, and SQLite gives up
    /// on that without waiting for the busy timeout.
    private func writeAhead() throws(Failure) {
        let sql = "PRAGMA journal_mode = WAL"
        let ends = ContinuousClock.now + Self.maxModeWait
        while true {
            let code = sqlite3_exec(connection, sql, nil, nil, nil)
            if code == SQLITE_OK { return }
            guard code & 0xff == SQLITE_BUSY, ContinuousClock.now < ends else { throw failure(code, sql) }
            sqlite3_sleep(Self.modePauseMilliseconds)
        }
    }

    /// Runs statements that take no values and whose rows nobody wants.
    func execute(_ sql: String) throws(Failure) {
        let code = sqlite3_exec(connection, sql, nil, nil, nil)
        if code != SQLITE_OK { throw failure(code, sql) }
    }

    /// Runs one statement and returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [SQLiteValue] = []) throws(Failure) -> Int {
        _ = try rows(sql, values)
        return Int(sqlite3_changes(connection))
    }

    /// Runs one statement and returns its rows; the statement bounds their number.
    func rows(_ sql: String, _ values: [SQLiteValue] = []) throws(Failure) -> [SQLiteRow] {
        let statement = try prepare(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            try bind(value, to: Int32(index + 1), of: statement, sql)
        }
        var rows: [SQLiteRow] = []
        while true {
            let code = sqlite3_step(statement)
            switch code {
            case SQLITE_ROW: rows.append(row(statement))
            case SQLITE_DONE: return rows
            default: throw failure(code, sql)
            }
        }
    }

    /// Runs `body` as one transaction that holds the write lock from its beginning; an error undoes all of it.
    func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try execute("BEGIN IMMEDIATE")
        do {
            let value = try body()
            try execute("COMMIT")
            return value
        } catch {
            // The first error is the one to tell; some of them have rolled back already.
            if sqlite3_get_autocommit(connection) == 0 { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// The number of the row that was inserted last.
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(connection) }

    private func prepare(_ sql: String) throws(Failure) -> OpaquePointer {
        if let statement = prepared[sql] { return statement }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v2(connection, sql, -1, &statement, nil)
        guard code == SQLITE_OK, let statement else { throw failure(code, sql) }
        precondition(prepared.count < Self.maxPreparedStatements, "statement texts must be constant")
        prepared[sql] = statement
        return statement
    }

    private func bind(
        _ value: SQLiteValue, to index: Int32, of statement: OpaquePointer, _ sql: String
    ) throws(Failure) {
        let code: Int32
        switch value {
        case .null:
            code = sqlite3_bind_null(statement, index)
        case .integer(let integer):
            code = sqlite3_bind_int64(statement, index, integer)
        case .text(let text):
            // SQLITE_TRANSIENT is a cast that Swift does not import: it makes SQLite copy the text.
            let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            var copy = text
            code = copy.withUTF8 { bytes in
                guard let base = UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self) else {
                    return sqlite3_bind_text(statement, index, "", 0, copies)
                }
                return sqlite3_bind_text(statement, index, base, Int32(bytes.count), copies)
            }
        }
        if code != SQLITE_OK { throw failure(code, sql) }
    }

    private func row(_ statement: OpaquePointer) -> SQLiteRow {
        var row = SQLiteRow()
        for column in 0..<sqlite3_column_count(statement) {
            guard let name = sqlite3_column_name(statement, column) else { continue }
            row.values[String(cString: name)] = value(statement, column)
        }
        return row
    }

    private func value(_ statement: OpaquePointer, _ column: Int32) -> SQLiteValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER:
            return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_NULL:
            return .null
        default:
            let bytes = sqlite3_column_text(statement, column)
            let count = Int(sqlite3_column_bytes(statement, column))
            return .text(String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self))
        }
    }

    private func failure(_ code: Int32, _ sql: String) -> Failure {
        let reason = String(cString: sqlite3_errmsg(connection))
        let verb = sql.prefix { $0 != " " }
        let kind: Failure.Kind
        switch code & 0xff {
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_IOERR: kind = .transient
        default: kind = .permanent
        }
        return Failure(kind, "local.database", "\(path): \(verb) failed: \(reason) (SQLite code \(code)).")
    }
}
