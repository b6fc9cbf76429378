import Columns

/// How a leaf's values become ours: the type they get, and what has to be done to them.
struct ReadType: Sendable {
    /// What is done to values on the way from their physical form to the column's storage.
    enum Conversion: Hashable, Sendable {
        /// Nothing: integers, floating point numbers, bytes.
        case none
        /// Integers whose upper bits mean nothing.
        case unsigned(bits: Int)
        /// Integers that must lie in fewer bits than they are stored in.
        case signed(bits: Int)
        /// Unsigned 64-bit integers, to 128 bits.
        case unsignedWide
        /// Integers to 128 bits.
        case wide
        /// To microseconds since the epoch.
        case timestamp(LogicalType.TimeUnit)
        /// To microseconds since midnight, which must lie in one day; in UTC it may be the day before.
        case time(LogicalType.TimeUnit, isUTC: Bool)
        /// Nanoseconds of a day and a Julian day, 12 bytes, to microseconds since the epoch.
        case int96
        /// Big-endian two's complement of any length.
        case decimal
        /// Two bytes, to a floating point number.
        case float16
        /// Bytes that must be UTF-8.
        case utf8
        /// To exact text: nanoseconds since the epoch, since midnight, in INT96; decimals of any length.
        case timestampText(isUTC: Bool)
        case timeText
        case int96Text
        case decimalText(scale: Int)
    }

    var column: ColumnType
    var conversion: Conversion
    /// What people should know about the choice, beyond that the schema asks for it.
    var note: String?

    /// Whether values may have nanoseconds that the column's type cannot hold.
    var mayLoseNanoseconds: Bool {
        switch conversion {
        case .timestamp(.nanos), .time(.nanos, _), .int96: true
        default: false
        }
    }

    /// The same values as text, with all of their nanoseconds.
    var keepingNanoseconds: ReadType {
        var type = self
        switch conversion {
        case .timestamp(.nanos): type = ReadType(.text, .timestampText(isUTC: column == .timestamptz))
        case .time(.nanos, _): type = ReadType(.text, .timeText)
        case .int96: type = ReadType(.text, .int96Text)
        default: return self
        }
        type.note = "nanoseconds that microseconds cannot hold"
        return type
    }

    init(_ column: ColumnType, _ conversion: Conversion = .none) {
        self.column = column
        self.conversion = conversion
    }

    /// Reads a column's logical type, or its converted type, against its physical type (LogicalTypes.md).
    ///
    /// A logical type that does not belong to the physical one is passed over, as the format asks for.
    init(_ element: SchemaElement) throws {
        switch element.type {
        case .boolean: self.init(.bool)
        case .int32: self = try .int32(element)
        case .int64: self = try .int64(element)
        case .int96: self.init(.timestamp, .int96)
        case .float: self.init(.float32)
        case .double: self.init(.float64)
        case .byteArray: self = try .byteArray(element)
        case .fixedLengthByteArray: self = try .fixed(element)
        case nil: throw ParquetError.schema("the column has no type")
        }
    }

    private static func int32(_ element: SchemaElement) throws -> ReadType {
        switch element.logical {
        case .integer(let bits, let isSigned): return integer(Int(bits), isSigned)
        case .date: return ReadType(.date)
        case .time(let isUTC, let unit): return ReadType(.time, .time(unit, isUTC: isUTC))
        case .decimal(let scale, let precision): return try decimal(precision, scale, fromBytes: false)
        default: break
        }
        switch element.converted {
        case .int8: return integer(8, true)
        case .int16: return integer(16, true)
        case .uint8: return integer(8, false)
        case .uint16: return integer(16, false)
        case .uint32: return integer(32, false)
        case .date: return ReadType(.date)
        case .timeMillis: return ReadType(.time, .time(.millis, isUTC: true))
        case .decimal: return try decimal(element.precision ?? 0, element.scale ?? 0, fromBytes: false)
        default: return ReadType(.int32)
        }
    }

