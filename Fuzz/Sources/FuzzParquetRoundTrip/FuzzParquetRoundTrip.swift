import Columns
@testable import Compression
import Foundation
@testable import Parquet

/// The input decides on a schema, on how the file is laid out and on batches of values; what was written must come back, as
/// it was and in order, and filters must not lose a row.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzParquetRoundTrip(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var choices = Choices(UnsafeBufferPointer(start: start, count: count))
    let schema = Schema(
        (0..<choices.next(6) + 1).map {
            Column(name: "c\($0)", type: types[choices.next(types.count)], nullable: choices.next(2) == 0)
        })
    let options = choices.options(schema)
    let folder = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    let path = folder + "/landfall-round-trip-\(ProcessInfo.processInfo.processIdentifier).parquet"
    do {
        let writer = try ParquetWriter(path: path, schema: schema, options: options)
        var written = schema.columns.map { _ in [String?]() }
        for _ in 0..<choices.next(4) + 1 {
            let rows = [0, 1, 7, 8, 63, 64, 65, 300, 1000][choices.next(9)]
            let batch = choices.batch(schema, rows: rows)
            try writer.write(batch)
            for (index, column) in batch.columns.enumerated() { written[index] += (0..<rows).map { spelled(column, $0) } }
        }
        let summary = try writer.finish()
        precondition(summary.rows == Int64(written[0].count), "the summary counts other rows")
        check(path, schema, written, ParquetReadOptions(), maxRows: 1 + choices.next(400))
        let filter = choices.filter(schema, written)
        check(path, schema, written, ParquetReadOptions(filters: [filter]), maxRows: 1 + choices.next(400))
    } catch {
        preconditionFailure("\(error)")
    }
    return 0
}

private let types: [ColumnType] = [
    .bool, .int16, .int32, .int64, .float32, .float64, .decimal(precision: 9, scale: 2), .decimal(precision: 18, scale: 0),
    .decimal(precision: 38, scale: 5), .date, .time, .timestamp, .timestamptz, .text, .bytes, .uuid, .json,
]

/// A value with all of its bits.
private func spelled(_ column: ColumnVector, _ row: Int) -> String? {
    guard column.valid[row] else { return nil }
    switch column.values {
    case .int64(let values): return String(values[row])
    case .int128(let values): return String(values[row])
    case .float64(let values): return String(values[row].bitPattern)
    case .bytes(let values): return values[row].map { String($0) }.joined(separator: " ")
    }
}

/// Rows that come must be those that were written; without filters all come, with one those that are equal to its value.
private func check(_ path: String, _ schema: Schema, _ written: [[String?]], _ options: ParquetReadOptions, maxRows: Int) {
    do {
        let reader = try ParquetReader(path: path, options: options)
        precondition(reader.schema.columns.map(\.type) == schema.columns.map(\.type), "other types")
        var came = Set<Int>()
        while let batch = try reader.nextBatch(maxRows: maxRows) {
            for row in 0..<batch.rowCount {
                let place = Int(batch.recordNumbers[row]) - 1
                precondition(came.insert(place).inserted, "a row came twice")
                for (index, column) in batch.columns.enumerated() {
                    precondition(spelled(column, row) == written[index][place], "row \(place), column \(schema.columns[index])")
                }
            }
        }
        guard let filter = options.filters.first, let index = schema.index(of: filter.column) else {
            precondition(came.count == written[0].count, "rows are missing")
            return
        }
        for place in written[0].indices where written[index][place] == filter.spelled { precondition(came.contains(place), "lost") }
    } catch {
        preconditionFailure("\(error)")
    }
}

extension ParquetFilter {
    fileprivate var spelled: String? {
        switch value {
        case .integer(let number): String(number)
        case .double(let number): String(number.bitPattern)
        case .bytes(let bytes): bytes.map { String($0) }.joined(separator: " ")
        }
    }
}

/// What the input's bytes decide; when they have run out, a generator goes on from them.
private struct Choices {
    private var bytes: ArraySlice<UInt8>
    private var state: UInt64

