import Foundation
import Glibc

/// A database of the test's own, read with psql.
final class Database: Sendable {
    /// As `LANDFALL_DATABASE_URL` takes it.
    let url: String
    private let server: String
    private let name: String

    private init(server: String, name: String, url: String) {
        (self.server, self.name, self.url) = (server, name, url)
    }

    /// Calls with a new database, which is gone afterwards.
    static func with<Value>(_ body: (Database) async throws -> Value) async throws -> Value {
        guard let server = TestBed.postgres, var parts = URLComponents(string: server) else {
            throw ChildProcess.Failure(description: "there is no PostgreSQL")
        }
        let name = "landfall_e2e_\(UUID().uuidString.replacing("-", with: "").lowercased())"
        parts.path = "/\(name)"
        let database = Database(server: server, name: name, url: parts.string ?? server)
        _ = try await psql(server, "CREATE DATABASE \(name)")
        let result: Result<Value, any Error>
        do { result = .success(try await body(database)) } catch { result = .failure(error) }
        _ = try await psql(server, "DROP DATABASE \(name) WITH (FORCE)")
        return try result.get()
    }

    /// The URL for another user, who has no password.
    func url(user: String) -> String {
        var parts = URLComponents(string: url)
        parts?.user = user
        return parts?.string ?? url
    }

    /// Rows of texts; nil for null.
    func rows(_ sql: String) async throws -> [[String?]] {
        let text = try await Self.psql(url, sql)
        guard !text.isEmpty else { return [] }
        return text.components(separatedBy: "\u{1E}").map { record in
            record.components(separatedBy: "\u{1F}").map { $0 == "\u{1}null" ? nil : $0 }
        }
    }

    /// The one value of the one row.
    func value(_ sql: String) async throws -> String? {
        try await rows(sql).first?.first ?? nil
    }

    func execute(_ sql: String) async throws {
        _ = try await Self.psql(url, sql)
    }

    /// Runs a script as the contract says users may.
    func run(file: String) async throws {
        _ = try await Self.psql(url, ["-f", file])
    }

    /// Holds a table against everybody until the lock is let go.
    func lock(_ table: String) async throws -> TableLock {
        let lock = try TableLock(url: url, table: table)
        _ = try await eventually("the table is locked") {
            try await self.value(
                "SELECT 1 FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock' AND relation = '\(table)'::regclass")
        }
        return lock
    }

    /// Waits until as many sessions wait for a lock.
    func awaitWaiting(_ count: Int) async throws {
        _ = try await eventually("\(count) sessions wait for a lock") {
            let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(self.name)' AND wait_event_type = 'Lock'"
            return try await self.value(sql) == String(count) ? true : nil
        }
    }

    private static func psql(_ url: String, _ sql: String) async throws -> String {
        try await psql(url, ["-c", sql])
    }

    private static func psql(_ url: String, _ work: [String]) async throws -> String {
        let folder = try Folder()
        let output = open(folder("out"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let error = open(folder("err"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { for descriptor in [output, error, nothing] { close(descriptor) } }
        let child = try ChildProcess(
            "psql",
            [
                "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-F", "\u{1F}", "-R", "\u{1E}", "-P", "null=\u{1}null",
            ] + work + [url], environment: TestBed.environment, folder: "/", descriptors: (nothing, output, error))
        guard try await child.end() == .code(0) else {
            throw ChildProcess.Failure(description: "psql: \(try folder.text("err"))")
        }
        var text = try folder.text("out")
        if text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}

/// A session that has locked a table.
final class TableLock: Sendable {
    private let child: ChildProcess
    private let input: Int32

    fileprivate init(url: String, table: String) throws {
        let pipe = Pipe()
        let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { for descriptor in [pipe.reading, nothing] { close(descriptor) } }
        child = try ChildProcess(
            "psql", ["-X", "-q", url], environment: TestBed.environment, folder: "/", descriptors: (pipe.reading, nothing, 2))
        input = pipe.writing
        let text = Array("BEGIN; LOCK TABLE \(table) IN ACCESS EXCLUSIVE MODE;\n".utf8)
        _ = text.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
    }

    /// Lets the table go.
    func release() async throws {
        let text = Array("COMMIT;\n\\q\n".utf8)
        _ = text.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
        _ = try await child.end()
    }

    deinit { close(input) }
}
