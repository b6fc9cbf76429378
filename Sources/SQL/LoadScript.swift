import Columns

/// One load as a script: the text before the rows and the text after them.
///
/// How this works: everything is one transaction, so a script that has run has run whole. The ledger `landfall.loads`
/// says which loads there are; the script locks its load's id, looks the id up, and stops with SQLSTATE ``loadedState``
/// where it is there already. Locks are always taken in the order ledger, load, file, new table, replaced table, so two
/// loads never wait for each other. Only `COPY … FROM stdin` and its data stand outside quotes.
///
/// Source: `docs/ARCHITECTURE.md`, "Generated SQL" and "Once only"; PostgreSQL 11 or later.
package struct LoadScript: Sendable {
    /// The SQLSTATE by which a script says that its load is in the ledger already.
    package static let loadedState = "LF001"
    /// The most columns of a PostgreSQL table (MaxHeapAttributeNumber).
    package static let maxColumns = 1600
    /// Columns that every PostgreSQL table has already (manual, section 5.5 "System Columns").
    static let systemColumns: Set<String> = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]

    let table: TableName
    let schema: Schema
    let required: Set<String>
    let mode: LoadMode
    let lineage: LineageColumns
    let loadID: String
    let pipeline: String
    let source: String
    let version: String?
    let replay: Replay?
    let history: LoadHistory

    /// Checks every name, so that writing the script cannot fail on one.
    ///
    /// - Parameters:
    ///   - table: where the rows go; made where it is missing, with its schema.
    ///   - schema: the columns of the batches, in their order. Whether they are nullable is not looked at.
    ///   - required: the columns that are NOT NULL in a table that the script makes.
    ///   - loadID: the job's id, the ledger's key.
    ///   - source: URI and version of what is loaded, for `_source` and the ledger.
    ///   - version: the source's version, for the ledger.
    ///   - replay: the load whose rows these are, where they were set aside then.
    ///   - history: what the load is among those of other versions of the file; nil: a file of its own.
    ///
    /// Throws ``SQLError`` with a `sql.…` code.
    package init(
        table: TableName, schema: Schema, required: Set<String> = [], mode: LoadMode,
        lineage: LineageColumns = LineageColumns(), loadID: String, pipeline: String, source: String, version: String?,
        replay: Replay? = nil, history: LoadHistory? = nil
    ) throws(SQLError) {
        self.table = table
        self.schema = schema
        self.required = required
        self.mode = mode
        self.lineage = lineage
        self.loadID = loadID
        self.pipeline = pipeline
        self.source = source
        self.version = version
        self.replay = replay
        self.history = history ?? LoadHistory(sourceKey: source)
        if self.history.resend == .replace, lineage.loadID == nil {
            throw SQLError(
                code: "sql.no_lineage",
                message: "resend: replace finds the earlier rows by the column _load_id, which the pipeline leaves out.")
        }
        try Self.checkColumns(schema.names + lineageNames)
        try checkKey()
        guard table.quoted != Ledger.table else {
            throw SQLError(
                code: "sql.bad_table_name",
                message: "The target is \(table), which is the ledger of loads. Choose another table.")
        }
        for text in [loadID, pipeline, source, version, replay?.loadID, replay?.source, self.history.sourceKey, self.history.sequencer] {
            _ = try Literal.quoted(text ?? "")
        }
    }

    private var lineageNames: [String] { [lineage.loadID, lineage.source, lineage.row].compactMap(\.self) }

    private static func checkColumns(_ names: [String]) throws(SQLError) {
        guard !names.isEmpty else {
            throw SQLError(code: "sql.no_columns", message: "There is no column to load.")
        }
        guard names.count <= maxColumns else {
            throw SQLError(
                code: "sql.too_many_columns",
                message: "There are \(names.count) columns; a PostgreSQL table has at most \(maxColumns).")
        }
        var seen: Set<[UInt8]> = []
        for name in names {
            try Identifier.check(name)
            guard !systemColumns.contains(name) else {
                throw SQLError(
                    code: "sql.system_column",
                    message: "The column name \"\(name)\" belongs to PostgreSQL itself. Declare the column under "
                        + "another name (`name:` with `from:`).")
            }
            guard seen.insert(Array(name.utf8)).inserted else {
                throw SQLError(
                    code: "sql.duplicate_column",
                    message: "Two columns are named \"\(Identifier.printable(name))\" (lineage columns count). "
                        + "Rename one of them.")
            }
        }
    }

    private func checkKey() throws(SQLError) {
        guard case .upsert(let key) = mode else { return }
        guard !key.isEmpty, Set(key).count == key.count else {
            throw SQLError(
                code: "sql.bad_key", message: "An upsert into \(table) needs a key of one or more different columns.")
        }
        if let unknown = key.first(where: { schema.index(of: $0) == nil }) {
            throw SQLError(
                code: "sql.bad_key",
                message:
                    "The key column \"\(Identifier.printable(unknown))\" is not a column of the load into \(table).")
        }
    }
}

