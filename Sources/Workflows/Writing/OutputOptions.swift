import Columns
import Compression
import Jobs
import Parquet
import Tabular

/// How a file is to be written.
package struct OutputOptions: Hashable, Sendable {
    package static let compressions = ["zstd", "gzip", "snappy", "lz4", "brotli", "none"]

    /// One of ``compressions``; nil: zstd for Parquet, and for the others what the file's name says.
    package var compression: String?
    package var compressionLevel: Int?
    /// Parquet only.
    package var rowGroupRows: Int?
    package var parquet = ParquetOutputOptions()
    /// CSV only.
    package var delimiter = UInt8(ascii: ",")
    /// CSV only: what stands above the columns, if not their names.
    var header: [String]?
    /// Into which files the rows go.
    package var split = OutputSplit()

    package init(compression: String? = nil, compressionLevel: Int? = nil, rowGroupRows: Int? = nil) {
        self.compression = compression
        self.compressionLevel = compressionLevel
        self.rowGroupRows = rowGroupRows
    }

    /// Throws for a level that the compression does not have. `prefix` is what the level is called.
    package func checkLevel(_ name: String) throws(Failure) {
        guard let level = compressionLevel, let compression else { return }
        let levels: ClosedRange<Int>
        switch compression {
        case "gzip": levels = 1...9
        case "brotli": levels = 1...11
        case "zstd": levels = 1...22
        default:
            throw Failure(.permanent, "settings.bad_value", "\(name): the compression \(compression) has no levels; leave it out.")
        }
        guard levels.contains(level) else {
            throw Failure(
                .permanent, "settings.bad_value", "\(name) of \(compression) must be from 1 to \(levels.upperBound), found \(level).")
        }
    }

    /// The compression of a whole text file; throws for one that is only for Parquet pages.
    func container(named: Container) throws(TabularError) -> Container {
        guard let compression else { return named }
        guard let container = Container(rawValue: compression), [.none, .gzip, .zstd].contains(container) else {
            throw TabularError("output.compression", "Text files can be compressed with zstd or gzip, not with \(compression).")
        }
        return container
    }
}

/// Into which files the rows of an output go.
package struct OutputSplit: Hashable, Sendable {
    /// The columns that name folders, outermost first; they are left out of the files (Hive's way).
    package var partitionBy: [String] = []
    /// A file ends where it has about this many bytes; nil: no limit.
    package var fileBytes: Int64?
    /// A file ends where it has this many rows; nil: no limit.
    package var fileRows: Int64?

    package init() {}

    /// Whether files end before the rows do.
    var isCut: Bool { fileBytes != nil || fileRows != nil }
    /// Whether the output is a folder of files, though it may be of one.
    package var isSet: Bool { isCut || !partitionBy.isEmpty }
}
