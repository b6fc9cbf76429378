import Columns

/// Makes columns of any type with values that matter: extremes, signs, empty strings, repeats and nulls.
enum SampleColumns {
    /// How values repeat, which decides how they are encoded.
    enum Kind: CaseIterable { case few, many, rising }

    static let types: [ColumnType] = [
        .bool, .int16, .int32, .int64, .float32, .float64, .decimal(precision: 4, scale: 2),
        .decimal(precision: 9, scale: 0), .decimal(precision: 18, scale: 6), .decimal(precision: 19, scale: 3),
        .decimal(precision: 38, scale: 10), .date, .time, .timestamp, .timestamptz, .text, .bytes, .uuid, .json,
    ]

    static func schema(nullable: Bool) -> Schema {
        Schema(types.enumerated().map { Column(name: "c\($0.offset) \($0.element)", type: $0.element, nullable: nullable) })
    }

    static func batch(_ schema: Schema, rows: Int, _ kind: Kind, from first: Int64 = 1, seed: UInt64 = 1) -> ColumnBatch {
        var random = Seeded(seed &+ UInt64(first))
        let columns = schema.columns.map { vector($0, rows, kind, &random) }
        return ColumnBatch(schema: schema, columns: columns, recordNumbers: Array(first..<first + Int64(rows)))
    }

    private static func vector(_ column: Column, _ rows: Int, _ kind: Kind, _ random: inout Seeded) -> ColumnVector {
        let valid = (0..<rows).map { _ in !column.nullable || Int.random(in: 0..<10, using: &random) > 2 }
        let numbers = (0..<rows).map { row in number(row, kind, &random) }
        switch column.type.storage {
        case .int64:
            let range = range(column.type)
            let size = UInt64(bitPattern: range.upperBound &- range.lowerBound)
            let values = zip(numbers, valid).map { number, valid in
                guard valid else { return Int64(0) }
                return size == .max ? number : range.lowerBound + Int64(UInt64(bitPattern: number) % (size + 1))
            }
            return ColumnVector(type: column.type, values: .int64(values), valid: valid)
        case .int128:
            guard case .decimal(let precision, _) = column.type else { fatalError() }
            var limit: Int128 = 1
            for _ in 0..<precision { limit *= 10 }
            let values = zip(numbers, valid).map { number, valid in
                valid ? (Int128(number) * 0x1_0000_0000_0001 &* 7919) % limit : 0
            }
            return ColumnVector(type: column.type, values: .int128(values), valid: valid)
        case .float64:
            let special: [Double] = [0, -0.0, .infinity, -.infinity, 1.5, -2.25]
            let values = zip(numbers, valid).map { number, valid in
                guard valid else { return 0.0 }
                if number % 7 == 0 { return special[Int(number.magnitude % 6)] }
                return column.type == .float32 ? Double(Float(number) / 3) : Double(number) / 3
            }
            return ColumnVector(type: column.type, values: .float64(values), valid: valid)
        case .bytes:
            var values = ByteValues()
            for (number, valid) in zip(numbers, valid) {
                values.append(valid ? bytes(column.type, number) : [])
            }
            return ColumnVector(type: column.type, values: .bytes(values), valid: valid)
        }
    }

    private static func number(_ row: Int, _ kind: Kind, _ random: inout Seeded) -> Int64 {
        switch kind {
        case .few: Int64.random(in: -9...9, using: &random)
        case .many: Int64.random(in: .min ... .max, using: &random)
        case .rising: Int64(row) * 1000 + Int64.random(in: 0..<100, using: &random)
        }
    }

    private static func range(_ type: ColumnType) -> ClosedRange<Int64> {
        switch type {
        case .bool: 0...1
        case .int16: Int64(Int16.min)...Int64(Int16.max)
        case .int32: Int64(Int32.min)...Int64(Int32.max)
        // The years that other readers can tell as well.
        case .date: -719_162...2_932_896
        case .time: 0...86_399_999_999
        case .decimal(4, _): -9999...9999
        case .decimal(9, _): -999_999_999...999_999_999
        case .decimal: -999_999_999_999_999_999...999_999_999_999_999_999
        case .timestamp, .timestamptz: -62_135_596_800_000_000...253_402_300_799_999_999
        default: .min ... .max
        }
    }

    private static func bytes(_ type: ColumnType, _ number: Int64) -> [UInt8] {
        switch type {
        case .uuid: withUnsafeBytes(of: UInt64(bitPattern: number) &* 31) { Array($0) + Array($0.reversed()) }
        case .bytes: number % 5 == 0 ? [] : withUnsafeBytes(of: number) { Array($0[..<Int(number.magnitude % 9)]) }
        case .json: Array("{\"number\": \(number)}".utf8)
        default: number % 5 == 0 ? [] : Array("größe \(number) 🙂".utf8)
        }
    }
}

/// Where two lists first differ, in words; nil where they are equal. Whole columns are too much to read.
func firstDifference<Element: Equatable>(_ found: [Element], _ expected: [Element]) -> String? {
    for (index, pair) in zip(found, expected).enumerated() where pair.0 != pair.1 {
        return "element \(index): found \(pair.0), expected \(pair.1)"
    }
    return found.count == expected.count ? nil : "found \(found.count) elements, expected \(expected.count)"
}
