/// `PageHeader` with the header of its kind of page.
struct PageHeader: Sendable {
    enum Kind: Sendable {
        case data(DataPage)
        case dictionary(valueCount: Int32, encoding: Int32)
        /// An index page or a kind of a later version: to be skipped.
        case other
    }

    /// `DataPageHeader` or `DataPageHeaderV2`.
    struct DataPage: Sendable {
        /// Values and nulls.
        var valueCount: Int32
        var encoding: Int32
        /// Of the levels; always RLE in version 2.
        var definitionEncoding = PageEncoding.runLength.rawValue
        var repetitionEncoding = PageEncoding.runLength.rawValue
        var v2: Version2?
    }

    /// What only `DataPageHeaderV2` has.
    struct Version2: Sendable {
        var nullCount: Int32 = 0
        var rowCount: Int32 = 0
        /// The bytes of the levels, which stand before the values and are never compressed.
        var definitionBytes: Int32 = 0
        var repetitionBytes: Int32 = 0
        /// Whether the values are.
        var isCompressed = true
    }

    var kind: Kind
    var uncompressedSize: Int32
    var compressedSize: Int32
    /// CRC-32 of the bytes behind the header, as they stand in the file.
    var checksum: UInt32?

    static func read(_ reader: inout ThriftReader) throws -> PageHeader {
        var type: Int32?
        var uncompressedSize: Int32?
        var compressedSize: Int32?
        var checksum: UInt32?
        var data: DataPage?
        var dataV2: DataPage?
        var dictionary: Kind?
        try reader.structure { reader, field in
            switch field.id {
            case 1: type = try reader.int32(field)
            case 2: uncompressedSize = try reader.int32(field)
            case 3: compressedSize = try reader.int32(field)
            case 4: checksum = UInt32(bitPattern: try reader.int32(field))
            case 5: data = try readData(&reader, field)
            case 7: dictionary = try readDictionary(&reader, field)
            case 8: dataV2 = try readDataV2(&reader, field)
            default: try reader.skip(field)
            }
        }
        guard let type, let uncompressedSize, let compressedSize, uncompressedSize >= 0, compressedSize >= 0 else {
            throw ParquetError.page("a page header has no type or no sizes, or negative ones")
        }
        var kind = Kind.other
        switch PageType(rawValue: type) {
        case .data:
            guard let data else { throw ThriftReader.missing("the header of a data page") }
            kind = .data(data)
        case .dataV2:
            guard let dataV2 else { throw ThriftReader.missing("the header of a data page (v2)") }
            kind = .data(dataV2)
        case .dictionary:
            guard let dictionary else { throw ThriftReader.missing("the header of a dictionary page") }
            kind = dictionary
        case .index, nil: break
        }
        return PageHeader(kind: kind, uncompressedSize: uncompressedSize, compressedSize: compressedSize, checksum: checksum)
    }

    private static func readData(_ reader: inout ThriftReader, _ field: ThriftField) throws -> DataPage {
        var page = DataPage(valueCount: -1, encoding: -1)
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1: page.valueCount = try reader.int32(field)
            case 2: page.encoding = try reader.int32(field)
            case 3: page.definitionEncoding = try reader.int32(field)
            case 4: page.repetitionEncoding = try reader.int32(field)
            default: try reader.skip(field)
            }
        }
        guard page.valueCount >= 0 else { throw ParquetError.page("a data page has \(page.valueCount) values") }
        return page
    }

    private static func readDataV2(_ reader: inout ThriftReader, _ field: ThriftField) throws -> DataPage {
        var page = DataPage(valueCount: -1, encoding: -1)
        var v2 = Version2()
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1: page.valueCount = try reader.int32(field)
            case 2: v2.nullCount = try reader.int32(field)
            case 3: v2.rowCount = try reader.int32(field)
            case 4: page.encoding = try reader.int32(field)
            case 5: v2.definitionBytes = try reader.int32(field)
            case 6: v2.repetitionBytes = try reader.int32(field)
            case 7: v2.isCompressed = try reader.bool(field)
            default: try reader.skip(field)
            }
        }
        guard page.valueCount >= 0, v2.definitionBytes >= 0, v2.repetitionBytes >= 0 else {
            throw ParquetError.page("a number in a data page header is negative")
        }
        page.v2 = v2
        return page
    }

    private static func readDictionary(_ reader: inout ThriftReader, _ field: ThriftField) throws -> Kind {
        var valueCount: Int32 = -1
        var encoding: Int32 = PageEncoding.plain.rawValue
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1: valueCount = try reader.int32(field)
            case 2: encoding = try reader.int32(field)
            default: try reader.skip(field)
            }
        }
        guard valueCount >= 0 else { throw ParquetError.page("a dictionary page has \(valueCount) values") }
        return .dictionary(valueCount: valueCount, encoding: encoding)
    }

    func write(_ writer: inout ThriftWriter) {
        writer.structure { writer in
            writer.field(1, int32: type.rawValue)
            writer.field(2, int32: uncompressedSize)
            writer.field(3, int32: compressedSize)
            if let checksum { writer.field(4, int32: Int32(bitPattern: checksum)) }
            switch kind {
            case .data(let page):
                if let v2 = page.v2 {
                    writer.field(8) { Self.write(&$0, page, v2) }
                } else {
                    writer.field(5) { writer in
                        writer.field(1, int32: page.valueCount)
                        writer.field(2, int32: page.encoding)
                        writer.field(3, int32: page.definitionEncoding)
                        writer.field(4, int32: page.repetitionEncoding)
                    }
                }
            case .dictionary(let valueCount, let encoding):
                writer.field(7) { writer in
                    writer.field(1, int32: valueCount)
                    writer.field(2, int32: encoding)
                }
            case .other: break
            }
        }
    }

    private var type: PageType {
        switch kind {
        case .dictionary: .dictionary
        case .data(let page): page.v2 == nil ? .data : .dataV2
        case .other: .index
        }
    }

    private static func write(_ writer: inout ThriftWriter, _ page: DataPage, _ v2: Version2) {
        writer.field(1, int32: page.valueCount)
        writer.field(2, int32: v2.nullCount)
        writer.field(3, int32: v2.rowCount)
        writer.field(4, int32: page.encoding)
        writer.field(5, int32: v2.definitionBytes)
        writer.field(6, int32: v2.repetitionBytes)
        writer.field(7, bool: v2.isCompressed)
    }
}
