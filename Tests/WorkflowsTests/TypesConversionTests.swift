import Columns
import Foundation
import Jobs
import Parquet
import Tabular
import Testing

@testable import Workflows

/// Values of every type, its edges among them, through every format.
struct TypesConversionTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
    }

    private static func bytes(_ values: [[UInt8]]) -> ColumnValues {
        var bytes = ByteValues()
        for value in values { bytes.append(value) }
        return .bytes(bytes)
    }

    /// Four rows each; the third is null.
    private static let columns: [(String, ColumnType, ColumnValues)] = [
        ("b", .bool, .int64([0, 1, 0, 1])),
        ("i16", .int16, .int64([-32_768, 32_767, 0, 1])),
        ("i32", .int32, .int64([Int64(Int32.min), Int64(Int32.max), 0, -1])),
        ("i64", .int64, .int64([.min, .max, 0, 7])),
        ("f32", .float32, .float64([.nan, Double(Float.greatestFiniteMagnitude), 0, -0.0])),
        ("f64", .float64, .float64([.infinity, -.infinity, 0, .leastNonzeroMagnitude])),
        ("n", .float64, .float64([.nan, -0.0, 0, 0.1])),
        ("d9", .decimal(precision: 9, scale: 2), .int64([-999_999_999, 999_999_999, 0, 0])),
        ("d38", .decimal(precision: 38, scale: 20), .int128([Int128("99999999999999999999999999999999999999") ?? 0, -1, 0, 0])),
        ("day", .date, .int64([-719_162, 2_932_896, 0, 0])),
        ("t", .time, .int64([0, 86_399_999_999, 0, 1])),
        ("ts", .timestamp, .int64([-1, 253_402_300_799_999_999, 0, 1])),
        ("tz", .timestamptz, .int64([-62_135_596_800_000_000, 1, 0, 1_000_000])),
        ("s", .text, bytes([[], Array("\"a\",\r\nü\t\\ null".utf8), [], Array(" ".utf8)])),
        ("by", .bytes, bytes([[], [0, 255, 92, 120], [], [0]])),
        (
            "u", .uuid,
            bytes([Array(repeating: 0, count: 16), Array(0...15), Array(repeating: 0, count: 16), Array(repeating: 255, count: 16)])
        ),
        ("j", .json, bytes([Array("{\"a\": [1.50, null, \"x\\n\"]}".utf8), Array("\"\"".utf8), [], Array("0".utf8)])),
    ]

    private func writeParquet(_ chosen: [(String, ColumnType, ColumnValues)], to name: String) throws {
        let schema = Schema(chosen.map { Column(name: $0.0, type: $0.1) })
        let writer = try ParquetWriter(path: folder(name), schema: schema)
        let valid = [true, true, false, true]
        var columns: [ColumnVector] = []
        for (_, type, values) in chosen {
            var values = values
            // A UUID's place holds sixteen bytes or none.
            if type == .uuid, case .bytes(let all) = values {
                var kept = ByteValues()
                for row in 0..<4 { if valid[row] { kept.append(all[row]) } else { kept.append([UInt8]()) } }
                values = .bytes(kept)
            }
            columns.append(ColumnVector(type: type, values: values, valid: valid))
        }
        try writer.write(ColumnBatch(schema: schema, columns: columns, recordNumbers: [1, 2, 3, 4]))
        _ = try writer.finish()
    }

    /// Converts and proves.
    private func convert(_ input: String, _ options: InputOptions, to output: String, _ format: DataFormat, _ compression: String?) throws
        -> Conversion.Result
    {
        let conversion = Conversion(
            plan: try InputPlan(path: folder(input), options: options), format: format, options: OutputOptions(compression: compression),
            policy: RejectPolicy(), sourceName: input)
        let place = OutputPlace.file(path: folder(output))
        let result = try conversion.write(to: place, rejectsPath: folder("rejects"))
        #expect(try conversion.prove(result, in: place).rows == 4)
        return result
    }

    @Test(
        "values of every type survive each format and the way back, where their types are declared",
        arguments: DataFormat.allCases, ["none", "zstd", "gzip"])
    func everyType(_ format: DataFormat, _ compression: String) throws {
        try writeParquet(Self.columns, to: "in.parquet")
        let there = try convert("in.parquet", InputOptions(), to: "out", format, compression)
        var options = InputOptions(format: format)
        if format != .parquet { options.columns = Self.columns.map { ColumnDeclaration(name: $0.0, type: $0.1) } }
        let back = try convert("out", options, to: "back.parquet", .parquet, nil)
        for (column, (one, other)) in zip(Self.columns, zip(there.facts, back.facts)) {
            #expect(one == other, "\(column.0)")
            #expect(one.nulls == 1 && one.rows == 4, "\(column.0)")
        }
    }

    @Test("a column by itself survives each format", arguments: DataFormat.allCases, columns.indices)
    func alone(_ format: DataFormat, _ index: Int) throws {
        try writeParquet([Self.columns[index]], to: "in.parquet")
        let there = try convert("in.parquet", InputOptions(), to: "out", format, nil)
        var options = InputOptions(format: format)
        if format != .parquet { options.columns = [ColumnDeclaration(name: Self.columns[index].0, type: Self.columns[index].1)] }
        #expect(try convert("out", options, to: "back.parquet", .parquet, nil).facts == there.facts)
    }
}