// MARK: Text

extension LoadScript {
    /// Everything up to the first row.
    var head: String {
        var parts = [comment, settings, Ledger.creation]
        if replay != nil { parts.append(Replay.creation) }
        parts.append(loadGuard)
        if let historyGuard { parts.append(historyGuard) }
        parts.append(creation)
        if let versionRemoval { parts.append(versionRemoval) }
        if case .replace = mode { parts.append(removal) }
        if case .upsert(let key) = mode { parts.append(staging(key: key)) }
        parts.append("COPY \(copyTarget) (\(list(copyColumns))) FROM stdin;\n")
        return parts.joined(separator: "\n")
    }

    /// Everything after the last row.
    /// - Parameter replayed: the numbers of the rows, for a replay.
    func tail(rows: Int64, checksum: String?, replayed: [Int64] = []) throws(SQLError) -> String {
        var parts = ["\\.\n"]
        if case .upsert(let key) = mode { parts.append(merge(key: key)) }
        if let replay { parts.append(try replay.insertion(of: replayed, by: loadID)) }
        parts.append(try Ledger.insertion(for: self, rows: rows, checksum: checksum))
        parts.append("COMMIT;\n")
        return parts.joined(separator: "\n")
    }

    /// The fields that are the same for every row, after the data's columns.
    var constants: [String] {
        (lineage.loadID == nil ? [] : [replay?.loadID ?? loadID]) + (lineage.source == nil ? [] : [replay?.source ?? source])
    }

    /// Upserts need the record number even where the table has no column for it.
    var writesRecordNumber: Bool { stagingRow != nil || lineage.row != nil }

    private var comment: String {
        let facts = [
            ("load", loadID), ("pipeline", pipeline), ("source", source), ("version", version ?? "none"),
            ("target", "\(table), \(mode)"),
        ]
        let lines = facts.map { "-- \($0): \(Identifier.printable($1, maxScalars: 2000))\n" }
        return """
            -- Written by Landfall. Runs whole or not at all: psql -v ON_ERROR_STOP=1 -f <this file>

            """ + lines.joined()
    }

    /// READ COMMITTED, so that the ledger is read as it is once the lock is ours.
    private var settings: String {
        """
        BEGIN ISOLATION LEVEL READ COMMITTED;
        SET LOCAL client_encoding = 'UTF8';
        SET LOCAL standard_conforming_strings = on;
        SET LOCAL datestyle = 'ISO, YMD';
        SET LOCAL timezone = 'UTC';
        SET LOCAL client_min_messages = warning;

        """
    }

    private var loadGuard: String {
        let body = """
            BEGIN
                PERFORM pg_advisory_xact_lock(hashtextextended(\(literal("landfall load \(loadID)")), 0));
                IF EXISTS (SELECT FROM \(Ledger.table) WHERE load_id = \(literal(loadID))) THEN
                    RAISE EXCEPTION USING ERRCODE = '\(Self.loadedState)',
                        MESSAGE = \(literal("landfall: load \(loadID) is already in landfall.loads"));
                END IF;
            END
            """
        return "-- Once only: a second run of this load stops here.\nDO \(Literal.dollarQuoted(body));\n"
    }

