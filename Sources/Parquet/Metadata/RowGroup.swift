/// `RowGroup`.
struct RowGroup: Sendable {
    var columns: [ColumnChunk]
    var totalByteSize: Int64
    var rowCount: Int64
    var fileOffset: Int64?
    var totalCompressedSize: Int64?
    /// By what the rows come sorted; only written.
    var sortingColumns: [SortingColumn] = []

    /// `SortingColumn`.
    struct SortingColumn: Hashable, Sendable {
        var column: Int32
        var isDescending: Bool
        var hasNullsFirst: Bool
    }

    static func read(_ reader: inout ThriftReader, _ field: ThriftField) throws -> RowGroup {
        var columns: [ColumnChunk]?
        var rowCount: Int64?
        var totalByteSize: Int64 = 0
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1: columns = try reader.list(field, ColumnChunk.read)
            case 2: totalByteSize = try reader.int64(field)
            case 3: rowCount = try reader.int64(field)
            default: try reader.skip(field)
            }
        }
        guard let columns else { throw ThriftReader.missing("the columns of a row group") }
        guard let rowCount else { throw ThriftReader.missing("the number of rows of a row group") }
        guard rowCount >= 0 else { throw ParquetError.footer("a row group has \(rowCount) rows") }
        return RowGroup(columns: columns, totalByteSize: totalByteSize, rowCount: rowCount)
    }

    func write(_ writer: inout ThriftWriter) {
        writer.field(1, list: columns) { $1.write(&$0) }
        writer.field(2, int64: totalByteSize)
        writer.field(3, int64: rowCount)
        if !sortingColumns.isEmpty {
            writer.field(4, list: sortingColumns) { writer, sorting in
                writer.field(1, int32: sorting.column)
                writer.field(2, bool: sorting.isDescending)
                writer.field(3, bool: sorting.hasNullsFirst)
            }
        }
        if let fileOffset { writer.field(5, int64: fileOffset) }
        if let totalCompressedSize { writer.field(6, int64: totalCompressedSize) }
    }
}

/// Some bytes of a file; the size is 0 where it is not stated.
struct FileRegion: Hashable, Sendable {
    var offset: Int64
    var size: Int32
}

/// `ColumnChunk` with its `ColumnMetaData`: one column's pages in one row group.
struct ColumnChunk: Sendable {
    var type: PhysicalType
    var encodings: [Int32]
    /// The names down to the leaf; only written, as the order of the columns tells the same.
    var path: [String]
    var codec: Int32
    /// Values and nulls.
    var valueCount: Int64
    var totalUncompressedSize: Int64
    /// Bytes in the file, headers included.
    var totalCompressedSize: Int64
    var dataPageOffset: Int64
    var dictionaryPageOffset: Int64?
    var statistics: Statistics?
    /// How many data pages have which encoding (`PageEncodingStats`); only written.
    var pageCounts: [(type: PageType, encoding: PageEncoding, count: Int32)] = []
    /// Where the chunk's part of the page index stands in the file, and its bloom filter.
    var columnIndex: FileRegion?
    var offsetIndex: FileRegion?
    var bloomFilter: FileRegion?
    /// The row group's number, from 1; only of chunks that were read.
    var groupNumber = 0
    /// Why the chunk cannot be read at all: it is encrypted, or in another file.
    var obstacle: ParquetError?

