import ArgumentParser
import Jobs
import Workflows

/// How Parquet files are laid out, as flags.
struct ParquetFlags: ParsableArguments {
    @Option(name: .customLong("row-group-bytes"), help: "Bytes of a Parquet row group at most, like 64MiB.") var rowGroupBytes: String?
    @Option(name: .customLong("page-version"), help: "Parquet data pages: 1 or 2.") var pageVersion: Int?
    @Option(help: "Parquet encodings: usual, compact (smaller, not for fastparquet) or widely_read.") var encodings: String?
    @Option(
        name: .customLong("bloom-filters"),
        help: ArgumentHelp("Columns that get a bloom filter, separated by commas.", valueName: "columns"))
    var bloomFilters: String?
    @Option(
        name: .customLong("sorted-by"),
        help: ArgumentHelp("By what the rows come sorted: 'day,id desc nulls last'.", valueName: "columns"))
    var sortedBy: String?
    @Option(help: ArgumentHelp("A fact to keep in a Parquet file; may be given several times.", valueName: "key=value"))
    var metadata: [String] = []

    func options() throws(Failure) -> ParquetOutputOptions {
        var options = ParquetOutputOptions()
        if let rowGroupBytes {
            guard let bytes = ByteCount.parse(rowGroupBytes) else {
                throw Failure(
                    .permanent, "usage.row_group_bytes", "--row-group-bytes must be bytes, or like 64MiB, found \"\(rowGroupBytes)\".")
            }
            options.rowGroupBytes = bytes
        }
        if let pageVersion {
            guard (1...2).contains(pageVersion) else { throw Failure(.permanent, "usage.page_version", "--page-version must be 1 or 2.") }
            options.pageVersion = pageVersion
        }
        if let encodings {
            guard ParquetOutputOptions.encodingNames.contains(encodings) else {
                let names = ParquetOutputOptions.encodingNames.joined(separator: ", ")
                throw Failure(.permanent, "usage.encodings", "--encodings must be one of \(names), found \"\(encodings)\".")
            }
            options.encodings = encodings
        }
        options.bloomFilters = (bloomFilters ?? "").split(separator: ",").map(String.init)
        for text in (sortedBy ?? "").split(separator: ",") {
            guard let column = ParquetOutputOptions.sortingColumn(String(text)) else {
                throw Failure(.permanent, "usage.sorted_by", "--sorted-by needs columns, like 'day,id desc nulls last'.")
            }
            options.sortedBy.append(column)
        }
        for fact in metadata {
            guard let equals = fact.firstIndex(of: "="), equals != fact.startIndex,
                !fact.hasPrefix(ParquetOutputOptions.ownKeyPrefix)
            else {
                throw Failure(
                    .permanent, "usage.metadata", "--metadata must be key=value, the key not beginning with landfall., found \"\(fact)\".")
            }
            options.metadata[String(fact[..<equals])] = String(fact[fact.index(after: equals)...])
        }
        return options
    }
}
