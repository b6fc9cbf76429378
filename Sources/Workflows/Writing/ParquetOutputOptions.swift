import Jobs
import Parquet

/// What only Parquet files have; what is left out is chosen by the writer.
package struct ParquetOutputOptions: Hashable, Sendable {
    package static let encodingNames = ["usual", "compact", "widely_read"]

    package var rowGroupBytes: Int?
    /// 1 or 2.
    package var pageVersion: Int?
    /// One of ``encodingNames``.
    package var encodings: String?
    /// Columns that get a bloom filter.
    package var bloomFilters: [String] = []
    /// By what the rows come sorted; a row group that is not sorted so does not say it is.
    package var sortedBy: [ParquetWriteOptions.SortingColumn] = []
    /// Kept in the file's key-value metadata beside our own.
    package var metadata: [String: String] = [:]

    package init() {}

    /// Reads `name`, `name desc`, `name asc nulls last`: nulls come first unless it is said.
    package static func sortingColumn(_ text: String) -> ParquetWriteOptions.SortingColumn? {
        var words = text.split(separator: " ").map(String.init)[...]
        var hasNullsFirst = true
        if words.count > 2, words.dropLast().last == "nulls", let last = words.last, last == "first" || last == "last" {
            hasNullsFirst = last == "first"
            words = words.dropLast(2)
        }
        var isDescending = false
        if words.count > 1, let last = words.last, last == "desc" || last == "asc" {
            isDescending = last == "desc"
            words = words.dropLast()
        }
        guard !words.isEmpty else { return nil }
        return .init(words.joined(separator: " "), isDescending: isDescending, hasNullsFirst: hasNullsFirst)
    }

    /// What our own keys begin with.
    package static let ownKeyPrefix = "landfall."

    /// Takes over what the other options say.
    package mutating func override(with other: ParquetOutputOptions) {
        rowGroupBytes = other.rowGroupBytes ?? rowGroupBytes
        pageVersion = other.pageVersion ?? pageVersion
        encodings = other.encodings ?? encodings
        if !other.bloomFilters.isEmpty { bloomFilters = other.bloomFilters }
        if !other.sortedBy.isEmpty { sortedBy = other.sortedBy }
        metadata.merge(other.metadata) { $1 }
    }

    func apply(to options: inout ParquetWriteOptions) {
        if let rowGroupBytes { options.rowGroupBytes = rowGroupBytes }
        if let pageVersion { options.pageVersion = pageVersion == 2 ? .v2 : .v1 }
        switch encodings {
        case "compact": options.encodings = .compact
        case "widely_read": options.encodings = .widelyRead
        default: break
        }
        options.bloomFilterColumns = Set(bloomFilters)
        options.sortingColumns = sortedBy
        options.keyValueMetadata += metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
