/// A load that a database holds: one row of `landfall.loads`.
package struct LedgerRow: Hashable, Sendable {
    package var loadID: String
    package var pipeline: String
    package var targetTable: String
    package var source: String
    package var version: String?
    package var rows: Int64
    package var checksum: String?
    /// UTC, `2026-01-31T13:05:09.250000Z`.
    package var loadedAt: String

    static let query = """
        SELECT load_id, pipeline, target_table, source, version, rows, checksum,
            to_char(loaded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        FROM "landfall"."loads" WHERE load_id = $1
        """

    /// Reads a row of ``query``'s result.
    init?(_ row: [String?]) {
        guard row.count == 8, let loadID = row[0], let pipeline = row[1], let targetTable = row[2], let source = row[3],
            let rows = row[5].flatMap({ Int64($0) }), let loadedAt = row[7]
        else { return nil }
        self.loadID = loadID
        self.pipeline = pipeline
        self.targetTable = targetTable
        self.source = source
        version = row[4]
        self.rows = rows
        checksum = row[6]
        self.loadedAt = loadedAt
    }
}
