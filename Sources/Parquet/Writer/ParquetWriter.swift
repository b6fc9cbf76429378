import Columns
import Compression

/// What a finished file holds.
package struct ParquetFileSummary: Hashable, Sendable {
    package var rows: Int64
    /// The file's size.
    package var bytes: Int64
    package var rowGroups: Int
}

/// Writes batches to a Parquet file with data pages of version 1 (apache/parquet-format, README).
///
/// Memory is bounded by one row group's compressed pages and an open page a column. Throws ``ParquetError`` for what
/// does not fit the schema, `CompressionError` (`output.…`) for what the file system refuses; after an error the file is
/// incomplete and the writer not to be used any more.
package final class ParquetWriter {
    private let sink: any ByteSink
    private let schema: Schema
    private let options: ParquetWriteOptions
    private var encoders: [any ColumnEncoder] = []
    private var elements: [SchemaElement] = []
    private var rowGroups: [RowGroup] = []
    private var groupRows = 0
    /// The offset in the file of the next byte.
    private var offset: Int64 = 0
    /// Rows taken so far.
    package private(set) var rows: Int64 = 0

    /// Creates the file, or empties the one that is there.
    package convenience init(path: String, schema: Schema, options: ParquetWriteOptions = ParquetWriteOptions()) throws {
        try self.init(sink: try FileByteSink(path: path), schema: schema, options: options)
    }

    /// - Parameter sink: is finished by ``finish()``.
    package init(sink: any ByteSink, schema: Schema, options: ParquetWriteOptions = ParquetWriteOptions()) throws {
        self.sink = sink
        self.schema = schema
        self.options = options
        guard Set(schema.names).count == schema.columns.count else {
            throw ParquetError(code: "parquet.duplicate_column", message: "The schema has two columns of one name.")
        }
        let room = try PageRoom(options.codec)
        // Many columns have smaller pages, so that all the open ones together stay within bounds.
        let share = ParquetLimits.openPageBytes / max(1, schema.columns.count)
        let pageBytes = min(max(1024, options.pageBytes), max(ParquetLimits.minPageBytes, share))
        for column in schema.columns {
            let element = SchemaElement(column)
            elements.append(element)
            encoders.append(Self.encoder(column, element, options, pageBytes, room))
        }
        try write(Footer.magic)
    }

    private static func encoder(
        _ column: Column, _ element: SchemaElement, _ options: ParquetWriteOptions, _ pageBytes: Int, _ room: PageRoom
    ) -> any ColumnEncoder {
        switch element.type {
        case .boolean, .int32, .int64, .float, .double, .int96:
            WordColumnEncoder(column, element.type ?? .int64, options, pageBytes: pageBytes, room)
        case .byteArray, .fixedLengthByteArray, nil:
            BytesColumnEncoder(column, width: Int(element.typeLength ?? 0), options, pageBytes: pageBytes, room)
        }
    }

    /// Writes a batch's rows. Its columns must have the types of the schema's; names are not compared.
    package func write(_ batch: ColumnBatch) throws {
        try check(batch)
        var row = 0
        let limit = max(1, min(options.rowGroupRows, Int(Int32.max)))
        while row < batch.rowCount {
            let count = min(batch.rowCount - row, limit - groupRows)
            for (encoder, vector) in zip(encoders, batch.columns) {
                try encoder.append(vector, rows: row..<row + count)
            }
            row += count
            groupRows += count
            rows += Int64(count)
            if groupRows == limit || encoders.reduce(0, { $0 + $1.bufferedBytes }) >= options.rowGroupBytes {
                try finishRowGroup()
            }
        }
    }

    /// Writes what is held back and the footer, and finishes the sink.
    package func finish() throws -> ParquetFileSummary {
        if groupRows > 0 { try finishRowGroup() }
        var root = SchemaElement(name: "schema")
        root.childCount = Int32(elements.count)
        let metadata = FileMetaData(
            schema: [root] + elements, rowCount: rows, rowGroups: rowGroups,
            keyValueMetadata: options.keyValueMetadata.map { ($0.key, $0.value) }, createdBy: options.createdBy)
        var writer = ThriftWriter()
        metadata.write(&writer)
        try write(writer.bytes)
        try write(withUnsafeBytes(of: UInt32(writer.bytes.count).littleEndian) { Array($0) })
        try write(Footer.magic)
        try sink.finish()
        return ParquetFileSummary(rows: rows, bytes: offset, rowGroups: rowGroups.count)
    }

    private func check(_ batch: ColumnBatch) throws {
        guard batch.columns.count == schema.columns.count else {
            throw ParquetError(
                code: "parquet.schema_mismatch",
                message: "A batch of \(batch.columns.count) columns came for a file of \(schema.columns.count).")
        }
        for (vector, column) in zip(batch.columns, schema.columns) where vector.type != column.type {
            throw ParquetError(
                code: "parquet.schema_mismatch",
                message: "Column \"\(column.name)\": expected \(column.type), found \(vector.type) in a batch.")
        }
    }

    private func finishRowGroup() throws {
        var group = RowGroup(columns: [], totalByteSize: 0, rowCount: Int64(groupRows))
        group.fileOffset = offset
        let start = offset
        for (encoder, element) in zip(encoders, elements) {
            let chunk = try writeChunk(encoder, element)
            group.totalByteSize += chunk.totalUncompressedSize
            group.columns.append(chunk)
        }
        group.totalCompressedSize = offset - start
        rowGroups.append(group)
        groupRows = 0
    }

    private func writeChunk(_ encoder: any ColumnEncoder, _ element: SchemaElement) throws -> ColumnChunk {
        let bounds = try encoder.finishChunk()
        let pages = encoder.pages
        let start = offset
        let hasDictionary = !pages.dictionaryPage.isEmpty
        if hasDictionary { try write(pages.dictionaryPage.bytes) }
        let dataOffset = offset
        try write(pages.pages.bytes)
        var chunk = ColumnChunk(
            type: element.type ?? .byteArray, encodings: [], path: [element.name], codec: codec.rawValue,
            valueCount: pages.rows, totalUncompressedSize: pages.uncompressedBytes,
            totalCompressedSize: offset - start, dataPageOffset: dataOffset)
        chunk.statistics = Statistics(nullCount: pages.nulls, min: bounds.min, max: bounds.max)
        var encodings = Set(pages.pageCounts.keys)
        // Levels, where there are any, are in RLE.
        if element.repetition == .optional { encodings.insert(.runLength) }
        if hasDictionary {
            chunk.dictionaryPageOffset = start
            chunk.pageCounts.append((.dictionary, .plain, 1))
            encodings.insert(.plain)
        }
        chunk.encodings = encodings.map(\.rawValue).sorted()
        for (encoding, count) in pages.pageCounts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            chunk.pageCounts.append((.data, encoding, count))
        }
        pages.removeAll()
        return chunk
    }

    private var codec: CompressionCodec {
        switch options.codec {
        case .none: .uncompressed
        case .snappy: .snappy
        case .gzip: .gzip
        case .brotli: .brotli
        case .zstd: .zstd
        case .lz4Raw: .lz4Raw
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        try sink.write(bytes)
        offset += Int64(bytes.count)
    }

    private func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }
}
