// The enumerations of parquet.thrift (apache/parquet-format, src/main/thrift/parquet.thrift).

/// `Type`: how values are stored.
enum PhysicalType: Int32, Sendable {
    case boolean = 0
    case int32, int64, int96, float, double, byteArray, fixedLengthByteArray

    var name: String {
        switch self {
        case .boolean: "BOOLEAN"
        case .int32: "INT32"
        case .int64: "INT64"
        case .int96: "INT96"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .byteArray: "BYTE_ARRAY"
        case .fixedLengthByteArray: "FIXED_LEN_BYTE_ARRAY"
        }
    }

    /// Bytes of a value in PLAIN; nil where it varies (BYTE_ARRAY), is in bits (BOOLEAN) or the schema's (FIXED).
    var width: Int? {
        switch self {
        case .int32, .float: 4
        case .int64, .double: 8
        case .int96: 12
        case .boolean, .byteArray, .fixedLengthByteArray: nil
        }
    }
}

/// `FieldRepetitionType`.
enum Repetition: Int32, Sendable {
    case required = 0
    case optional, repeated
}

/// `ConvertedType`: the predecessor of ``LogicalType``.
enum ConvertedType: Int32, Sendable {
    case utf8 = 0
    case map, mapKeyValue, list, enumeration, decimal, date, timeMillis, timeMicros, timestampMillis, timestampMicros
    case uint8, uint16, uint32, uint64, int8, int16, int32, int64, json, bson, interval
}

/// `Encoding`: how the values of a page are encoded (Encodings.md).
enum PageEncoding: Int32, Sendable {
    case plain = 0
    case plainDictionary = 2
    case runLength, bitPacked, deltaBinaryPacked, deltaLengthByteArray, deltaByteArray, runLengthDictionary
    case byteStreamSplit

    var name: String {
        switch self {
        case .plain: "PLAIN"
        case .plainDictionary: "PLAIN_DICTIONARY"
        case .runLength: "RLE"
        case .bitPacked: "BIT_PACKED"
        case .deltaBinaryPacked: "DELTA_BINARY_PACKED"
        case .deltaLengthByteArray: "DELTA_LENGTH_BYTE_ARRAY"
        case .deltaByteArray: "DELTA_BYTE_ARRAY"
        case .runLengthDictionary: "RLE_DICTIONARY"
        case .byteStreamSplit: "BYTE_STREAM_SPLIT"
        }
    }
}

/// `CompressionCodec` (Compression.md).
enum CompressionCodec: Int32, Sendable {
    case uncompressed = 0
    case snappy, gzip, lzo, brotli, lz4, zstd, lz4Raw

    var name: String {
        switch self {
        case .uncompressed: "UNCOMPRESSED"
        case .snappy: "SNAPPY"
        case .gzip: "GZIP"
        case .lzo: "LZO"
        case .brotli: "BROTLI"
        case .lz4: "LZ4"
        case .zstd: "ZSTD"
        case .lz4Raw: "LZ4_RAW"
        }
    }
}

/// `PageType`.
enum PageType: Int32, Sendable {
    case data = 0
    case index, dictionary, dataV2
}