    init(_ input: UnsafeBufferPointer<UInt8>) {
        bytes = ArraySlice(input)
        state = input.reduce(0x9E37_79B9_7F4A_7C15) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 } | 1
    }

    mutating func word() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func next(_ bound: Int) -> Int {
        if let byte = bytes.popFirst() { return Int(byte) % bound }
        return Int(word() >> 11) % bound
    }

    mutating func options(_ schema: Schema) -> ParquetWriteOptions {
        let codecs: [PageCodec] = [.none, .snappy, .gzip(), .zstd(level: 1), .lz4Raw, .brotli(level: 1)]
        var options = ParquetWriteOptions(
            codec: codecs[next(codecs.count)], rowGroupRows: [1, 10, 100, 700, 5000][next(5)], pageBytes: [1024, 4096, 1 << 20][next(3)],
            encodings: [.usual, .compact, .widelyRead][next(3)], pageRows: [1, 5, 64, 20_480][next(4)],
            pageVersion: next(2) == 0 ? .v1 : .v2)
        if next(2) == 0 { options.bloomFilterColumns = Set(schema.names) }
        options.writesChecksums = next(3) > 0
        options.writesPageIndex = next(4) > 0
        return options
    }

    mutating func filter(_ schema: Schema, _ written: [[String?]]) -> ParquetFilter {
        let index = next(schema.columns.count)
        let column = schema.columns[index]
        // The text of a value that is there, as far as one is.
        let texts = written[index].compactMap { $0 }
        let text = texts.isEmpty ? "0" : texts[next(texts.count)]
        switch column.type.storage {
        case .int64, .int128: return ParquetFilter(column.name, .equal, .integer(Int128(text) ?? 0))
        case .float64: return ParquetFilter(column.name, .equal, .double(Double(bitPattern: UInt64(text) ?? 0)))
        case .bytes: return ParquetFilter(column.name, .equal, .bytes(text.split(separator: " ").compactMap { UInt8($0) }))
        }
    }

    mutating func batch(_ schema: Schema, rows: Int) -> ColumnBatch {
        ColumnBatch(schema: schema, columns: schema.columns.map { vector($0, rows) }, recordNumbers: (0..<Int64(rows)).map { $0 + 1 })
    }

    private mutating func vector(_ column: Column, _ rows: Int) -> ColumnVector {
        let nulls = column.nullable ? [0, 2, 10, 1][next(4)] : 0
        let valid = (0..<rows).map { _ in nulls == 0 || Int(word() >> 11) % nulls != 0 }
        let kind = next(4)
        let numbers = (0..<rows).map { row -> Int64 in
            switch kind {
            case 0: Int64(word() % 5) - 2
            case 1: Int64(row) * 1000
            case 2: Int64(bitPattern: word())
            default: [0, .max, .min, -1, 1][Int(word() >> 11) % 5]
            }
        }
        switch column.type.storage {
        case .int64:
            let values = zip(numbers, valid).map { $1 ? Self.fit($0, column.type) : 0 }
            return ColumnVector(type: column.type, values: .int64(values), valid: valid)
        case .int128:
            let values = zip(numbers, valid).map { $1 ? Int128($0) * 1_000_000_007 * (kind == 2 ? 1_000_003 : 1) : 0 }
            return ColumnVector(type: column.type, values: .int128(values), valid: valid)
        case .float64:
            let special: [Double] = [0, -0.0, .infinity, -.infinity, .nan, 1e300, 5e-324, 1.5]
            let values = zip(numbers, valid).map { number, isThere -> Double in
                guard isThere else { return 0 }
                let value = kind == 3 ? special[Int(number.magnitude % 8)] : Double(number) / 8
                return column.type == .float32 ? Double(Float(value)) : value
            }
            return ColumnVector(type: column.type, values: .float64(values), valid: valid)
        case .bytes:
            var values = ByteValues()
            for (number, isThere) in zip(numbers, valid) {
                guard isThere else {
                    values.append([])
                    continue
                }
                switch column.type {
                case .uuid: values.append(withUnsafeBytes(of: Int128(number)) { Array($0) })
                case .bytes: values.append(withUnsafeBytes(of: number) { Array($0.prefix(Int(number.magnitude % 9))) })
                case .json: values.append("[\(number)]")
                default: values.append(number % 3 == 0 ? "" : String(repeating: "ö", count: Int(number.magnitude % 50)) + "\(number)")
                }
            }
            return ColumnVector(type: column.type, values: .bytes(values), valid: valid)
        }
    }

    private static func fit(_ number: Int64, _ type: ColumnType) -> Int64 {
        switch type {
        case .bool: number & 1
        case .int16: Int64(Int16(truncatingIfNeeded: number))
        case .int32, .date: Int64(Int32(truncatingIfNeeded: number))
        case .time: Int64(number.magnitude % 86_400_000_000)
        case .decimal(let precision, _): number % (precision == 9 ? 1_000_000_000 : 1_000_000_000_000_000_000)
        default: number
        }
    }
}
