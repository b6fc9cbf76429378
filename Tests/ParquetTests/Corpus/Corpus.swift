import Foundation

/// The corpus with its manifest, in the folder of the shared data.
struct Corpus {
    static let folder = ProcessInfo.processInfo.environment["LANDFALL_SHARED"].map { $0 + "/corpora/1-parquet/" }

    struct File {
        /// Below the corpus's folder.
        var name: String
        var path: String { (Corpus.folder ?? "") + name }
        /// `ok`, or what pyarrow said.
        var pyarrow: String
        var rowCount: Int?
        var columnNames: [String]
        /// Where the first rows stand, as pyarrow reads them.
        var oracle: String?

        func rows() throws -> [[OracleValue]] {
            guard let oracle else { return [] }
            return try Corpus.rows(of: String(contentsOfFile: oracle, encoding: .utf8))
        }

        /// The oracle's value for a column of ours, whose name may be a path of members.
        func expected(_ name: String, _ row: [OracleValue]) -> OracleValue? {
            if let place = columnNames.firstIndex(of: name) { return place < row.count ? row[place] : nil }
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            for count in (1..<max(2, parts.count)).reversed() {
                let front = parts.prefix(count).joined(separator: ".")
                guard let place = columnNames.firstIndex(of: front), place < row.count else { continue }
                return row[place].at(parts.dropFirst(count))
            }
            return nil
        }
    }

    var files: [File]

    init() throws {
        let root = Self.folder ?? ""
        let manifest = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: root + "manifest.json")))
        files = (manifest as? [[String: Any]] ?? []).compactMap { entry in
            guard let path = entry["path"] as? String else { return nil }
            let columns = entry["columns"] as? [[String: Any]] ?? []
            return File(
                name: path, pyarrow: entry["pyarrow"] as? String ?? "", rowCount: entry["rows_read"] as? Int,
                columnNames: columns.map { $0["name"] as? String ?? "" },
                oracle: (entry["oracle_rows"] as? String).map { root + $0 })
        }
    }

    /// Rows as JSON lists, one a line.
    static func rows(of text: String) throws -> [[OracleValue]] {
        try text.split(separator: "\n").map { try JSONDecoder().decode([OracleValue].self, from: Data($0.utf8)) }
    }
}
