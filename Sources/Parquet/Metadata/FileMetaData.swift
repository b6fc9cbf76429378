/// `FileMetaData`: the footer of a file.
struct FileMetaData: Sendable {
    /// 2: what writers of logical types and RLE_DICTIONARY state.
    static let writtenVersion: Int32 = 2

    var schema: [SchemaElement]
    var rowCount: Int64
    var rowGroups: [RowGroup]
    var keyValueMetadata: [(key: String, value: String?)] = []
    var createdBy: String?
    /// For each leaf, the number of its member of `ColumnOrder`; empty where the file does not say.
    var columnOrders: [Int16] = []
    static let typeDefinedOrder: Int16 = 1

    static func read(_ reader: inout ThriftReader) throws -> FileMetaData {
        var schema: [SchemaElement]?
        var rowCount: Int64?
        var rowGroups: [RowGroup]?
        var metadata = FileMetaData(schema: [], rowCount: 0, rowGroups: [])
        try reader.structure { reader, field in
            switch field.id {
            case 2: schema = try reader.list(field, SchemaElement.read)
            case 3: rowCount = try reader.int64(field)
            case 4: rowGroups = try reader.list(field, RowGroup.read)
            case 5: metadata.keyValueMetadata = try reader.list(field, readKeyValue)
            case 6: metadata.createdBy = try reader.string(field)
            case 7: metadata.columnOrders = try reader.list(field, readColumnOrder)
            case 8: throw ParquetError.encrypted
            default: try reader.skip(field)
            }
        }
        guard let schema else { throw ThriftReader.missing("the schema") }
        guard let rowCount, rowCount >= 0 else { throw ThriftReader.missing("the number of rows") }
        guard let rowGroups else { throw ThriftReader.missing("the row groups") }
        metadata.schema = schema
        metadata.rowCount = rowCount
        metadata.rowGroups = rowGroups
        return metadata
    }

    private static func readColumnOrder(_ reader: inout ThriftReader, _ field: ThriftField) throws -> Int16 {
        var order: Int16 = 0
        try reader.structure(field) { reader, field in
            order = field.id
            try reader.skip(field)
        }
        return order
    }

    private static func readKeyValue(
        _ reader: inout ThriftReader, _ field: ThriftField
    ) throws -> (key: String, value: String?) {
        var key: String?
        var value: String?
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1: key = try reader.string(field)
            case 2: value = try reader.string(field)
            default: try reader.skip(field)
            }
        }
        guard let key else { throw ThriftReader.missing("a metadata key") }
        return (key, value)
    }

    /// - Parameter encodedRowGroups: the row groups, each as ``RowGroup/write(_:)`` has written its structure.
    func write(_ writer: inout ThriftWriter, encodedRowGroups: [[UInt8]]) {
        writer.structure { writer in
            writer.field(1, int32: Self.writtenVersion)
            writer.field(2, list: schema) { $1.write(&$0) }
            writer.field(3, int64: rowCount)
            writer.field(4, encoded: encodedRowGroups)
            if !keyValueMetadata.isEmpty {
                writer.field(5, list: keyValueMetadata) { writer, entry in
                    writer.field(1, string: entry.key)
                    if let value = entry.value { writer.field(2, string: value) }
                }
            }
            if let createdBy { writer.field(6, string: createdBy) }
            // ColumnOrder.TYPE_ORDER for each column: the statistics are in the order that the types define.
            let leaves = schema.filter { $0.type != nil }
            writer.field(7, list: leaves) { writer, _ in writer.field(Self.typeDefinedOrder) { _ in } }
        }
    }
}