    static func read(_ reader: inout ThriftReader, _ field: ThriftField) throws -> ColumnChunk {
        var chunk: ColumnChunk?
        var obstacle: ParquetError?
        var columnIndex = FileRegion(offset: 0, size: 0)
        var offsetIndex = columnIndex
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1:
                let path = try reader.string(field)
                obstacle = ParquetError(
                    code: "parquet.external_column",
                    message: "A column's pages are in another file, \(path), which is not supported.")
            case 3: chunk = try readMetaData(&reader, field)
            case 4: offsetIndex.offset = try reader.int64(field)
            case 5: offsetIndex.size = try reader.int32(field)
            case 6: columnIndex.offset = try reader.int64(field)
            case 7: columnIndex.size = try reader.int32(field)
            case 8, 9:
                try reader.skip(field)
                obstacle = .encrypted
            default: try reader.skip(field)
            }
        }
        if chunk == nil, let obstacle { throw obstacle }
        guard var chunk else { throw ThriftReader.missing("the metadata of a column chunk") }
        chunk.obstacle = obstacle
        if columnIndex.offset > 0, columnIndex.size > 0 { chunk.columnIndex = columnIndex }
        if offsetIndex.offset > 0, offsetIndex.size > 0 { chunk.offsetIndex = offsetIndex }
        return chunk
    }

    private static func readMetaData(_ reader: inout ThriftReader, _ field: ThriftField) throws -> ColumnChunk {
        var chunk = ColumnChunk(
            type: .boolean, encodings: [], path: [], codec: 0, valueCount: -1, totalUncompressedSize: 0,
            totalCompressedSize: -1, dataPageOffset: -1)
        var hasType = false
        var bloom = FileRegion(offset: 0, size: 0)
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1:
                let raw = try reader.int32(field)
                guard let type = PhysicalType(rawValue: raw) else {
                    throw ParquetError.footer("a column chunk has the type \(raw)")
                }
                chunk.type = type
                hasType = true
            case 2: chunk.encodings = try reader.list(field) { try $0.int32($1) }
            case 4: chunk.codec = try reader.int32(field)
            case 5: chunk.valueCount = try reader.int64(field)
            case 6: chunk.totalUncompressedSize = try reader.int64(field)
            case 7: chunk.totalCompressedSize = try reader.int64(field)
            case 9: chunk.dataPageOffset = try reader.int64(field)
            case 11: chunk.dictionaryPageOffset = try reader.int64(field)
            case 12 where reader.wantsStatistics: chunk.statistics = try Statistics.read(&reader, field)
            // Fields of one old writer's own have these numbers too.
            case 14 where field.type == .int64: bloom.offset = try reader.int64(field)
            case 15 where field.type == .int32: bloom.size = try reader.int32(field)
            default: try reader.skip(field)
            }
        }
        guard hasType, chunk.valueCount >= 0, chunk.totalCompressedSize >= 0, chunk.dataPageOffset >= 0 else {
            throw ParquetError.footer("the metadata of a column chunk lacks its type, or a size in it is missing or negative")
        }
        if bloom.offset > 0 { chunk.bloomFilter = bloom }
        return chunk
    }

    func write(_ writer: inout ThriftWriter) {
        // The offset of metadata that no one writes behind the pages any more; 0 is what the format asks for.
        writer.field(2, int64: 0)
        writer.field(3) { writer in
            writer.field(1, int32: type.rawValue)
            writer.field(2, int32s: encodings)
            writer.field(3, strings: path)
            writer.field(4, int32: codec)
            writer.field(5, int64: valueCount)
            writer.field(6, int64: totalUncompressedSize)
            writer.field(7, int64: totalCompressedSize)
            writer.field(9, int64: dataPageOffset)
            if let dictionaryPageOffset { writer.field(11, int64: dictionaryPageOffset) }
            if let statistics { writer.field(12) { statistics.write(&$0) } }
            writer.field(13, list: pageCounts) { writer, pages in
                writer.field(1, int32: pages.type.rawValue)
                writer.field(2, int32: pages.encoding.rawValue)
                writer.field(3, int32: pages.count)
            }
            if let bloomFilter {
                writer.field(14, int64: bloomFilter.offset)
                writer.field(15, int32: bloomFilter.size)
            }
        }
        if let offsetIndex {
            writer.field(4, int64: offsetIndex.offset)
            writer.field(5, int32: offsetIndex.size)
        }
        if let columnIndex {
            writer.field(6, int64: columnIndex.offset)
            writer.field(7, int32: columnIndex.size)
        }
    }
}

extension ParquetError {
    static let encrypted = ParquetError(
        code: "parquet.encrypted", message: "The file is encrypted, which is not supported. Send it decrypted.")
}
