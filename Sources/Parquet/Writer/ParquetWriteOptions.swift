import Compression

/// How a Parquet file is laid out.
package struct ParquetWriteOptions: Sendable {
    /// Which encodings may be chosen where they are smaller.
    package enum Encodings: Hashable, Sendable {
        /// Dictionaries, PLAIN and DELTA_BINARY_PACKED: what pyarrow, DuckDB, Polars and fastparquet all read.
        case usual
        /// Also DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY and BYTE_STREAM_SPLIT, which fastparquet does not read.
        case compact
        /// Only dictionaries and PLAIN, which every reader knows.
        case widelyRead
    }

    /// The version of data pages (parquet.thrift, `DataPageHeader` and `DataPageHeaderV2`).
    package enum PageVersion: Hashable, Sendable {
        case v1
        /// Levels stand uncompressed before the values, and values that do not shrink are not compressed.
        case v2
    }

    /// A column by which the rows come sorted. The writer does not sort: it states it for the row groups of which it is true.
    package struct SortingColumn: Hashable, Sendable {
        package var column: String
        package var isDescending: Bool
        package var hasNullsFirst: Bool

        package init(_ column: String, isDescending: Bool = false, hasNullsFirst: Bool = false) {
            self.column = column
            self.isDescending = isDescending
            self.hasNullsFirst = hasNullsFirst
        }
    }

    package var codec: PageCodec
    /// The rows of a row group.
    package var rowGroupRows: Int
    /// A row group also ends where its encoded pages have this many bytes. They are held in memory until then.
    package var rowGroupBytes: Int
    /// Bytes of a page before compression, about, and its rows.
    package var pageBytes: Int
    package var pageRows: Int
    package var pageVersion: PageVersion
    package var encodings: Encodings
    package var keyValueMetadata: [(key: String, value: String)]
    /// What the file says its writer is.
    package var createdBy: String
    /// Names of columns that get a bloom filter, and the share of absent values that the filters let pass.
    package var bloomFilterColumns: Set<String>
    package var bloomFalsePositives: Double
    package var sortingColumns: [SortingColumn]
    /// Whether pages have checksums, and whether the file has a page index (PageIndex.md).
    package var writesChecksums: Bool
    package var writesPageIndex: Bool

    package static let defaultRowGroupRows = 122_880
    /// A sixth of a row group.
    package static let defaultPageRows = 20_480

    package init(
        codec: PageCodec = .zstd(level: PageCodec.defaultZstdLevel), rowGroupRows: Int = defaultRowGroupRows,
        rowGroupBytes: Int = 128 << 20, pageBytes: Int = 1 << 20, encodings: Encodings = .usual,
        keyValueMetadata: [(key: String, value: String)] = [], createdBy: String = "landfall version 0.1.0",
        pageRows: Int = defaultPageRows, pageVersion: PageVersion = .v1, bloomFilterColumns: Set<String> = [],
        bloomFalsePositives: Double = 0.01, sortingColumns: [SortingColumn] = [], writesChecksums: Bool = true,
        writesPageIndex: Bool = true
    ) {
        self.codec = codec
        self.rowGroupRows = rowGroupRows
        self.rowGroupBytes = rowGroupBytes
        self.pageBytes = pageBytes
        self.pageRows = pageRows
        self.pageVersion = pageVersion
        self.encodings = encodings
        self.keyValueMetadata = keyValueMetadata
        self.createdBy = createdBy
        self.bloomFilterColumns = bloomFilterColumns
        self.bloomFalsePositives = bloomFalsePositives
        self.sortingColumns = sortingColumns
        self.writesChecksums = writesChecksums
        self.writesPageIndex = writesPageIndex
    }
}
