/// Rows that one load has set aside and another load brings in, once they are mended.
///
/// They look as if the first load had brought them: `_load_id`, `_source` and `_row` are those of the first load. Which rows
/// of which load were brought in stands in `landfall.replayed_rows`, written in the same transaction as the rows; its primary
/// key keeps a row from being loaded twice.
package struct Replay: Hashable, Sendable {
    static let table = "\"landfall\".\"replayed_rows\""

    /// The numbers of the rows of a load that were replayed.
    package static let query = "SELECT \"row\" FROM \(table) WHERE load_id = $1"

    /// How many rows one statement takes.
    static let maxRowsPerStatement = 10_000

    /// The load that set the rows aside.
    package var loadID: String
    /// URI and version of its source.
    package var source: String

    package init(loadID: String, source: String) {
        self.loadID = loadID
        self.source = source
    }

    static var creation: String {
        let columns = [
            "load_id text NOT NULL", "\"row\" bigint NOT NULL", "replay_id text NOT NULL", "PRIMARY KEY (load_id, \"row\")",
        ]
        return "-- The rows that were set aside and brought in later.\n"
            + Creation(quoted: table, schema: "landfall", lines: columns, lock: "landfall replayed_rows").text
    }

    func insertion(of rows: [Int64], by loadID: String) throws(SQLError) -> String {
        let first = try Literal.quoted(self.loadID)
        let replay = try Literal.quoted(loadID)
        var text = ""
        var rest = rows[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.maxRowsPerStatement)
            rest = rest.dropFirst(part.count)
            text += """
                INSERT INTO \(Self.table) (load_id, "row", replay_id)
                    SELECT \(first), unnest(ARRAY[\(part.map(String.init).joined(separator: ", "))]::bigint[]), \(replay);

                """
        }
        return text
    }
}
