/// The table that says which loads a database holds; its rows are written in the same transaction as the loads' rows.
///
/// Source: `docs/ARCHITECTURE.md`, "Once only".
enum Ledger {
    static let table = "\"landfall\".\"loads\""

    /// Makes the ledger where it is missing.
    static var creation: String {
        let columns = [
            "load_id text PRIMARY KEY", "pipeline text NOT NULL", "target_table text NOT NULL", "source text NOT NULL",
            "version text", "rows bigint NOT NULL", "checksum text", "loaded_at timestamptz NOT NULL DEFAULT now()",
            "source_key text", "sequencer text",
        ]
        return "-- The ledger of loads.\n"
            + Creation(quoted: table, schema: "landfall", lines: columns, lock: "landfall ledger").text + additions
    }

    /// Ledgers of earlier versions lack these columns.
    private static var additions: String {
        let body = """
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_attribute
                    WHERE attrelid = '\(table)'::regclass AND attname = 'sequencer' AND NOT attisdropped) THEN
                    ALTER TABLE \(table) ADD COLUMN IF NOT EXISTS source_key text, ADD COLUMN IF NOT EXISTS sequencer text;
                END IF;
            END
            """
        return "DO \(Literal.dollarQuoted(body));\n"
    }

    static func insertion(for script: LoadScript, rows: Int64, checksum: String?) throws(SQLError) -> String {
        let version = try script.version.map { text throws(SQLError) in try Literal.quoted(text) } ?? "NULL"
        let checksum = try checksum.map { text throws(SQLError) in try Literal.quoted(text) } ?? "NULL"
        let values = [
            try Literal.quoted(script.loadID), try Literal.quoted(script.pipeline),
            try Literal.quoted(script.table.description), try Literal.quoted(script.source), version, "\(rows)",
            checksum, try Literal.quoted(script.history.sourceKey),
            try script.history.sequencer.map { text throws(SQLError) in try Literal.quoted(text) } ?? "NULL",
        ]
        return """
            INSERT INTO \(table) (load_id, pipeline, target_table, source, version, rows, checksum, source_key, sequencer)
                VALUES (\(values.joined(separator: ", ")));

            """
    }
}

/// Makes a table and its schema where they are missing.
///
/// Two sessions that both find it missing take turns under a lock: `IF NOT EXISTS` alone does not keep them from a
/// unique violation in the catalogue. A session that finds the table needs no right to create one.
struct Creation {
    let text: String

    init(of table: TableName, lines: [String], lock: String) {
        self.init(quoted: table.quoted, schema: table.schema, lines: lines, lock: lock)
    }

    init(quoted table: String, schema: String, lines: [String], lock: String) {
        let schema = Identifier.quotedUnchecked(schema)
        let body = """
            BEGIN
                IF to_regclass(\(Literal.quotedUnchecked(table))) IS NULL THEN
                    PERFORM pg_advisory_xact_lock(hashtextextended(\(Literal.quotedUnchecked(lock)), 0));
                    IF to_regnamespace(\(Literal.quotedUnchecked(schema))) IS NULL THEN
                        CREATE SCHEMA IF NOT EXISTS \(schema);
                    END IF;
                    CREATE TABLE IF NOT EXISTS \(table) (
                        \(lines.joined(separator: ",\n            "))
                    );
                END IF;
            END
            """
        text = "DO \(Literal.dollarQuoted(body));\n"
    }
}
