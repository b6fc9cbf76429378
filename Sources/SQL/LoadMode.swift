/// What a load does to the rows that a table has already.
package enum LoadMode: Hashable, Sendable, CustomStringConvertible {
    /// Leaves them.
    case append
    /// Takes them away.
    case replace
    /// Replaces those with the same key; of two rows of the file with one key the later wins.
    case upsert(key: [String])

    package var description: String {
        switch self {
        case .append: "append"
        case .replace: "replace"
        case .upsert(let key): "upsert by \(key.map { Identifier.printable($0) }.joined(separator: ", "))"
        }
    }
}

/// The names of the columns that say where a row came from; nil leaves one out.
package struct LineageColumns: Hashable, Sendable {
    /// text: the load's id.
    package var loadID: String?
    /// text: the source's URI and version.
    package var source: String?
    /// bigint: the 1-based number of the record in the source.
    package var row: String?

    package init(loadID: String? = "_load_id", source: String? = "_source", row: String? = "_row") {
        self.loadID = loadID
        self.source = source
        self.row = row
    }

    package static let none = LineageColumns(loadID: nil, source: nil, row: nil)
}
