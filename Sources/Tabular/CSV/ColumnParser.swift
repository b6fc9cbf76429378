import Columns

/// Turns the columns of a grid of cells into typed vectors, and notes which rows have a cell that does not fit.
struct ColumnParser {
    /// What is wrong with a row: the first cell, from the left, that does not fit.
    struct Fault {
        var column: Int
        var code: String
        var reason: String
    }

    let grid: CellGrid
    let nullMarkers: [[UInt8]]
    /// Whether text cells must be checked for being UTF-8.
    let checksUTF8: Bool
    private(set) var faults: [Int: Fault] = [:]
    /// How the column at hand spells its values.
    private var format: ValueFormat?

    init(grid: CellGrid, nullMarkers: [[UInt8]], checksUTF8: Bool) {
        self.grid = grid
        self.nullMarkers = nullMarkers
        self.checksUTF8 = checksUTF8
    }

    /// Reads one column of cells as `target.type`. Rows that do not fit become nulls here and faults.
    mutating func parse(column: Int, as target: Column, format: ValueFormat? = nil) -> ColumnVector {
        self.format = format
        if let format, format.moment != nil || format.number != nil { return formatted(column, target, format) }
        let vector: ColumnVector
        switch target.type {
        case .text: vector = texts(column, target)
        case .json, .bytes, .uuid: vector = converted(column, target)
        case .bool:
            vector = integers(column, target) { CellParsing.bool($0).map { $0 ? 1 : 0 } }
        case .int16:
            vector = integers(column, target) { CellParsing.int64($0, isPadded: true).flatMap { Int16(exactly: $0).map(Int64.init) } }
        case .int32:
            vector = integers(column, target) { CellParsing.int64($0, isPadded: true).flatMap { Int32(exactly: $0).map(Int64.init) } }
        case .int64: vector = integers(column, target) { CellParsing.int64($0, isPadded: true) }
        case .date: vector = integers(column, target) { CellParsing.date($0) }
        case .time: vector = integers(column, target) { CellParsing.time($0) }
        case .timestamp: vector = integers(column, target) { CellParsing.timestamp($0) }
        case .timestamptz: vector = integers(column, target) { CellParsing.timestamptz($0) }
        case .decimal(let precision, let scale) where precision <= ColumnType.maxNarrowPrecision:
            let (unit, limit) = (ValueText.powersOfTen[scale], ValueText.powersOfTen[precision])
            vector = integers(column, target) {
                CellParsing.paddedDecimal($0, precision: precision, scale: scale, unit: unit, limit: limit)
            }
        case .decimal(let precision, let scale):
            vector = fixed(column, target, empty: Int128(0), ColumnValues.int128) {
                CellParsing.decimal128($0, precision: precision, scale: scale)
            }
        case .float32: vector = fixed(column, target, empty: 0.0, ColumnValues.float64) { CellParsing.float32($0) }
        case .float64: vector = fixed(column, target, empty: 0.0, ColumnValues.float64) { CellParsing.float64($0) }
        }
        return vector
    }

    /// Reads values that are spelled in another way than ours.
    private mutating func formatted(_ column: Int, _ target: Column, _ format: ValueFormat) -> ColumnVector {
        switch target.type {
        case .text, .json, .bytes, .uuid: return parse(column: column, as: target, format: ValueFormat(nulls: format.nulls))
        case .decimal(let precision, let scale) where precision > ColumnType.maxNarrowPrecision:
            return fixed(column, target, empty: Int128(0), ColumnValues.int128) { format.wide($0, precision: precision, scale: scale) }
        case .float32, .float64:
            let single = target.type == .float32
            return fixed(column, target, empty: 0.0, ColumnValues.float64) { format.float($0, single: single) }
        default: return integers(column, target) { format.integer($0, target.type) }
        }
    }

    // MARK: Values of fixed size

    @inline(__always)
    private mutating func integers(
        _ column: Int, _ target: Column, _ read: (UnsafeBufferPointer<UInt8>) -> Int64?
    ) -> ColumnVector {
        fixed(column, target, empty: 0, ColumnValues.int64, read)
    }

