import Columns

/// Gathers one column's values row by row, for sources that come in rows.
struct ColumnBuilder {
    let column: Column
    private var integers: [Int64] = []
    private var wide: [Int128] = []
    private var floats: [Double] = []
    private var bytes = ByteValues()
    private var valid: [Bool] = []
    private let storage: ColumnType.Storage

    init(_ column: Column) {
        self.column = column
        storage = column.type.storage
    }

    var count: Int { valid.count }

    mutating func appendNull() {
        switch storage {
        case .int64: integers.append(0)
        case .int128: wide.append(0)
        case .float64: floats.append(0)
        case .bytes: bytes.offsets.append(UInt32(truncatingIfNeeded: bytes.bytes.count))
        }
        valid.append(false)
    }

    /// Takes back the last row.
    mutating func removeLast() {
        switch storage {
        case .int64: integers.removeLast()
        case .int128: wide.removeLast()
        case .float64: floats.removeLast()
        case .bytes:
            bytes.offsets.removeLast()
            bytes.bytes.removeLast(bytes.bytes.count - Int(bytes.offsets[bytes.offsets.count - 1]))
        }
        valid.removeLast()
    }

    /// Appends a value from its text; false, and nothing appended, where it is not a value of the column's type.
    mutating func append(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        switch column.type {
        case .text, .json: bytes.bytes.append(contentsOf: text)
        case .uuid: guard CellParsing.uuid(text, to: &bytes.bytes) else { return false }
        case .bytes: guard CellParsing.hexBytes(text, to: &bytes.bytes) else { return false }
        case .float32, .float64:
            let value = column.type == .float32 ? CellParsing.float32(text) : CellParsing.float64(text)
            guard let value else { return false }
            floats.append(value)
        case .decimal(let precision, let scale) where storage == .int128:
            guard let value = CellParsing.decimal128(text, precision: precision, scale: scale) else { return false }
            wide.append(value)
        default:
            guard let value = integer(text) else { return false }
            integers.append(value)
        }
        if storage == .bytes { bytes.offsets.append(UInt32(truncatingIfNeeded: bytes.bytes.count)) }
        valid.append(true)
        return true
    }

    private func integer(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        switch column.type {
        case .bool: CellParsing.bool(text).map { $0 ? 1 : 0 }
        case .int16: CellParsing.int64(text).flatMap { Int16(exactly: $0).map(Int64.init) }
        case .int32: CellParsing.int64(text).flatMap { Int32(exactly: $0).map(Int64.init) }
        case .date: CellParsing.date(text)
        case .time: CellParsing.time(text)
        case .timestamp: CellParsing.timestamp(text)
        case .timestamptz: CellParsing.timestamptz(text)
        case .decimal(let precision, let scale):
            CellParsing.narrowDecimal(text, precision: precision, scale: scale)
        default: CellParsing.int64(text)
        }
    }

    /// The rows gathered so far; the builder is empty afterwards.
    mutating func finish() -> ColumnVector {
        let values: ColumnValues
        switch storage {
        case .int64: values = .int64(integers)
        case .int128: values = .int128(wide)
        case .float64: values = .float64(floats)
        case .bytes: values = .bytes(bytes)
        }
        let vector = ColumnVector(type: column.type, values: values, valid: valid)
        self = ColumnBuilder(column)
        return vector
    }
}
