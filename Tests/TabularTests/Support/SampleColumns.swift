import Columns

/// Random columns of every type, with extremes, nulls and texts that are hard to spell.
enum SampleColumns {
    static let types: [ColumnType] = [
        .bool, .int16, .int32, .int64, .float32, .float64, .decimal(precision: 4, scale: 2),
        .decimal(precision: 18, scale: 0), .decimal(precision: 18, scale: 18), .decimal(precision: 19, scale: 3),
        .decimal(precision: 38, scale: 38), .date, .time, .timestamp, .timestamptz, .text, .bytes, .uuid, .json,
    ]

    static let schema = Schema(types.enumerated().map { Column(name: "c\($0.offset), \"\($0.element)\"", type: $0.element) })

    static func batch(rows: Int, from first: Int64 = 1, _ random: inout Seeded) -> ColumnBatch {
        let columns = types.map { type -> ColumnVector in
            let valid = (0..<rows).map { _ in !random.chance(20) }
            return ColumnVector(type: type, values: values(type, valid, &random), valid: valid)
        }
        return ColumnBatch(schema: schema, columns: columns, recordNumbers: Array(first..<first + Int64(rows)))
    }

    private static func values(_ type: ColumnType, _ valid: [Bool], _ random: inout Seeded) -> ColumnValues {
        switch type.storage {
        case .int64: return .int64(valid.map { $0 ? integer(type, &random) : 0 })
        case .int128: return .int128(valid.map { $0 ? wide(type, &random) : 0 })
        case .float64: return .float64(valid.map { $0 ? float(type, &random) : 0 })
        case .bytes:
            var values = ByteValues()
            for valid in valid { values.append(valid ? bytes(type, &random) : []) }
            return .bytes(values)
        }
    }

    private static func integer(_ type: ColumnType, _ random: inout Seeded) -> Int64 {
        let range = integerRange(type)
        switch random.below(6) {
        case 0: return range.lowerBound
        case 1: return range.upperBound
        case 2: return Int64.random(in: 0...min(9, range.upperBound), using: &random)
        default: return Int64.random(in: range, using: &random)
        }
    }

    private static func integerRange(_ type: ColumnType) -> ClosedRange<Int64> {
        switch type {
        case .bool: 0...1
        case .int16: Int64(Int16.min)...Int64(Int16.max)
        case .int32: Int64(Int32.min)...Int64(Int32.max)
        case .decimal(4, _): -9999...9999
        case .decimal: -999_999_999_999_999_999...999_999_999_999_999_999
        case .date: -719_162...2_932_896
        case .time: 0...86_399_999_999
        case .timestamp, .timestamptz: -62_135_596_800_000_000...253_402_300_799_999_999
        default: .min ... .max
        }
    }

    private static func wide(_ type: ColumnType, _ random: inout Seeded) -> Int128 {
        guard case .decimal(let precision, _) = type else { return 0 }
        let limit = (0..<precision).reduce(Int128(1)) { value, _ in value * 10 } - 1
        switch random.below(5) {
        case 0: return limit
        case 1: return -limit
        case 2: return Int128.random(in: -9...9, using: &random)
        default: return Int128.random(in: -limit...limit, using: &random)
        }
    }

    private static func float(_ type: ColumnType, _ random: inout Seeded) -> Double {
        let special: [Double] = [0, -0.0, .infinity, -.infinity, .nan, 0.1, 1e23, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3]
        if type == .float32 {
            if random.chance(30) { return Double(Float(special[random.below(7)])) }
            let value = Float(bitPattern: UInt32.random(in: 0 ... .max, using: &random))
            return Double(value.isNaN ? .nan : value)
        }
        if random.chance(30) { return special[random.below(special.count)] }
        let value = Double(bitPattern: UInt64.random(in: 0 ... .max, using: &random))
        return value.isNaN ? .nan : value
    }

    static let hardTexts = [
        "", " ", "a", "é", "日本", "\"", "\"\"", ",", "\n", "\r", "\r\n", "a\rb", " a", "a ", "\t", "\\", "\\n", "NULL", "\\N", "'",
        "a,b", "\u{FEFF}", "\u{0}", "\u{1F}", "\u{7F}", "\u{2028}", "👩‍👩‍👧", "a\"b,c\nd", "null", "{}", "0", "true", ";",
    ]

    private static func bytes(_ type: ColumnType, _ random: inout Seeded) -> [UInt8] {
        switch type {
        case .uuid: return (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
        case .bytes: return (0..<random.below(20)).map { _ in UInt8.random(in: 0...255, using: &random) }
        case .json:
            let values = ["{}", "[1, 2]", "[null]", "\"a,\\\"b\"", "1.50", "{\"a\": {\"b\": [\"x\\u0001\"]}}", "[\n1]", "true"]
            return Array(values[random.below(values.count)].utf8)
        default: return Array((0..<1 + random.below(4)).map { _ in hardTexts[random.below(hardTexts.count)] }.joined().utf8)
        }
    }
}