    private static func int64(_ element: SchemaElement) throws -> ReadType {
        switch element.logical {
        case .integer(let bits, let isSigned):
            return bits == 64 && !isSigned ? ReadType(.decimal(precision: 20, scale: 0), .unsignedWide) : ReadType(.int64)
        case .time(let isUTC, let unit): return ReadType(.time, .time(unit, isUTC: isUTC))
        case .timestamp(let isUTC, let unit):
            return ReadType(isUTC ? .timestamptz : .timestamp, .timestamp(unit))
        case .decimal(let scale, let precision): return try decimal(precision, scale, fromBytes: false)
        default: break
        }
        switch element.converted {
        case .uint64: return ReadType(.decimal(precision: 20, scale: 0), .unsignedWide)
        case .timeMicros: return ReadType(.time, .time(.micros, isUTC: true))
        case .timestampMillis: return ReadType(.timestamptz, .timestamp(.millis))
        case .timestampMicros: return ReadType(.timestamptz, .timestamp(.micros))
        case .decimal: return try decimal(element.precision ?? 0, element.scale ?? 0, fromBytes: false)
        default: return ReadType(.int64)
        }
    }

    private static func byteArray(_ element: SchemaElement) throws -> ReadType {
        switch element.logical {
        case .string, .enumeration: return ReadType(.text, .utf8)
        case .json: return ReadType(.json, .utf8)
        case .decimal(let scale, let precision): return try decimal(precision, scale, fromBytes: true)
        default: break
        }
        switch element.converted {
        case .utf8, .enumeration: return ReadType(.text, .utf8)
        case .json: return ReadType(.json, .utf8)
        case .decimal: return try decimal(element.precision ?? 0, element.scale ?? 0, fromBytes: true)
        default: return ReadType(.bytes)
        }
    }

    private static func fixed(_ element: SchemaElement) throws -> ReadType {
        let width = element.typeLength ?? 0
        // 0 stands in columns of nothing but nulls.
        guard width >= 0 else { throw ParquetError.schema("FIXED_LEN_BYTE_ARRAY of \(width) bytes") }
        guard width <= ParquetLimits.maxPageBytes else {
            throw ParquetError.limit("a value's bytes", width, max: ParquetLimits.maxPageBytes)
        }
        switch element.logical {
        case .uuid where width == 16: return ReadType(.uuid)
        case .float16 where width == 2: return ReadType(.float32, .float16)
        case .decimal(let scale, let precision): return try decimal(precision, scale, fromBytes: true)
        default: break
        }
        if element.converted == .interval, element.logical == nil {
            var type = ReadType(.bytes)
            type.note = "INTERVAL: months, days and milliseconds, 4 bytes each"
            return type
        }
        guard element.converted == .decimal else { return ReadType(.bytes) }
        return try decimal(element.precision ?? 0, element.scale ?? 0, fromBytes: true)
    }

    private static func integer(_ bits: Int, _ isSigned: Bool) -> ReadType {
        switch (bits, isSigned) {
        case (8, true), (16, true): ReadType(.int16, .signed(bits: bits))
        case (8, false), (16, false): ReadType(.int32, .unsigned(bits: bits))
        case (32, false): ReadType(.int64, .unsigned(bits: 32))
        default: ReadType(.int32)
        }
    }

    private static func decimal(_ precision: Int32, _ scale: Int32, fromBytes: Bool) throws -> ReadType {
        guard precision >= 1, scale >= 0, scale <= precision else {
            throw ParquetError.schema("decimal(\(precision),\(scale)) is no decimal")
        }
        guard precision <= ColumnType.maxPrecision else {
            if fromBytes, precision <= ParquetLimits.maxDecimalDigits {
                var type = ReadType(.text, .decimalText(scale: Int(scale)))
                type.note = "decimal(\(precision),\(scale)), more digits than decimals can have"
                return type
            }
            throw ParquetError(
                code: "parquet.unsupported_type",
                message: "decimal(\(precision),\(scale)) has more than \(ColumnType.maxPrecision) digits, "
                    + "the most that are supported.")
        }
        let type = ColumnType.decimal(precision: Int(precision), scale: Int(scale))
        if fromBytes { return ReadType(type, .decimal) }
        return ReadType(type, type.storage == .int128 ? .wide : .none)
    }
}
