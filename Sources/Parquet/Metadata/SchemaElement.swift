/// `SchemaElement`: a node of the schema's tree, which is stored depth first.
struct SchemaElement: Hashable, Sendable {
    var type: PhysicalType?
    var typeLength: Int32?
    var repetition: Repetition?
    var name: String
    var childCount: Int32?
    var converted: ConvertedType?
    var scale: Int32?
    var precision: Int32?
    var logical: LogicalType?

    static func read(_ reader: inout ThriftReader, _ field: ThriftField) throws -> SchemaElement {
        var element = SchemaElement(name: "")
        var hasName = false
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1:
                let raw = try reader.int32(field)
                guard let type = PhysicalType(rawValue: raw) else { throw ParquetError.schema("a column has the type \(raw)") }
                element.type = type
            case 2: element.typeLength = try reader.int32(field)
            case 3:
                let raw = try reader.int32(field)
                guard let repetition = Repetition(rawValue: raw) else {
                    throw ParquetError.schema("a column has the repetition \(raw)")
                }
                element.repetition = repetition
            case 4:
                element.name = try reader.string(field)
                hasName = true
            case 5: element.childCount = try reader.int32(field)
            case 6: element.converted = ConvertedType(rawValue: try reader.int32(field))
            case 7: element.scale = try reader.int32(field)
            case 8: element.precision = try reader.int32(field)
            case 10: element.logical = try LogicalType.read(&reader, field)
            default: try reader.skip(field)
            }
        }
        guard hasName else { throw ThriftReader.missing("the name of a column") }
        return element
    }

    func write(_ writer: inout ThriftWriter) {
        if let type { writer.field(1, int32: type.rawValue) }
        if let typeLength { writer.field(2, int32: typeLength) }
        if let repetition { writer.field(3, int32: repetition.rawValue) }
        writer.field(4, string: name)
        if let childCount { writer.field(5, int32: childCount) }
        if let converted { writer.field(6, int32: converted.rawValue) }
        if let scale { writer.field(7, int32: scale) }
        if let precision { writer.field(8, int32: precision) }
        if let logical { writer.field(10) { logical.write(&$0) } }
    }
}
