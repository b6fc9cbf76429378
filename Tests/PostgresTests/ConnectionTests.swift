import Columns
import Foundation
import SQL
import Testing

@testable import Postgres

@Suite(
    "Connections to a real PostgreSQL", .enabled(if: TestDatabase.isAvailable, TestDatabase.comment),
    .timeLimit(.minutes(2)))
struct ConnectionTests {
    @Test("statements, parameters, nulls and empty results")
    func execute() async throws {
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url, applicationName: "lf")
            #expect(try await connection.execute("SELECT 1, NULL, ''") == [["1", nil, ""]])
            #expect(
                try await connection.execute("SELECT $1::text || 'x', $2::int", ["it's", nil]) == [["it'sx", nil]])
            #expect(try await connection.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)") == [])
            #expect(try await connection.execute("SELECT 1; SELECT a FROM t ORDER BY a") == [["1"], ["2"]])
            #expect(try await connection.execute("SHOW application_name") == [["lf"]])
            #expect(await connection.serverVersion >= 110_000)
            let error = await #expect(throws: PostgresError.self) { try await connection.execute("SELECT 'a\0b'") }
            #expect(error?.code == "database.bad_value")
            let unknown = await #expect(throws: PostgresError.self) {
                try await connection.execute("SELECT * FROM nowhere")
            }
            #expect(unknown?.code == "database.undefined_table")
            #expect(unknown?.message == "relation \"nowhere\" does not exist")
            #expect(try await connection.execute("SELECT 2") == [["2"]])
            await connection.close()
            let closed = await #expect(throws: PostgresError.self) { try await connection.execute("SELECT 1") }
            #expect(closed?.code == "database.unavailable")
        }
    }

    @Test("COPY streams, and what the writer throws makes it fail")
    func copy() async throws {
        struct Stop: Error {}
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            _ = try await connection.execute("CREATE TABLE t (a text)")
            let line = Array((String(repeating: "x", count: 999) + "\n").utf8)
            let rows = try await connection.copyIn("COPY t FROM stdin") { send in
                for _ in 0..<5000 { try line.withUnsafeBytes { try send($0) } }
            }
            #expect(rows == 5000)
            await #expect(throws: Stop.self) {
                try await connection.copyIn("COPY t FROM stdin") { send in
                    try line.withUnsafeBytes { try send($0) }
                    throw Stop()
                }
            }
            #expect(try await connection.execute("SELECT count(*), sum(length(a)) FROM t") == [["5000", "4995000"]])
            let error = await #expect(throws: PostgresError.self) {
                try await connection.copyIn("SELECT 1") { _ in }
            }
            #expect(error?.code == "database.bad_script")
        }
    }

    @Test("a transaction is all or nothing, even where its body goes on after an error")
    func transaction() async throws {
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            _ = try await connection.execute("CREATE TABLE t (a int PRIMARY KEY)")
            try await connection.transaction { _ = try $0.execute("INSERT INTO t VALUES (1)") }
            await #expect(throws: PostgresError.self) {
                try await connection.transaction {
                    _ = try $0.execute("INSERT INTO t VALUES (2)")
                    _ = try $0.execute("INSERT INTO t VALUES (1)")
                }
            }
            await #expect(throws: PostgresError.self) {
                try await connection.transaction {
                    _ = try? $0.execute("INSERT INTO t VALUES (1)")
                    _ = try? $0.execute("INSERT INTO t VALUES (3)")
                }
            }
            #expect(try await connection.execute("SELECT a FROM t") == [["1"]])
        }
    }

    @Test("a connection lost during COMMIT leaves the outcome open")
    func commitUnknown() async throws {
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            _ = try await connection.execute(
                """
                CREATE TABLE t (a int);
                CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION die()
                """)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction { _ = try $0.execute("INSERT INTO t VALUES (1)") }
            }
            #expect(error?.code == "database.commit_unknown")
            #expect(error?.isTransient == true)
        }
    }

    @Test("a server process killed in the middle of a COPY is a transient error, and no row stays")
    func killed() async throws {
        let load = TestLoad(columns: ["a"], rows: Array(repeating: [String(repeating: "x", count: 1000)], count: 1000))
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            let admin = try await PostgresConnection.connect(to: url)
            let process = try #require(try await connection.execute("SELECT pg_backend_pid()").first?.first ?? nil)
            let reached = Signal()
            let goOn = Signal()
            try await load.withScript(repeated: 30) { path in
                let task = Task {
                    try await connection.runScript(path: path) { progress in
                        guard progress.bytesDone > 1 << 20, reached.send() else { return }
                        goOn.wait()
                    }
                }
                await reached.waited()
                let killed = try await admin.execute("SELECT pg_terminate_backend($1::int, 5000)", [process])
                #expect(killed == [["t"]])
                goOn.send()
                let error = await #expect(throws: PostgresError.self) { try await task.value }
                #expect(error?.code == "database.unavailable")
                #expect(error?.sqlState == "57P01")
                #expect(error?.isTransient == true)
            }
            #expect(try await admin.execute("SELECT to_regclass('sales.orders')") == [[nil]])
            let closed = await #expect(throws: PostgresError.self) { try await connection.execute("SELECT 1") }
            #expect(closed?.code == "database.unavailable")
        }
    }

    @Test("cancelling the task in the middle of a COPY rolls back and keeps the connection")
    func cancelledCopy() async throws {
        let load = TestLoad(columns: ["a"], rows: Array(repeating: [String(repeating: "x", count: 1000)], count: 1000))
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            let reached = Signal()
            let goOn = Signal()
            try await load.withScript(repeated: 5) { path in
                let task = Task {
                    try await connection.runScript(path: path) { progress in
                        guard progress.bytesDone > 1 << 20, reached.send() else { return }
                        goOn.wait()
                    }
                }
                await reached.waited()
                task.cancel()
                goOn.send()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            #expect(try await connection.execute("SELECT to_regclass('sales.orders')") == [[nil]])
        }
    }

    @Test("cancelling the task cancels a statement that runs for long")
    func cancelledStatement() async throws {
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url, applicationName: "sleeper")
            let admin = try await PostgresConnection.connect(to: url)
            let task = Task { try await connection.execute("SELECT pg_sleep(600)") }
            let running = """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'sleeper' AND wait_event = 'PgSleep'
                """
            while try await admin.execute(running) == [["0"]] {}
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await admin.execute(running) == [["0"]])
            #expect(try await connection.execute("SELECT 1") == [["1"]])
        }
    }

    @Test("a connection that nobody holds any more is closed")
    func letGo() async throws {
        try await TestDatabase.with { url in
            let admin = try await PostgresConnection.connect(to: url)
            do {
                let connection = try await PostgresConnection.connect(to: url, applicationName: "forgotten")
                #expect(try await connection.execute("SELECT 1") == [["1"]])
            }
            let open = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'forgotten'"
            while try await admin.execute(open) != [["0"]] {}
        }
    }

    @Test("a server that is not there, a database that is not there")
    func refused() async throws {
        let nobody = try DatabaseURL("postgresql://ann:s3cret@127.0.0.1:1/x")
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(to: nobody) }
        #expect(error?.code == "database.unavailable")
        #expect(error?.isTransient == true)
        #expect(error?.message.hasPrefix("The database ann@127.0.0.1:1/x cannot be reached: ") == true)
        #expect(error?.message.contains("s3cret") == false)
        try await TestDatabase.with { url in
            let other = try DatabaseURL(url.text + "_not")
            let missing = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(to: other) }
            #expect(missing?.code == "database.undefined_database")
            #expect(missing?.sqlState == "3D000")
            #expect(missing?.isTransient == false)
        }
    }

    @Test("a script without its end, or without its file, is refused and rolled back")
    func badScripts() async throws {
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            for text in [
                "BEGIN; CREATE TABLE t (a int);", "BEGIN; CREATE TABLE t (a int); COPY t FROM stdin;\n1\n", "\\q\n",
            ] {
                let path = temporaryFile(text)
                defer { try? FileManager.default.removeItem(atPath: path) }
                let error = await #expect(throws: PostgresError.self) { try await connection.runScript(path: path) }
                #expect(error?.code == "database.bad_script")
                #expect(try await connection.execute("SELECT to_regclass('t')") == [[nil]])
            }
            let missing = await #expect(throws: PostgresError.self) {
                try await connection.runScript(path: "/no/such/file")
            }
            #expect(missing?.message == "The script /no/such/file cannot be read: No such file or directory.")
        }
    }
}