    private var creation: String {
        var lines = schema.columns.map { column in
            "\(Identifier.quotedUnchecked(column.name)) \(column.postgresType)"
                + (required.contains(column.name) ? " NOT NULL" : "")
        }
        if let name = lineage.loadID { lines.append("\(Identifier.quotedUnchecked(name)) text NOT NULL") }
        if let name = lineage.source { lines.append("\(Identifier.quotedUnchecked(name)) text NOT NULL") }
        if let name = lineage.row { lines.append("\(Identifier.quotedUnchecked(name)) bigint NOT NULL") }
        if case .upsert(let key) = mode { lines.append("PRIMARY KEY (\(list(key)))") }
        return "-- The target.\n" + Creation(of: table, lines: lines, lock: "landfall table \(table.quoted)").text
    }

    /// DELETE and not TRUNCATE: readers go on seeing the old rows until the commit, where TRUNCATE would lock them out
    /// for the whole load, and a transaction that began before would find the table empty. The price is a vacuum later.
    /// The lock makes replacing loads of one table take turns; without it the later one would keep the earlier's rows.
    private var removal: String {
        let body = """
            BEGIN
                PERFORM pg_advisory_xact_lock(hashtextextended(\(literal("landfall replace \(table.quoted)")), 0));
                DELETE FROM \(table.quoted);
            END
            """
        return "-- Replace.\nDO \(Literal.dollarQuoted(body));\n"
    }

    /// The columns of the COPY block.
    private var copyColumns: [String] { schema.names + lineageNames + [stagingRow].compactMap(\.self) }

    private var copyTarget: String {
        if case .upsert = mode { Self.stagingTable } else { table.quoted }
    }

    private func list(_ names: [String]) -> String {
        names.map { Identifier.quotedUnchecked($0) }.joined(separator: ", ")
    }

    private func literal(_ text: String) -> String { Literal.quotedUnchecked(text) }
}

// MARK: Upsert

extension LoadScript {
    private static let stagingTable = "pg_temp.\"landfall_staging\""

    /// The column of the staging table that holds the record number where the target has none; nil where it has one,
    /// or nothing is staged.
    private var stagingRow: String? {
        guard case .upsert = mode, lineage.row == nil else { return nil }
        let names = Set(schema.names + lineageNames)
        return (0...names.count).lazy.map { "_row\($0)" }.first { !names.contains($0) }
    }

    private func staging(key: [String]) -> String {
        let columns = list(schema.names + lineageNames)
        let row = stagingRow.map { ", 0::bigint AS \(Identifier.quotedUnchecked($0))" } ?? ""
        return """
            -- The rows wait in a table of their own. Merging it while it is empty finds out before any row is sent whether
            -- the target has a unique index over the key.
            CREATE TEMP TABLE "landfall_staging" ON COMMIT DROP AS
                SELECT \(columns)\(row) FROM \(table.quoted) WITH NO DATA;
            INSERT INTO \(table.quoted) (\(list(key))) SELECT \(list(key)) FROM \(Self.stagingTable)
                ON CONFLICT (\(list(key))) DO NOTHING;

            """
    }

    private func merge(key: [String]) -> String {
        let columns = schema.names + lineageNames
        let others = columns.filter { !key.contains($0) }
        let assignments = others.map {
            "\(Identifier.quotedUnchecked($0)) = EXCLUDED.\(Identifier.quotedUnchecked($0))"
        }
        let action = others.isEmpty ? "NOTHING" : "UPDATE SET \(assignments.joined(separator: ", "))"
        let row = Identifier.quotedUnchecked(stagingRow ?? lineage.row ?? "_row")
        return """
            -- Of rows with the same key the last one in the source stays.
            INSERT INTO \(table.quoted) (\(list(columns)))
                SELECT DISTINCT ON (\(list(key))) \(list(columns)) FROM \(Self.stagingTable)
                ORDER BY \(list(key)), \(row) DESC
                ON CONFLICT (\(list(key))) DO \(action);

            """
    }
}
