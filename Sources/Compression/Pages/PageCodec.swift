/// How a Parquet page is compressed (apache/parquet-format, Compression.md).
package enum PageCodec: Hashable, Sendable {
    case none
    case snappy
    /// RFC 1952; level 1 to 9.
    case gzip(level: Int = defaultGzipLevel)
    /// RFC 7932; quality 0 to 11.
    case brotli(level: Int)
    /// RFC 8878; level -7 to 19.
    case zstd(level: Int)
    /// The LZ4 block format without any framing (`LZ4_RAW`).
    case lz4Raw

    package static let defaultZstdLevel = 3
    package static let defaultGzipLevel = 6
    /// About as fast as gzip at its default, and smaller.
    package static let defaultBrotliLevel = 5

    /// Reads a codec's name as commands and pipeline files spell it: zstd, gzip, snappy, brotli, lz4 or none.
    package init?(_ name: String, level: Int? = nil) {
        switch name {
        case "none": self = .none
        case "snappy": self = .snappy
        case "gzip": self = .gzip(level: level ?? Self.defaultGzipLevel)
        case "brotli": self = .brotli(level: level ?? Self.defaultBrotliLevel)
        case "zstd": self = .zstd(level: level ?? Self.defaultZstdLevel)
        case "lz4": self = .lz4Raw
        default: return nil
        }
    }
}
