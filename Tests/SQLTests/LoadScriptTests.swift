import Columns
import Testing

@testable import SQL

@Suite("The script of a load")
struct LoadScriptTests {
    @Test("appending copies straight into the table")
    func append() throws {
        let script = try LoadScript(
            table: TableName(parsing: "sales.orders"), schema: orders, required: ["order_id"], mode: .append,
            loadID: "j1", pipeline: "orders", source: "s3://acme/o'rders.csv#v1", version: "v1")
        #expect(
            try text(script) == """
                -- Written by Landfall. Runs whole or not at all: psql -v ON_ERROR_STOP=1 -f <this file>
                -- load: j1
                -- pipeline: orders
                -- source: s3://acme/o'rders.csv#v1
                -- version: v1
                -- target: sales.orders, append

                \(start)
                -- Once only: a second run of this load stops here.
                DO $landfall$
                BEGIN
                    PERFORM pg_advisory_xact_lock(hashtextextended('landfall load j1', 0));
                    IF EXISTS (SELECT FROM "landfall"."loads" WHERE load_id = 'j1') THEN
                        RAISE EXCEPTION USING ERRCODE = 'LF001',
                            MESSAGE = 'landfall: load j1 is already in landfall.loads';
                    END IF;
                END
                $landfall$;

                -- The target.
                DO $landfall$
                BEGIN
                    IF to_regclass('"sales"."orders"') IS NULL THEN
                        PERFORM pg_advisory_xact_lock(hashtextextended('landfall table "sales"."orders"', 0));
                        IF to_regnamespace('"sales"') IS NULL THEN
                            CREATE SCHEMA IF NOT EXISTS "sales";
                        END IF;
                        CREATE TABLE IF NOT EXISTS "sales"."orders" (
                            "order_id" bigint NOT NULL,
                            "Order Total" numeric(12,2),
                            "_load_id" text NOT NULL,
                            "_source" text NOT NULL,
                            "_row" bigint NOT NULL
                        );
                    END IF;
                END
                $landfall$;

                COPY "sales"."orders" ("order_id", "Order Total", "_load_id", "_source", "_row") FROM stdin;
                1	12.50	j1	s3://acme/o'rders.csv#v1	1
                2	\\N	j1	s3://acme/o'rders.csv#v1	3
                \\.

                INSERT INTO "landfall"."loads" (load_id, pipeline, target_table, source, version, rows, checksum, source_key, sequencer)
                    VALUES ('j1', 'orders', 'sales.orders', 's3://acme/o''rders.csv#v1', 'v1', 2, 'abc', 's3://acme/o''rders.csv#v1', NULL);

                COMMIT;

                """)
    }

    @Test("replacing takes the old rows away first, under a lock of its own")
    func replace() throws {
        let script = try LoadScript(
            table: TableName(parsing: "orders"), schema: orders, mode: .replace, lineage: .none, loadID: "j2",
            pipeline: "orders", source: "o.csv", version: nil)
        let lines = try text(script)
        #expect(
            lines.contains(
                """
                -- Replace.
                DO $landfall$
                BEGIN
                    PERFORM pg_advisory_xact_lock(hashtextextended('landfall replace "public"."orders"', 0));
                    DELETE FROM "public"."orders";
                END
                $landfall$;

                COPY "public"."orders" ("order_id", "Order Total") FROM stdin;
                1	12.50
                2	\\N
                \\.

                INSERT INTO "landfall"."loads" (load_id, pipeline, target_table, source, version, rows, checksum, source_key, sequencer)
                    VALUES ('j2', 'orders', 'public.orders', 'o.csv', NULL, 2, 'abc', 'o.csv', NULL);
                """))
    }

    @Test("an upsert stages the rows and merges the last of each key")
    func upsert() throws {
        let script = try LoadScript(
            table: TableName(parsing: "orders"), schema: orders, mode: .upsert(key: ["order_id"]),
            lineage: LineageColumns(loadID: "load", source: nil, row: nil), loadID: "j3", pipeline: "orders",
            source: "o.csv", version: nil)
        let lines = try text(script)
        #expect(lines.contains("            \"load\" text NOT NULL,\n            PRIMARY KEY (\"order_id\")\n"))
        #expect(
            lines.contains(
                """
                CREATE TEMP TABLE "landfall_staging" ON COMMIT DROP AS
                    SELECT "order_id", "Order Total", "load", 0::bigint AS "_row0" FROM "public"."orders" WITH NO DATA;
                INSERT INTO "public"."orders" ("order_id") SELECT "order_id" FROM pg_temp."landfall_staging"
                    ON CONFLICT ("order_id") DO NOTHING;

                COPY pg_temp."landfall_staging" ("order_id", "Order Total", "load", "_row0") FROM stdin;
                1	12.50	j3	1
                2	\\N	j3	3
                \\.

                -- Of rows with the same key the last one in the source stays.
                INSERT INTO "public"."orders" ("order_id", "Order Total", "load")
                    SELECT DISTINCT ON ("order_id") "order_id", "Order Total", "load" FROM pg_temp."landfall_staging"
                    ORDER BY "order_id", "_row0" DESC
                    ON CONFLICT ("order_id") DO UPDATE SET "Order Total" = EXCLUDED."Order Total", "load" = EXCLUDED."load";
                """))
    }

    @Test("names and sources cannot break out of comments, quotes or dollar quotes")
    func hostile() throws {
        let evil = "x\n; DROP TABLE a; --\r\u{2028}$landfall$ '\" \\"
        let script = try LoadScript(
            table: TableName(schema: "s'\"$landfall$", name: "t\n\"'"),
            schema: Schema([Column(name: "c\"'\n$landfall1$;", type: .text)]), mode: .append, loadID: evil,
            pipeline: evil,
            source: evil, version: evil)
        let head = script.head
        for line in head.split(separator: "\n").prefix(6) { #expect(line.hasPrefix("-- ")) }
        #expect(head.contains("$landfall2$"))
        #expect(!head.contains("\nDROP"))
        #expect(head.contains("E'landfall load x\n; DROP TABLE a; --\r\u{2028}$landfall$ ''\" \\\\'"))
    }

    @Test(
        "columns and keys that cannot be are refused",
        arguments: [
            ([], LoadMode.append, "sql.no_columns"), (["a", "a"], .append, "sql.duplicate_column"),
            (["a", "_row"], .append, "sql.duplicate_column"), (["ctid"], .append, "sql.system_column"),
            (["a", ""], .append, "sql.identifier_empty"), (["a"], .upsert(key: []), "sql.bad_key"),
            (["a"], .upsert(key: ["b"]), "sql.bad_key"), (["a"], .upsert(key: ["a", "a"]), "sql.bad_key"),
            ((0..<1600).map { "c\($0)" }, .append, "sql.too_many_columns"),
        ])
    func refuses(names: [String], mode: LoadMode, code: String) {
        let lineage = names.isEmpty ? LineageColumns.none : LineageColumns()
        let thrown = codeThrown {
            _ = try LoadScript(
                table: TableName(name: "t"), schema: Schema(names.map { Column(name: $0, type: .text) }), mode: mode,
                lineage: lineage, loadID: "j", pipeline: "p", source: "s", version: nil)
        }
        #expect(thrown == code)
    }

    @Test("the ledger is no target")
    func ledger() {
        let thrown = codeThrown {
            _ = try LoadScript(
                table: TableName(parsing: "landfall.loads"), schema: orders, mode: .append, loadID: "j", pipeline: "p",
                source: "s", version: nil)
        }
        #expect(thrown == "sql.bad_table_name")
    }

    @Test("every type has its PostgreSQL type")
    func types() {
        let expected: [(ColumnType, String)] = [
            (.bool, "boolean"), (.int16, "smallint"), (.int32, "integer"), (.int64, "bigint"), (.float32, "real"),
            (.float64, "double precision"), (.decimal(precision: 38, scale: 9), "numeric(38,9)"), (.date, "date"),
            (.time, "time without time zone"), (.timestamp, "timestamp without time zone"),
            (.timestamptz, "timestamp with time zone"), (.text, "text"), (.bytes, "bytea"), (.uuid, "uuid"),
            (.json, "jsonb"),
        ]
        for (type, name) in expected { #expect(type.postgresType == name) }
    }

    private let orders = Schema([
        Column(name: "order_id", type: .int64),
        Column(name: "Order Total", type: .decimal(precision: 12, scale: 2), reason: Column.declared),
    ])

    private func text(_ script: LoadScript) throws -> String {
        let batch = ColumnBatch(
            schema: orders,
            columns: [
                ColumnVector(type: .int64, values: .int64([1, 2]), valid: [true, true]),
                ColumnVector(
                    type: .decimal(precision: 12, scale: 2), values: .int64([1250, 0]), valid: [true, false]),
            ], recordNumbers: [1, 3])
        var bytes: [UInt8] = []
        let writer = LoadScriptWriter(script) { bytes.append(contentsOf: $0) }
        try writer.begin()
        try writer.copy(batch)
        try writer.finish(checksum: "abc")
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What every script begins with.
    private let start = """
        BEGIN ISOLATION LEVEL READ COMMITTED;
        SET LOCAL client_encoding = 'UTF8';
        SET LOCAL standard_conforming_strings = on;
        SET LOCAL datestyle = 'ISO, YMD';
        SET LOCAL timezone = 'UTC';
        SET LOCAL client_min_messages = warning;

        -- The ledger of loads.
        DO $landfall$
        BEGIN
            IF to_regclass('"landfall"."loads"') IS NULL THEN
                PERFORM pg_advisory_xact_lock(hashtextextended('landfall ledger', 0));
                IF to_regnamespace('"landfall"') IS NULL THEN
                    CREATE SCHEMA IF NOT EXISTS "landfall";
                END IF;
                CREATE TABLE IF NOT EXISTS "landfall"."loads" (
                    load_id text PRIMARY KEY,
                    pipeline text NOT NULL,
                    target_table text NOT NULL,
                    source text NOT NULL,
                    version text,
                    rows bigint NOT NULL,
                    checksum text,
                    loaded_at timestamptz NOT NULL DEFAULT now(),
                    source_key text,
                    sequencer text
                );
            END IF;
        END
        $landfall$;
        DO $landfall$
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_attribute
                WHERE attrelid = '"landfall"."loads"'::regclass AND attname = 'sequencer' AND NOT attisdropped) THEN
                ALTER TABLE "landfall"."loads" ADD COLUMN IF NOT EXISTS source_key text, ADD COLUMN IF NOT EXISTS sequencer text;
            END IF;
        END
        $landfall$;

        """
}
