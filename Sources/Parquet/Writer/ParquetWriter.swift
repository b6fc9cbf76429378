import Columns
import Compression

/// What a finished file holds.
package struct ParquetFileSummary: Hashable, Sendable {
    package var rows: Int64
    /// The file's size.
    package var bytes: Int64
    package var rowGroups: Int
}

/// Writes batches to a Parquet file (apache/parquet-format, README).
///
/// Memory is bounded by one row group's compressed pages, an open page a column and the metadata, which is encoded group
/// by group. Behind each row group stand its bloom filters and its part of the page index. Throws ``ParquetError`` for what
/// does not fit the schema, `CompressionError` (`output.…`) for what the file system refuses; after an error the file is
/// incomplete and the writer not to be used any more.
package final class ParquetWriter {
    private let sink: any ByteSink
    private let schema: Schema
    private let options: ParquetWriteOptions
    private var encoders: [any ColumnEncoder] = []
    private var elements: [SchemaElement] = []
    /// The metadata of the row groups that are written, encoded.
    private var rowGroups: [[UInt8]] = []
    private let sortingColumns: [RowGroup.SortingColumn]
    private var sortCheck: SortCheck
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
        sortingColumns = try Self.sortingColumns(options, schema)
        sortCheck = SortCheck(sortingColumns)
        for name in options.bloomFilterColumns where schema.index(of: name) == nil { throw Self.unknownColumn(name) }
        let room = try PageRoom(options.codec)
        let sizes = ColumnSizes(options, columns: schema.columns.count)
        for column in schema.columns {
            let element = SchemaElement(column)
            elements.append(element)
            encoders.append(Self.encoder(column, element, options, sizes, room))
        }
        try write(Footer.magic)
    }

    private static func sortingColumns(_ options: ParquetWriteOptions, _ schema: Schema) throws -> [RowGroup.SortingColumn] {
        try options.sortingColumns.map { sorting in
            guard let index = schema.index(of: sorting.column) else { throw unknownColumn(sorting.column) }
            return RowGroup.SortingColumn(
                column: Int32(index), isDescending: sorting.isDescending, hasNullsFirst: sorting.hasNullsFirst)
        }
    }

    private static func unknownColumn(_ name: String) -> ParquetError {
        ParquetError(code: "parquet.unknown_column", message: "There is no column \"\(name)\" in the schema to be written.")
    }

    private static func encoder(
        _ column: Column, _ element: SchemaElement, _ options: ParquetWriteOptions, _ sizes: ColumnSizes, _ room: PageRoom
    ) -> any ColumnEncoder {
        switch element.type {
        case .boolean, .int32, .int64, .float, .double, .int96:
            WordColumnEncoder(column, element.type ?? .int64, options, sizes, room)
        case .byteArray, .fixedLengthByteArray, nil:
            BytesColumnEncoder(column, width: Int(element.typeLength ?? 0), options, sizes, room)
        }
    }

    /// By how much pages that are open, dictionaries too, become smaller in the end: a guess, until a row group tells.
    private static let openPageShrinkage = 3

    /// About the bytes that the file would have if it were finished now: what rows of finished groups take, those of the open
    /// group are taken to take as well. For those who cut their output into files of some size.
    package var estimatedBytes: Int64 {
        let finishedRows = rows - Int64(groupRows)
        if finishedRows > 0 { return offset + offset / finishedRows * Int64(groupRows) }
        let pages = encoders.reduce(0) { $0 + $1.pages.bufferedBytes }
        let all = encoders.reduce(0) { $0 + $1.bufferedBytes }
        return offset + Int64(pages + (all - pages) / Self.openPageShrinkage)
    }

    /// Writes a batch's rows. Its columns must have the types of the schema's; names are not compared.
    package func write(_ batch: ColumnBatch) throws {
        try check(batch)
        var row = 0
        let limit = max(1, min(options.rowGroupRows, Int(Int32.max)))
        while row < batch.rowCount {
            let count = min(batch.rowCount - row, limit - groupRows, max(1, options.pageRows))
            for (encoder, vector) in zip(encoders, batch.columns) {
                try encoder.append(vector, rows: row..<row + count)
            }
            if !sortingColumns.isEmpty { sortCheck.add(batch.columns, rows: row..<row + count) }
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
            schema: [root] + elements, rowCount: rows, rowGroups: [],
            keyValueMetadata: options.keyValueMetadata.map { ($0.key, $0.value) }, createdBy: options.createdBy)
        var writer = ThriftWriter()
        metadata.write(&writer, encodedRowGroups: rowGroups)
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
        if sortCheck.isSorted { group.sortingColumns = sortingColumns }
        sortCheck.reset()
        let start = offset
        var endings: [ChunkEnding] = []
        var pages: [[PageCollector.Page]] = []
        for (encoder, element) in zip(encoders, elements) {
            let ending = try encoder.finishChunk()
            if options.writesPageIndex { pages.append(encoder.pages.finished) }
            let chunk = try writeChunk(encoder.pages, ending, element)
            group.totalByteSize += chunk.totalUncompressedSize
            group.columns.append(chunk)
            endings.append(ending)
        }
        group.totalCompressedSize = offset - start
        try writeBloomFilters(endings, to: &group)
        if options.writesPageIndex { try writePageIndex(endings, pages, to: &group) }
        var writer = ThriftWriter()
        writer.structure { group.write(&$0) }
        rowGroups.append(writer.bytes)
        groupRows = 0
    }

    private func writeChunk(_ pages: PageCollector, _ ending: ChunkEnding, _ element: SchemaElement) throws -> ColumnChunk {
        let start = offset
        let hasDictionary = !pages.dictionaryPage.isEmpty
        if hasDictionary { try write(pages.dictionaryPage.bytes) }
        let dataOffset = offset
        try write(pages.pages.bytes)
        var chunk = ColumnChunk(
            type: element.type ?? .byteArray, encodings: [], path: [element.name], codec: codec.rawValue,
            valueCount: pages.rows, totalUncompressedSize: pages.uncompressedBytes,
            totalCompressedSize: offset - start, dataPageOffset: dataOffset)
        chunk.statistics = Statistics(nullCount: pages.nulls, min: ending.bounds.min, max: ending.bounds.max)
        var encodings = Set(pages.pageCounts.keys)
        // Levels, where there are any, are in RLE.
        if element.repetition == .optional { encodings.insert(.runLength) }
        if hasDictionary {
            chunk.dictionaryPageOffset = start
            chunk.pageCounts.append((.dictionary, .plain, 1))
            encodings.insert(.plain)
        }
        chunk.encodings = encodings.map(\.rawValue).sorted()
        let pageType: PageType = options.pageVersion == .v1 ? .data : .dataV2
        for (encoding, count) in pages.pageCounts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            chunk.pageCounts.append((pageType, encoding, count))
        }
        pages.removeAll()
        return chunk
    }

    // MARK: Behind a row group

    private func writeBloomFilters(_ endings: [ChunkEnding], to group: inout RowGroup) throws {
        for (index, ending) in endings.enumerated() {
            guard let bytes = ending.bloomFilter?.encoded else { continue }
            group.columns[index].bloomFilter = FileRegion(offset: offset, size: Int32(bytes.count))
            try write(bytes)
        }
    }

    /// All column indexes, then all offset indexes (PageIndex.md).
    private func writePageIndex(_ endings: [ChunkEnding], _ pages: [[PageCollector.Page]], to group: inout RowGroup) throws {
        for index in group.columns.indices {
            guard let columnIndex = ColumnIndex(pages[index], endings[index].order) else { continue }
            group.columns[index].columnIndex = try writeIndex { columnIndex.write(&$0) }
        }
        for index in group.columns.indices {
            let dataOffset = group.columns[index].dataPageOffset
            let locations = pages[index].map {
                OffsetIndex.Page(offset: dataOffset + Int64($0.offset), compressedSize: $0.size, firstRow: $0.firstRow)
            }
            group.columns[index].offsetIndex = try writeIndex { OffsetIndex(pages: locations).write(&$0) }
        }
    }

    private func writeIndex(_ body: (inout ThriftWriter) -> Void) throws -> FileRegion {
        var writer = ThriftWriter()
        body(&writer)
        let region = FileRegion(offset: offset, size: Int32(writer.bytes.count))
        try write(writer.bytes)
        return region
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

extension ColumnIndex {
    /// The index of a chunk's pages; nil where a page has values and no bounds (all are NaN, or longer than can be cut), as
    /// an index cannot say so.
    fileprivate init?(_ pages: [PageCollector.Page], _ order: BoundaryOrder) {
        self.init(nullPages: [], minValues: [], maxValues: [], boundaryOrder: order, nullCounts: [])
        for page in pages {
            let isNull = page.nulls == Int64(page.rows)
            guard isNull || (page.bounds.min != nil && page.bounds.max != nil) else { return nil }
            nullPages.append(isNull)
            minValues.append(page.bounds.min?.bytes ?? [])
            maxValues.append(page.bounds.max?.bytes ?? [])
            nullCounts?.append(page.nulls)
        }
    }
}
