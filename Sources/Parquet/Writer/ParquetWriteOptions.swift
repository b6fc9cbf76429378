import Compression

/// How a Parquet file is laid out.
package struct ParquetWriteOptions: Sendable {
    /// Which encodings may be chosen where they are smaller.
    package enum Encodings: Hashable, Sendable {
        /// Dictionaries and PLAIN, and also DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY and BYTE_STREAM_SPLIT.
        case compact
        /// Only dictionaries and PLAIN, which every reader knows.
        case widelyRead
    }

    package var codec: PageCodec
    /// The rows of a row group.
    package var rowGroupRows: Int
    /// A row group also ends where its encoded pages have this many bytes. They are held in memory until then.
    package var rowGroupBytes: Int
    /// Bytes of a page before compression, about.
    package var pageBytes: Int
    package var encodings: Encodings
    package var keyValueMetadata: [(key: String, value: String)]
    /// What the file says its writer is.
    package var createdBy: String

    package static let defaultRowGroupRows = 122_880

    package init(
        codec: PageCodec = .zstd(level: PageCodec.defaultZstdLevel), rowGroupRows: Int = defaultRowGroupRows,
        rowGroupBytes: Int = 128 << 20, pageBytes: Int = 1 << 20, encodings: Encodings = .compact,
        keyValueMetadata: [(key: String, value: String)] = [], createdBy: String = "landfall version 0.1.0"
    ) {
        self.codec = codec
        self.rowGroupRows = rowGroupRows
        self.rowGroupBytes = rowGroupBytes
        self.pageBytes = pageBytes
        self.encodings = encodings
        self.keyValueMetadata = keyValueMetadata
        self.createdBy = createdBy
    }
}