    @inline(__always)
    private mutating func fixed<Value>(
        _ column: Int, _ target: Column, empty: Value, _ wrap: ([Value]) -> ColumnValues,
        _ read: (UnsafeBufferPointer<UInt8>) -> Value?
    ) -> ColumnVector {
        let cells = grid.column(column)
        let rows = grid.rowCount
        let quote = grid.quote.map(Int.init) ?? -1
        // Words for null are no values; other markers may be, and must be looked for first.
        let hasMarkers = (nullMarkers + (format?.nulls ?? [])).contains { $0.withUnsafeBufferPointer { NullWords($0) == nil } }
        var nulls = 0
        var valid: [Bool] = []
        let values = [Value](unsafeUninitializedCapacity: rows) { values, count in
            valid = [Bool](unsafeUninitializedCapacity: rows) { valid, validCount in
                for row in 0..<rows {
                    let raw = cells.raw(row)
                    if raw.count > 0, Int(raw[0]) != quote, !hasMarkers, let value = read(raw) {
                        values.initializeElement(at: row, to: value)
                        valid.initializeElement(at: row, to: true)
                        continue
                    }
                    let value = raw.count == 0 && target.nullable ? nil : unusual(raw, row, column, target, read)
                    values.initializeElement(at: row, to: value ?? empty)
                    valid.initializeElement(at: row, to: value != nil)
                    if value == nil { nulls &+= 1 }
                }
                validCount = rows
            }
            count = rows
        }
        return ColumnVector(type: target.type, values: wrap(values), valid: valid, nullCount: nulls)
    }

    /// A cell that is empty, quoted, blank-padded, perhaps a null marker, or wrong.
    @inline(never)
    private mutating func unusual<Value>(
        _ raw: UnsafeBufferPointer<UInt8>, _ row: Int, _ column: Int, _ target: Column,
        _ read: (UnsafeBufferPointer<UInt8>) -> Value?
    ) -> Value? {
        let text: UnsafeBufferPointer<UInt8>
        switch grid.cell(raw) {
        case .broken:
            note(row, column, "csv.text_after_quote", Self.brokenQuotes)
            return nil
        case .quoted(let inner): text = inner
        case .plain(let plain):
            if isMarker(plain) {
                requireValue(row, column, target)
                return nil
            }
            text = plain
        }
        let trimmed = Self.trimmingBlanks(text)
        if trimmed.isEmpty {
            requireValue(row, column, target)
            return nil
        }
        if let value = read(trimmed) { return value }
        note(row, column, target.type.faultCode, "expected \(target.type)\(format?.words ?? ""), found \(shown(text))")
        return nil
    }

    // MARK: Text

    private mutating func texts(_ column: Int, _ target: Column) -> ColumnVector {
        let cells = grid.column(column)
        let rows = grid.rowCount
        let quote = grid.quote.map(Int.init) ?? -1
        let doublesQuotes = grid.escape == nil
        let isPlain = doublesQuotes && nullMarkers.isEmpty && format == nil
        var values = ByteValues()
        var valid: [Bool] = []
        var nulls = 0
        // Decoding never makes a text longer, so that the raw cells' bytes are room enough; texts are copied in whole steps,
        // which may write beyond their end and read into the chunk's padding.
        let capacity = textBytes(cells, rows) + TextCopy.stepBytes
        values.offsets = [UInt32](unsafeUninitializedCapacity: rows + 1) { offsets, offsetCount in
            values.bytes = [UInt8](unsafeUninitializedCapacity: capacity) { bytes, byteCount in
                valid = [Bool](unsafeUninitializedCapacity: rows) { valid, validCount in
                    guard let out = bytes.baseAddress else { return }
                    var end = 0
                    offsets.initializeElement(at: 0, to: 0)
                    for row in 0..<rows {
                        let raw = cells.raw(row)
                        var count: Int?
                        if let first = raw.first, let base = raw.baseAddress {
                            if Int(first) != quote, isPlain {
                                TextCopy.copy(base, raw.count, to: out + end)
                                count = raw.count
                            } else if Int(first) == quote, doublesQuotes, raw.count >= 2, Int(raw[raw.count &- 1]) == quote {
                                count = TextCopy.unquote(base + 1, raw.count &- 2, quote: first, to: out + end)
                            }
                            if count == nil { count = unusualText(raw, row, column, target, to: out + end) }
                        } else if !target.nullable {
                            requireValue(row, column, target)
                        }
                        valid.initializeElement(at: row, to: count != nil)
                        if let count { end &+= count } else { nulls &+= 1 }
                        offsets.initializeElement(at: row &+ 1, to: UInt32(truncatingIfNeeded: end))
                    }
                    byteCount = end
                    validCount = rows
                }
            }
            offsetCount = rows + 1
        }
        if checksUTF8 { checkUTF8(values, column) }
        return ColumnVector(type: target.type, values: .bytes(values), valid: valid, nullCount: nulls)
    }

