import Postgres
import SQL
import Testing

@Suite("Loads of several versions of one file", .enabled(if: TestDatabase.isAvailable, TestDatabase.comment))
struct VersionTests {
    private static func load(
        _ value: String, _ sequencer: String?, _ resend: LoadHistory.Resend = .append, key: String = "s3://raw/it's.csv"
    )
        -> TestLoad
    {
        var load = TestLoad(columns: ["a"], rows: [[value]])
        load.history = LoadHistory(sourceKey: key, sequencer: sequencer, resend: resend)
        return load
    }

    private static func outcome(_ load: TestLoad, _ url: DatabaseURL) async throws -> ScriptOutcome {
        let connection = try await PostgresConnection.connect(to: url)
        return try await load.withScript { try await connection.runScript(path: $0) }
    }

    private static func expect(_ load: TestLoad, _ url: DatabaseURL, _ expected: ScriptOutcome) async throws {
        let found = try await outcome(load, url)
        #expect(found == expected)
    }

    private static func values(_ url: DatabaseURL) async throws -> [String?] {
        try await PostgresConnection.connect(to: url).execute("SELECT a FROM sales.orders ORDER BY a").map { $0[0] }
    }

    @Test("a version that comes late is superseded, and changes nothing; sequencers are numbers of any length")
    func late() async throws {
        try await TestDatabase.with { url in
            let completed = ScriptOutcome.completed(rowsCopied: 1)
            try await Self.expect(Self.load("new", "00A0", .replace), url, completed)
            try await Self.expect(Self.load("old", "9F", .replace), url, .superseded)
            try await Self.expect(Self.load("newer", "A1", .replace), url, completed)
            try await Self.expect(Self.load("elsewhere", "01", .replace, key: "s3://raw/other.csv"), url, completed)
            let values = try await Self.values(url)
            #expect(values == ["elsewhere", "newer"])
            // Where rows are only added their order is of no matter.
            try await Self.expect(Self.load("oldest", "01"), url, completed)
        }
    }

    @Test("a corrected file replaces the rows of its earlier versions, and no others")
    func replace() async throws {
        try await TestDatabase.with { url in
            for value in ["1", "2"] { _ = try await Self.outcome(Self.load(value, nil), url) }
            _ = try await Self.outcome(Self.load("other", nil, key: "s3://raw/other.csv"), url)
            try await Self.expect(Self.load("3", nil, .replace), url, ScriptOutcome.completed(rowsCopied: 1))
            #expect(try await Self.values(url) == ["3", "other"])
        }
    }

    @Test("where another version is to be refused the first one stays")
    func reject() async throws {
        try await TestDatabase.with { url in
            try await Self.expect(Self.load("1", nil, .reject), url, ScriptOutcome.completed(rowsCopied: 1))
            try await Self.expect(Self.load("2", nil, .reject), url, ScriptOutcome.resent)
            #expect(try await Self.values(url) == ["1"])
        }
    }

    @Test("of versions that are loaded at the same time the newest is never followed by an older one")
    func together() async throws {
        try await TestDatabase.with { url in
            let outcomes = try await PostgresTests.together(6) { number in
                (number, try await Self.outcome(Self.load("\(number)", "0\(number)", .replace), url))
            }
            #expect(outcomes.contains { $0 == (5, .completed(rowsCopied: 1)) })
            #expect(try await Self.values(url) == ["5"])
        }
    }

    @Test("a ledger of an earlier version of Landfall gets the columns that it lacks")
    func oldLedger() async throws {
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            _ = try await connection.execute("CREATE SCHEMA landfall")
            _ = try await connection.execute(
                """
                CREATE TABLE landfall.loads (load_id text PRIMARY KEY, pipeline text NOT NULL, target_table text NOT NULL,
                    source text NOT NULL, version text, rows bigint NOT NULL, checksum text,
                    loaded_at timestamptz NOT NULL DEFAULT now())
                """)
            try await Self.expect(Self.load("1", "01"), url, ScriptOutcome.completed(rowsCopied: 1))
            #expect(try await connection.execute("SELECT sequencer FROM landfall.loads") == [["01"]])
        }
    }

    @Test("what is asked before the commit can stop it, and then nothing is loaded")
    func beforeCommit() async throws {
        struct Stopped: Error {}
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            try await Self.load("1", nil).withScript { path in
                await #expect(throws: Stopped.self) {
                    _ = try await connection.runScript(path: path, beforeCommit: { throw Stopped() })
                }
                let ledger = try await connection.execute("SELECT to_regclass('landfall.loads')")
                #expect(ledger == [[nil]])
                let outcome = try await connection.runScript(path: path)
                #expect(outcome == .completed(rowsCopied: 1))
            }
        }
    }
}
