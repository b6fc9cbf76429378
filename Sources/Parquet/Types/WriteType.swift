import Columns

/// How one of our types is stored: its schema element (LogicalTypes.md).
extension SchemaElement {
    init(_ column: Column) {
        self.init(name: column.name)
        repetition = column.nullable ? .optional : .required
        switch column.type {
        case .bool: type = .boolean
        case .int16: set(.int32, .integer(bitWidth: 16, isSigned: true), .int16)
        case .int32: type = .int32
        case .int64: type = .int64
        case .float32: type = .float
        case .float64: type = .double
        case .decimal(let precision, let scale): setDecimal(precision, scale)
        case .date: set(.int32, .date, .date)
        // TIME_MICROS as a converted type would mean UTC: the logical type alone says what we mean.
        case .time: set(.int64, .time(isUTC: false, .micros), nil)
        case .timestamp: set(.int64, .timestamp(isUTC: false, .micros), nil)
        case .timestamptz: set(.int64, .timestamp(isUTC: true, .micros), .timestampMicros)
        case .text: set(.byteArray, .string, .utf8)
        case .json: set(.byteArray, .json, .json)
        case .bytes: type = .byteArray
        case .uuid:
            set(.fixedLengthByteArray, .uuid, nil)
            typeLength = 16
        }
    }

    private mutating func set(_ type: PhysicalType, _ logical: LogicalType, _ converted: ConvertedType?) {
        self.type = type
        self.logical = logical
        self.converted = converted
    }

    private mutating func setDecimal(_ precision: Int, _ scale: Int) {
        let type: PhysicalType = precision <= 9 ? .int32 : precision <= 18 ? .int64 : .fixedLengthByteArray
        set(type, .decimal(scale: Int32(scale), precision: Int32(precision)), .decimal)
        self.precision = Int32(precision)
        self.scale = Int32(scale)
        if type == .fixedLengthByteArray { typeLength = Int32(Self.decimalWidth(precision)) }
    }

    /// The fewest bytes whose two's complement holds all numbers of `precision` digits.
    static func decimalWidth(_ precision: Int) -> Int {
        var largest: Int128 = 1
        for _ in 0..<precision { largest *= 10 }
        return (128 - (largest - 1).leadingZeroBitCount + 1 + 7) / 8
    }
}