    /// A text that may be a null marker, has escapes, or breaks the rules of quoting: how many bytes it has, nil where it is
    /// null or does not fit.
    @inline(never)
    private mutating func unusualText(
        _ raw: UnsafeBufferPointer<UInt8>, _ row: Int, _ column: Int, _ target: Column, to out: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        var text: [UInt8] = []
        switch grid.cell(raw) {
        case .broken:
            note(row, column, "csv.text_after_quote", Self.brokenQuotes)
            return nil
        case .plain(let plain):
            if isMarker(plain) {
                requireValue(row, column, target)
                return nil
            }
            text = grid.unescaped(plain)
        case .quoted(let inner):
            guard grid.appendUnquoted(inner, to: &text) else {
                note(row, column, "csv.text_after_quote", Self.brokenQuotes)
                return nil
            }
        }
        for (index, byte) in text.enumerated() { (out + index).initialize(to: byte) }
        return text.count
    }

    private func textBytes(_ cells: CellColumn, _ rows: Int) -> Int {
        var bytes = 0
        for row in 0..<rows { bytes &+= cells.raw(row).count }
        return bytes
    }

    private mutating func checkUTF8(_ values: ByteValues, _ column: Int) {
        values.bytes.withUnsafeBufferPointer { bytes in
            // The column as a whole is checked first. It may be well-formed while its values are not: where one ends
            // within a character, the next begins with the rest of it.
            let isSplit = values.offsets.contains { Int($0) < bytes.count && bytes[Int($0)] & 0xC0 == 0x80 }
            if !isSplit, UTF8Check.isValid(bytes) { return }
            for row in 0..<values.count {
                let text = UnsafeBufferPointer(
                    rebasing: bytes[Int(values.offsets[row])..<Int(values.offsets[row + 1])])
                guard let at = UTF8Check.firstInvalid(text) else { continue }
                let byte = String(text[at], radix: 16)
                note(row, column, "value.invalid_utf8", "byte 0x\(byte) at offset \(at) of the value is not UTF-8")
            }
        }
    }

    /// Types that are kept as bytes but read from text: uuid, bytes, json.
    private mutating func converted(_ column: Int, _ target: Column) -> ColumnVector {
        let plain = texts(column, Column(name: target.name, type: .text, nullable: target.nullable))
        guard case .bytes(let texts) = plain.values else { return plain }
        var valid = plain.valid
        var values = ByteValues()
        texts.bytes.withUnsafeBufferPointer { bytes in
            for row in 0..<texts.count {
                let text = UnsafeBufferPointer(rebasing: bytes[Int(texts.offsets[row])..<Int(texts.offsets[row + 1])])
                let trimmed = Self.trimmingBlanks(text)
                if valid[row], trimmed.isEmpty {
                    valid[row] = false
                    requireValue(row, column, target)
                } else if valid[row], !convert(trimmed, target.type, to: &values.bytes) {
                    valid[row] = false
                    note(row, column, target.type.faultCode, "expected \(target.type), found \(shown(text))")
                }
                values.offsets.append(UInt32(truncatingIfNeeded: values.bytes.count))
            }
        }
        return ColumnVector(type: target.type, values: .bytes(values), valid: valid)
    }

    private func convert(_ text: UnsafeBufferPointer<UInt8>, _ type: ColumnType, to out: inout [UInt8]) -> Bool {
        switch type {
        case .uuid: return CellParsing.uuid(text, to: &out)
        case .bytes: return CellParsing.hexBytes(text, to: &out)
        default:
            guard JSONScanner.isOneValue(text) else { return false }
            out.append(contentsOf: text)
            return true
        }
    }

    // MARK: Nulls and faults

    private static let brokenQuotes = "a quoted field must end with its quote; a quote within it must be doubled"

    private func isMarker(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        nullMarkers.contains { $0.count == text.count && $0.elementsEqual(text) } || format?.isNull(text) ?? false
    }

    private static func trimmingBlanks(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var (start, end) = (0, text.count)
        while start < end, text[start] == 32 { start += 1 }
        while end > start, text[end - 1] == 32 { end -= 1 }
        return UnsafeBufferPointer(rebasing: text[start..<end])
    }

    private mutating func requireValue(_ row: Int, _ column: Int, _ target: Column) {
        if !target.nullable { note(row, column, "value.missing", "a value is required, found none") }
    }

    private mutating func note(_ row: Int, _ column: Int, _ code: String, _ reason: String) {
        if let fault = faults[row], fault.column <= column { return }
        faults[row] = Fault(column: column, code: code, reason: reason)
    }
}

extension ColumnType {
    /// The code of a value that does not fit the type.
    var faultCode: String {
        switch self {
        case .bool: "value.bad_bool"
        case .int16, .int32, .int64: "value.bad_integer"
        case .decimal: "value.bad_decimal"
        case .float32, .float64: "value.bad_float"
        case .date: "value.bad_date"
        case .time: "value.bad_time"
        case .timestamp, .timestamptz: "value.bad_timestamp"
        case .uuid: "value.bad_uuid"
        case .bytes: "value.bad_bytes"
        case .json: "value.bad_json"
        case .text: "value.invalid_utf8"
        }
    }
}
