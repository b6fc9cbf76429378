/// `LogicalType`: what values mean (apache/parquet-format, LogicalTypes.md).
enum LogicalType: Hashable, Sendable {
    enum TimeUnit: Int16, Hashable, Sendable {
        case millis = 1
        case micros, nanos
    }

    case string, map, list, enumeration
    case decimal(scale: Int32, precision: Int32)
    case date
    case time(isUTC: Bool, TimeUnit)
    case timestamp(isUTC: Bool, TimeUnit)
    case integer(bitWidth: Int8, isSigned: Bool)
    /// Always null.
    case unknown
    case json, bson, uuid, float16
    /// One that this version does not know: the physical type decides.
    case other(Int16)
}

extension LogicalType {
    static func read(_ reader: inout ThriftReader, _ field: ThriftField) throws -> LogicalType? {
        var type: LogicalType?
        try reader.structure(field) { reader, field in
            switch field.id {
            case 5: type = try readDecimal(&reader, field)
            case 7, 8:
                let (isUTC, unit) = try readTime(&reader, field)
                type = field.id == 7 ? .time(isUTC: isUTC, unit) : .timestamp(isUTC: isUTC, unit)
            case 10: type = try readInteger(&reader, field)
            default:
                try reader.skip(field)
                type =
                    switch field.id {
                    case 1: .string
                    case 2: .map
                    case 3: .list
                    case 4: .enumeration
                    case 6: .date
                    case 11: .unknown
                    case 12: .json
                    case 13: .bson
                    case 14: .uuid
                    case 15: .float16
                    default: .other(field.id)
                    }
            }
        }
        return type
    }

    private static func readDecimal(_ reader: inout ThriftReader, _ field: ThriftField) throws -> LogicalType {
        var scale: Int32 = 0
        var precision: Int32 = 0
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1: scale = try reader.int32(field)
            case 2: precision = try reader.int32(field)
            default: try reader.skip(field)
            }
        }
        return .decimal(scale: scale, precision: precision)
    }

    private static func readTime(_ reader: inout ThriftReader, _ field: ThriftField) throws -> (Bool, TimeUnit) {
        var isUTC = false
        var unit: TimeUnit?
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1: isUTC = try reader.bool(field)
            case 2:
                try reader.structure(field) { reader, field in
                    unit = TimeUnit(rawValue: field.id)
                    try reader.skip(field)
                }
            default: try reader.skip(field)
            }
        }
        guard let unit else { throw ThriftReader.missing("the unit of a time") }
        return (isUTC, unit)
    }

    private static func readInteger(_ reader: inout ThriftReader, _ field: ThriftField) throws -> LogicalType {
        var bitWidth: Int8 = 0
        var isSigned = true
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1: bitWidth = try reader.int8(field)
            case 2: isSigned = try reader.bool(field)
            default: try reader.skip(field)
            }
        }
        return .integer(bitWidth: bitWidth, isSigned: isSigned)
    }

    func write(_ writer: inout ThriftWriter) {
        switch self {
        case .string: writer.field(1) { _ in }
        case .map: writer.field(2) { _ in }
        case .list: writer.field(3) { _ in }
        case .enumeration: writer.field(4) { _ in }
        case .decimal(let scale, let precision):
            writer.field(5) { writer in
                writer.field(1, int32: scale)
                writer.field(2, int32: precision)
            }
        case .date: writer.field(6) { _ in }
        case .time(let isUTC, let unit): writer.field(7) { Self.writeTime(&$0, isUTC, unit) }
        case .timestamp(let isUTC, let unit): writer.field(8) { Self.writeTime(&$0, isUTC, unit) }
        case .integer(let bitWidth, let isSigned):
            writer.field(10) { writer in
                writer.field(1, int8: bitWidth)
                writer.field(2, bool: isSigned)
            }
        case .unknown: writer.field(11) { _ in }
        case .json: writer.field(12) { _ in }
        case .bson: writer.field(13) { _ in }
        case .uuid: writer.field(14) { _ in }
        case .float16: writer.field(15) { _ in }
        case .other(let id): writer.field(id) { _ in }
        }
    }

    private static func writeTime(_ writer: inout ThriftWriter, _ isUTC: Bool, _ unit: TimeUnit) {
        writer.field(1, bool: isUTC)
        writer.field(2) { writer in writer.field(unit.rawValue) { _ in } }
    }
}
