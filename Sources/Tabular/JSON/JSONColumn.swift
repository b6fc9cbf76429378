import Columns
import Glibc

/// One column's values, gathered row by row in memory that grows: the place where typed parsing writes to.
///
/// Plain pointers and no arrays, because a cell costs a few nanoseconds here.
struct JSONColumn {
    /// The few ways of reading that are worth a path of their own.
    enum Parsing {
        case integer
        /// Decimals in 64 bits, with this many digits after the point.
        case decimal(scale: Int, wholeDigits: Int)
        case float64, text, json, other
    }

    let column: Column
    /// How texts are spelled; nil: our own way.
    let format: ValueFormat?
    let parsing: Parsing
    private let storage: ColumnType.Storage
    private(set) var count = 0
    private var capacity = 0
    private var nulls = 0
    /// Int64, Int128 or Double, or the offsets of byte strings.
    private var values = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 16)
    private var valid = UnsafeMutablePointer<Bool>.allocate(capacity: 1)
    private var bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
    private var byteCount = 0
    private var byteCapacity = 1

    init(_ column: Column, format: ValueFormat? = nil) {
        self.column = column
        self.format = format
        storage = column.type.storage
        switch column.type {
        case .text where format != nil: parsing = .other
        case .int64: parsing = .integer
        case .decimal(let precision, let scale) where precision <= ColumnType.maxNarrowPrecision:
            parsing = .decimal(scale: scale, wholeDigits: precision - scale)
        case .float64: parsing = .float64
        case .text: parsing = .text
        case .json: parsing = .json
        default: parsing = .other
        }
        grow()
    }

    /// Gives the memory back.
    func deallocate() {
        values.deallocate()
        valid.deallocate()
        bytes.deallocate()
    }

    private static let firstRows = 256

    private var width: Int {
        switch storage {
        case .int64, .float64: 8
        case .int128: 16
        case .bytes: 4
        }
    }

    private mutating func grow() {
        let larger = max(Self.firstRows, capacity * 2)
        // One more than rows: offsets have an end.
        let moved = UnsafeMutableRawPointer.allocate(byteCount: (larger + 1) * width, alignment: 16)
        if capacity > 0 { moved.copyMemory(from: values, byteCount: (count + 1) * width) } else { moved.storeBytes(of: 0, as: UInt32.self) }
        values.deallocate()
        values = moved
        let flags = UnsafeMutablePointer<Bool>.allocate(capacity: larger)
        flags.update(from: valid, count: count)
        valid.deallocate()
        valid = flags
        capacity = larger
    }

    @inline(__always)
    private mutating func end(_ isValid: Bool) {
        valid[count] = isValid
        count &+= 1
        if count == capacity { grow() }
    }

    @inline(__always)
    mutating func append(_ value: Int64) {
        values.assumingMemoryBound(to: Int64.self)[count] = value
        end(true)
    }

    @inline(__always)
    mutating func append(_ value: Double) {
        values.assumingMemoryBound(to: Double.self)[count] = value
        end(true)
    }

    @inline(__always)
    mutating func append(bytes text: UnsafeBufferPointer<UInt8>) {
        let size = text.count
        if size > byteCapacity &- byteCount { growBytes(size) }
        if let source = text.baseAddress { (bytes + byteCount).update(from: source, count: size) }
        byteCount &+= size
        values.assumingMemoryBound(to: UInt32.self)[count &+ 1] = UInt32(truncatingIfNeeded: byteCount)
        end(true)
    }

    private mutating func growBytes(_ size: Int) {
        byteCapacity = max(byteCapacity * 2, byteCount + size, 4096)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: byteCapacity)
        moved.update(from: bytes, count: byteCount)
        bytes.deallocate()
        bytes = moved
    }

    mutating func appendNull() {
        switch storage {
        case .int64: values.assumingMemoryBound(to: Int64.self)[count] = 0
        case .int128: values.assumingMemoryBound(to: Int128.self)[count] = 0
        case .float64: values.assumingMemoryBound(to: Double.self)[count] = 0
        case .bytes: values.assumingMemoryBound(to: UInt32.self)[count + 1] = UInt32(truncatingIfNeeded: byteCount)
        }
        nulls += 1
        end(false)
    }

    /// Takes back all rows from `row` on.
    mutating func takeBack(toRow row: Int) {
        while count > row {
            count -= 1
            if !valid[count] { nulls -= 1 }
        }
        if storage == .bytes { byteCount = Int(values.assumingMemoryBound(to: UInt32.self)[count]) }
    }

    /// Whether the last two rows are the same.
    var repeatsItself: Bool {
        let (one, other) = (count - 2, count - 1)
        guard one >= 0, valid[one] == valid[other] else { return false }
        guard storage == .bytes else { return memcmp(values + one * width, values + other * width, width) == 0 }
        let offsets = values.assumingMemoryBound(to: UInt32.self)
        let (start, middle, end) = (Int(offsets[one]), Int(offsets[other]), Int(offsets[other + 1]))
        return middle - start == end - middle && memcmp(bytes + start, bytes + middle, end - middle) == 0
    }

    /// Appends a value from its text; false, and nothing appended, where it is not a value of the column's type.
    /// `isFormatted`: as the column's format spells it, not our own way.
    mutating func append(_ text: UnsafeBufferPointer<UInt8>, isFormatted: Bool = false) -> Bool {
        if isFormatted, let format, storage != .bytes { return append(text, format) }
        switch column.type {
        case .text, .json: append(bytes: text)
        case .uuid, .bytes:
            var decoded: [UInt8] = []
            guard column.type == .uuid ? CellParsing.uuid(text, to: &decoded) : CellParsing.hexBytes(text, to: &decoded) else {
                return false
            }
            decoded.withUnsafeBufferPointer { append(bytes: $0) }
        case .float32, .float64:
            guard let value = column.type == .float32 ? CellParsing.float32(text) : CellParsing.float64(text) else { return false }
            append(value)
        case .decimal(let precision, let scale) where storage == .int128:
            guard let value = CellParsing.decimal128(text, precision: precision, scale: scale) else { return false }
            values.assumingMemoryBound(to: Int128.self)[count] = value
            end(true)
        default:
            guard let value = CellParsing.integer(text, column.type) else { return false }
            append(value)
        }
        return true
    }

    /// A text that is spelled in another way than ours.
    private mutating func append(_ text: UnsafeBufferPointer<UInt8>, _ format: ValueFormat) -> Bool {
        switch column.type {
        case .float32, .float64:
            guard let value = format.float(text, single: column.type == .float32) else { return false }
            append(value)
        case .decimal(let precision, let scale) where storage == .int128:
            guard let value = format.wide(text, precision: precision, scale: scale) else { return false }
            values.assumingMemoryBound(to: Int128.self)[count] = value
            end(true)
        default:
            guard let value = format.integer(text, column.type) else { return false }
            append(value)
        }
        return true
    }

    /// The rows gathered so far; there are none afterwards.
    mutating func finish() -> ColumnVector {
        let found: ColumnValues
        switch storage {
        case .int64: found = .int64(array(Int64.self, count))
        case .int128: found = .int128(array(Int128.self, count))
        case .float64: found = .float64(array(Double.self, count))
        case .bytes:
            let text = Array(UnsafeBufferPointer(start: bytes, count: byteCount))
            found = .bytes(ByteValues(offsets: array(UInt32.self, count + 1), bytes: text))
        }
        let flags = Array(UnsafeBufferPointer(start: valid, count: count))
        let vector = ColumnVector(type: column.type, values: found, valid: flags, nullCount: nulls)
        (count, nulls, byteCount) = (0, 0, 0)
        return vector
    }

    private func array<Value>(_ type: Value.Type, _ count: Int) -> [Value] {
        Array(UnsafeBufferPointer(start: values.assumingMemoryBound(to: type), count: count))
    }
}
