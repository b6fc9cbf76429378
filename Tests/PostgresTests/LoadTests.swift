import Columns
import Foundation
import SQL
import Testing

@testable import Postgres

@Suite(
    "Loads into a real PostgreSQL", .enabled(if: TestDatabase.isAvailable, TestDatabase.comment),
    .timeLimit(.minutes(2)))
struct LoadTests {
    @Test("values of every type and nulls arrive as they are")
    func types() async throws {
        let wide = try #require(Int128("-12345678901234567890123456789012345678"))
        let load = TestLoad([
            ("bool", integerColumn([1, 0, nil], type: .bool)),
            ("int16", integerColumn([-32768, 32767, nil], type: .int16)),
            ("int32", integerColumn([-2_147_483_648, 7, nil], type: .int32)),
            ("int64", integerColumn([.min, .max, nil])),
            ("float32", floatColumn([Double(Float(0.1)), .infinity, nil], type: .float32)),
            ("float64", floatColumn([0.1, .nan, nil])),
            ("decimal", integerColumn([-5, 123_456, nil], type: .decimal(precision: 12, scale: 2))),
            (
                "wide",
                ColumnVector(
                    type: .decimal(precision: 38, scale: 10), values: .int128([wide, 1, 0]), valid: [true, true, false])
            ),
            ("date", integerColumn([-735_160, 2_145_042_905, nil], type: .date)),
            ("time", integerColumn([0, 86_399_999_999, nil], type: .time)),
            ("timestamp", integerColumn([-210_866_803_200_000_000, .max, nil], type: .timestamp)),
            ("timestamptz", integerColumn([1_769_864_709_250_000, -62_135_596_800_000_001, nil], type: .timestamptz)),
            ("text", textColumn(["a\tb\\N\n\r\u{8}\u{B}\u{C}é😀", "", nil])),
            ("bytes", bytesColumn([[0, 0x5C, 0xFF], [], nil], type: .bytes)),
            ("uuid", bytesColumn([Array(0..<16), Array(240...255), nil], type: .uuid)),
            ("json", textColumn([#"{"a": "\\ \u00e9\n\t"}"#, "null", nil], type: .json)),
        ])
        let rows = try await TestDatabase.with { url in
            try await loaded(load, url: url)
            let connection = try await PostgresConnection.connect(to: url)
            let list = load.columns.map { "\"\($0.name)\"::text" }.joined(separator: ", ")
            return try await connection.execute(#"SELECT \#(list) FROM sales.orders ORDER BY "_row""#)
        }
        #expect(
            rows == [
                [
                    "true", "-32768", "-2147483648", "-9223372036854775808", "0.1", "0.1", "-0.05",
                    "-1234567890123456789012345678.9012345678", "0044-03-15 BC", "00:00:00", "4714-11-24 00:00:00 BC",
                    "2026-01-31 13:05:09.25+00", "a\tb\\N\n\r\u{8}\u{B}\u{C}é😀", "\\x005cff",
                    "00010203-0405-0607-0809-0a0b0c0d0e0f", #"{"a": "\\ é\n\t"}"#,
                ],
                [
                    "false", "32767", "7", "9223372036854775807", "Infinity", "NaN", "1234.56", "0.0000000001",
                    "5874897-12-31", "23:59:59.999999", "294247-01-10 04:00:54.775807",
                    "0001-12-31 23:59:59.999999+00 BC",
                    "", "\\x", "f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff", "null",
                ],
                Array(repeating: nil, count: 16),
            ])
    }

    @Test("a script run by us and by psql leaves the same rows", .enabled(if: TestDatabase.psql != nil, "needs psql"))
    func psql() async throws {
        let psql = try #require(TestDatabase.psql)
        for mode in [LoadMode.append, .replace, .upsert(key: ["id"])] {
            var first = TestLoad(
                columns: ["id", "say \"hi\"; --"],
                rows: [["1", "a"], ["2", "\\."], ["1", "'$$\n\\."], ["3", nil], ["\\.", "x"]])
            first.mode = mode
            first.lineage.row = nil
            var second = TestLoad(columns: ["id", "say \"hi\"; --"], rows: [["3", "c"], ["4", "d"]])
            second.mode = mode
            second.lineage.row = nil
            let ours = try await TestDatabase.with { url in
                try await loaded(first, url: url)
                try await loaded(second, url: url)
                return try await contents(url)
            }
            let theirs = try await TestDatabase.with { url in
                for load in [first, second] {
                    let run = try await load.withScript {
                        try TestDatabase.run(psql, ["-X", "-v", "ON_ERROR_STOP=1", "-d", url.text, "-f", $0])
                    }
                    #expect(run.status == 0, "\(run.error)")
                    #expect(run.error == "")
                }
                return try await contents(url)
            }
            #expect(ours == theirs)
            #expect(ours.rows.count == [7, 2, 5][mode == .append ? 0 : mode == .replace ? 1 : 2])
            #expect(ours.ledger.map { $0[4] } == ["5", "2"])
        }
    }

    @Test("of rows with one key the last stays, and it replaces the table's row")
    func upsert() async throws {
        var first = TestLoad(columns: ["k1", "k2", "v"], rows: [["a", "x", "1"], ["a", "x", "2"], ["b", "x", "3"]])
        first.mode = .upsert(key: ["k2", "k1"])
        var second = TestLoad(columns: ["k1", "k2", "v"], rows: [["b", "x", "4"], ["c", "x", nil]])
        second.mode = first.mode
        try await TestDatabase.with { url in
            try await loaded(first, url: url)
            try await loaded(second, url: url)
            let connection = try await PostgresConnection.connect(to: url)
            let rows = try await connection.execute(#"SELECT k1, v, "_row", "_load_id" FROM sales.orders ORDER BY k1"#)
            #expect(rows == [["a", "2", "2", first.id], ["b", "4", "1", second.id], ["c", nil, "2", second.id]])
        }
    }

    @Test("an upsert into a table without a unique index says so before a row is sent")
    func upsertWithoutIndex() async throws {
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            _ = try await connection.execute("CREATE TABLE plain (k text, v text)")
            var load = TestLoad(columns: ["k", "v"], rows: [["a", "b"]])
            load.table = "plain"
            load.mode = .upsert(key: ["k"])
            load.lineage = .none
            let error = await failure(of: load, url: url)
            #expect(error?.code == "database.no_unique_key")
            #expect(error?.isTransient == false)
            #expect(error?.copyLine == nil)
            #expect(
                error?.message
                    == "there is no unique or exclusion constraint matching the ON CONFLICT specification. The table "
                    + "has no unique index over exactly the key's columns: add one, or choose another key or mode.")
        }
    }

    @Test("a second run of the same load does nothing")
    func onceOnly() async throws {
        let load = TestLoad(columns: ["a"], rows: [["1"], ["2"]])
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            #expect(try await connection.ledgerRow(loadID: load.id) == nil)
            try await load.withScript { path in
                #expect(try await connection.runScript(path: path) == .completed(rowsCopied: 2))
                #expect(try await connection.runScript(path: path) == .alreadyLoaded)
                let other = try await PostgresConnection.connect(to: url)
                #expect(try await other.runScript(path: path) == .alreadyLoaded)
            }
            #expect(try await connection.execute("SELECT count(*) FROM sales.orders") == [["2"]])
            let row = try #require(try await connection.ledgerRow(loadID: load.id))
            #expect(row.rows == 2)
            #expect(row.checksum == "c0ffee")
            #expect(row.targetTable == "sales.orders")
            #expect(row.source == "s3://bucket/it's \\ key.csv")
            #expect(row.version == nil)
            #expect(row.loadedAt.hasPrefix("20") && row.loadedAt.hasSuffix("Z"))
            #expect(try await connection.ledgerRow(loadID: "another") == nil)
        }
    }

    @Test("two runs of one load at the same time load it once")
    func onceOnlyTogether() async throws {
        let load = TestLoad(columns: ["a"], rows: [["1"], ["2"]])
        try await TestDatabase.with { url in
            let outcomes = try await load.withScript { path in
                try await together(4) { _ in
                    try await PostgresConnection.connect(to: url).runScript(path: path)
                }
            }
            #expect(outcomes.filter { $0 == .alreadyLoaded }.count == 3)
            #expect(try await contents(url).rows.count == 2)
        }
    }

    @Test("first loads at the same time all make their tables, and lose nothing", arguments: [true, false])
    func firstLoads(sameTable: Bool) async throws {
        try await TestDatabase.with { url in
            let outcomes = try await together(6) { number in
                var load = TestLoad(columns: ["a"], rows: [["\(number)"]])
                load.table = sameTable ? "fresh.t" : "fresh.t\(number)"
                return try await load.withScript { path in
                    try await PostgresConnection.connect(to: url).runScript(path: path)
                }
            }
            #expect(outcomes == Array(repeating: .completed(rowsCopied: 1), count: 6))
            let connection = try await PostgresConnection.connect(to: url)
            #expect(try await connection.execute("SELECT count(*) FROM landfall.loads") == [["6"]])
            if sameTable { #expect(try await connection.execute("SELECT count(*) FROM fresh.t") == [["6"]]) }
        }
    }

    @Test("replacing loads of one table take turns: the rows of exactly one stay")
    func replacesTogether() async throws {
        try await TestDatabase.with { url in
            try await loaded(TestLoad(columns: ["a"], rows: [["old"]]), url: url)
            _ = try await together(6) { number in
                var load = TestLoad(columns: ["a"], rows: [["\(number)"], ["\(number)"]])
                load.mode = .replace
                return try await load.withScript { path in
                    try await PostgresConnection.connect(to: url).runScript(path: path)
                }
            }
            let connection = try await PostgresConnection.connect(to: url)
            #expect(
                try await connection.execute("SELECT count(*), count(DISTINCT a) FROM sales.orders") == [["2", "1"]])
        }
    }

    @Test("one bad row and nothing is loaded, and the error says where")
    func allOrNothing() async throws {
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            _ = try await connection.execute("CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL)")
            let cases: [([String?], String, String?)] = [
                (["12,5O", "1"], "database.bad_value", "12,5O"), (["1", nil], "database.not_null_violation", "\"n\""),
                (["7", "1"], "database.unique_violation", "(7)"),
            ]
            for (row, code, shown) in cases {
                var load = TestLoad(columns: ["id", "n"], rows: [["7", "1"], row, ["9", "1"]])
                load.table = "t"
                load.lineage = .none
                let error = await failure(of: load, url: url)
                #expect(error?.code == code)
                #expect(error?.copyLine == 2)
                #expect(error?.isTransient == false)
                if let shown { #expect(error?.message.contains(shown) == true, "\(error?.message ?? "")") }
                #expect(error?.message.contains("\t") == false)
            }
            #expect(try await connection.execute("SELECT count(*) FROM t") == [["0"]])
            #expect(try await connection.execute("SELECT to_regclass('landfall.loads')") == [[nil]])
        }
    }

    @Test("a table without one of the columns is an error that names it")
    func missingColumn() async throws {
        try await TestDatabase.with { url in
            let connection = try await PostgresConnection.connect(to: url)
            _ = try await connection.execute("CREATE SCHEMA sales; CREATE TABLE sales.orders (a text)")
            var load = TestLoad(columns: ["a", "b"], rows: [["1", "2"]])
            load.lineage = .none
            let error = await failure(of: load, url: url)
            #expect(error?.code == "database.undefined_column")
            #expect(error?.message == "column \"b\" of relation \"orders\" does not exist")
        }
    }

    @Test("required columns are NOT NULL in a table that is made, others are not")
    func required() async throws {
        var load = TestLoad(columns: ["a", "b"], rows: [["1", "2"]])
        load.required = ["a"]
        let nullable = try await TestDatabase.with { url in
            try await loaded(load, url: url)
            return try await PostgresConnection.connect(to: url).execute(
                "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = 'orders' ORDER BY 1"
            )
        }
        #expect(nullable == [["_load_id", "NO"], ["_row", "NO"], ["_source", "NO"], ["a", "NO"], ["b", "YES"]])
    }

    @Test("a user who may only insert can load into tables that are there")
    func fewRights() async throws {
        try await TestDatabase.with { url in
            try await loaded(TestLoad(columns: ["a"], rows: [["1"]]), url: url)
            let admin = try await PostgresConnection.connect(to: url)
            let role = "landfall_test_\(UUID().uuidString.prefix(8).lowercased())"
            _ = try await admin.execute(
                """
                CREATE ROLE \(role) LOGIN;
                GRANT USAGE ON SCHEMA landfall, sales TO \(role);
                GRANT SELECT, INSERT ON landfall.loads TO \(role);
                GRANT INSERT ON sales.orders TO \(role)
                """)
            let parts = try #require(ServerLink.parse(url.text))
            let server = "host=\(parts["host"] ?? "localhost") port=\(parts["port"] ?? "5432")"
            let limited = try DatabaseURL("\(server) dbname=\(parts["dbname"] ?? "") user=\(role)")
            try await loaded(TestLoad(columns: ["a"], rows: [["2"]]), url: limited)
            var elsewhere = TestLoad(columns: ["a"], rows: [["2"]])
            elsewhere.table = "new.t"
            #expect(await failure(of: elsewhere, url: limited)?.code == "database.permission_denied")
            #expect(try await admin.execute("SELECT count(*) FROM sales.orders") == [["2"]])
            _ = try await admin.execute("DROP OWNED BY \(role); DROP ROLE \(role)")
        }
    }

    // MARK: Helpers

    /// The rows of sales.orders and of the ledger, in order, without what differs from run to run.
    private func contents(_ url: DatabaseURL) async throws -> (rows: [[String?]], ledger: [[String?]]) {
        let connection = try await PostgresConnection.connect(to: url)
        let rows = try await connection.execute("SELECT o.*, o::text FROM sales.orders o ORDER BY o::text")
        let ledger = try await connection.execute(
            "SELECT load_id, target_table, source, version, rows, checksum FROM landfall.loads ORDER BY rows DESC")
        return (rows, ledger)
    }
}

func == (a: (rows: [[String?]], ledger: [[String?]]), b: (rows: [[String?]], ledger: [[String?]])) -> Bool {
    a.rows == b.rows && a.ledger == b.ledger
}

/// Loads; every row must have been copied.
func loaded(_ load: TestLoad, url: DatabaseURL) async throws {
    let connection = try await PostgresConnection.connect(to: url)
    let outcome = try await load.withScript { try await connection.runScript(path: $0) }
    #expect(outcome == .completed(rowsCopied: Int64(load.columns.first?.vector.count ?? 0)))
    await connection.close()
}

/// The error that a load ends with.
func failure(of load: TestLoad, url: DatabaseURL) async -> PostgresError? {
    do {
        try await loaded(load, url: url)
        return nil
    } catch {
        return error as? PostgresError
    }
}

/// The results of so many tasks at the same time.
func together<R: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> R) async throws -> [R] {
    try await withThrowingTaskGroup(of: R.self) { group in
        for number in 0..<count { group.addTask { try await body(number) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}
