import Compression

extension PageDecompressor.Codec {
    /// Reads the number of a `CompressionCodec` (Compression.md).
    init(_ raw: Int32) throws {
        self =
            switch CompressionCodec(rawValue: raw) {
            case .uncompressed: .none
            case .snappy: .snappy
            case .gzip: .gzip
            case .brotli: .brotli
            case .zstd: .zstd
            case .lz4Raw: .lz4Raw
            case .lz4: .lz4Hadoop
            case .lzo, nil:
                throw ParquetError(
                    code: "parquet.unsupported_codec",
                    message: "The compression \(CompressionCodec(rawValue: raw)?.name ?? "\(raw)") is not supported. "
                        + "Write the file with zstd, snappy, gzip, brotli, lz4 or without compression.")
            }
    }
}
