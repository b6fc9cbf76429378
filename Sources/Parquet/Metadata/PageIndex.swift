/// `ColumnIndex`: the bounds of each page of a column chunk (apache/parquet-format, PageIndex.md).
struct ColumnIndex: Sendable {
    /// `BoundaryOrder`.
    enum BoundaryOrder: Int32, Sendable {
        case unordered = 0
        case ascending, descending
    }

    /// Whether a page has nothing but nulls; its bounds are then empty.
    var nullPages: [Bool]
    /// Not greater and not less than all values of a page, encoded as in ``Statistics``.
    var minValues: [[UInt8]]
    var maxValues: [[UInt8]]
    var boundaryOrder = BoundaryOrder.unordered
    var nullCounts: [Int64]?

    static func read(_ reader: inout ThriftReader) throws -> ColumnIndex {
        var index = ColumnIndex(nullPages: [], minValues: [], maxValues: [])
        try reader.structure { reader, field in
            switch field.id {
            case 1: index.nullPages = try reader.list(field) { try $0.boolElement($1) }
            case 2: index.minValues = try reader.list(field) { try $0.binary($1) }
            case 3: index.maxValues = try reader.list(field) { try $0.binary($1) }
            case 5: index.nullCounts = try reader.list(field) { try $0.int64($1) }
            default: try reader.skip(field)
            }
        }
        let count = index.nullPages.count
        guard index.minValues.count == count, index.maxValues.count == count, index.nullCounts?.count ?? count == count else {
            throw ThriftReader.missing("a page's bounds")
        }
        return index
    }

    func write(_ writer: inout ThriftWriter) {
        writer.structure { writer in
            writer.field(1, bools: nullPages)
            writer.field(2, binaries: minValues)
            writer.field(3, binaries: maxValues)
            writer.field(4, int32: boundaryOrder.rawValue)
            if let nullCounts { writer.field(5, int64s: nullCounts) }
        }
    }
}

/// `OffsetIndex`: where the data pages of a column chunk stand, and which rows they hold (PageIndex.md).
struct OffsetIndex: Sendable {
    /// `PageLocation`.
    struct Page: Hashable, Sendable {
        var offset: Int64
        /// With the header.
        var compressedSize: Int32
        /// Of the page's first row, within the row group.
        var firstRow: Int64
    }

    var pages: [Page]

    static func read(_ reader: inout ThriftReader) throws -> OffsetIndex {
        var pages: [Page] = []
        try reader.structure { reader, field in
            switch field.id {
            case 1: pages = try reader.list(field, readPage)
            default: try reader.skip(field)
            }
        }
        return OffsetIndex(pages: pages)
    }

    private static func readPage(_ reader: inout ThriftReader, _ field: ThriftField) throws -> Page {
        var page = Page(offset: 0, compressedSize: 0, firstRow: 0)
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1: page.offset = try reader.int64(field)
            case 2: page.compressedSize = try reader.int32(field)
            case 3: page.firstRow = try reader.int64(field)
            default: try reader.skip(field)
            }
        }
        return page
    }

    func write(_ writer: inout ThriftWriter) {
        writer.structure { writer in
            writer.field(1, list: pages) { writer, page in
                writer.field(1, int64: page.offset)
                writer.field(2, int32: page.compressedSize)
                writer.field(3, int64: page.firstRow)
            }
        }
    }
}
