import Columns
import Foundation
import Testing

@Suite("Column types")
struct ColumnTypeTests {
    static let all: [ColumnType] = [
        .bool, .int16, .int32, .int64, .float32, .float64, .decimal(precision: 1, scale: 0), .decimal(precision: 18, scale: 18),
        .decimal(precision: 38, scale: 0), .decimal(precision: 38, scale: 38), .date, .time, .timestamp, .timestamptz, .text, .bytes, .uuid,
        .json,
    ]

    @Test("a type's name is read back as the type", arguments: all)
    func names(_ type: ColumnType) throws {
        #expect(ColumnType(type.description) == type)
        let schema = Schema([Column(name: "c", type: type, nullable: false, reason: "declared")])
        #expect(try JSONDecoder().decode(Schema.self, from: JSONEncoder().encode(schema)) == schema)
    }

    @Test(
        "names may be spelled freely",
        arguments: [
            ("INT64", ColumnType.int64), (" text ", .text), ("Decimal( 12 , 2 )", .decimal(precision: 12, scale: 2)),
            ("decimal(5)", .decimal(precision: 5, scale: 0)), ("TimestampTZ", .timestamptz),
        ])
    func spellings(name: String, type: ColumnType) {
        #expect(ColumnType(name) == type)
    }

    @Test(
        "what is no type's name is refused",
        arguments: [
            "", "int", "varchar", "decimal", "decimal()", "decimal(", "decimal(0,0)", "decimal(39,0)", "decimal(5,6)", "decimal(5,-1)",
            "decimal(5,2,1)", "decimal(5,)", "decimal(,2)", "decimal(a,b)", "decimal(99999999999999999999,1)", "decimal(5,2)x",
            "numeric(5,2)",
        ])
    func refused(_ name: String) {
        #expect(ColumnType(name) == nil)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([ColumnType].self, from: JSONEncoder().encode([name])) }
    }

    @Test("decimals of up to 18 digits are narrow", arguments: [(18, ColumnType.Storage.int64), (19, .int128), (1, .int64), (38, .int128)])
    func storage(precision: Int, storage: ColumnType.Storage) {
        #expect(ColumnType.decimal(precision: precision, scale: 1).storage == storage)
    }

    @Test("an empty column has its type's storage", arguments: all)
    func empty(_ type: ColumnType) {
        let column = ColumnVector(empty: type)
        #expect(column.count == 0 && column.values.count == 0)
        #expect(column.values == ColumnValues(empty: type.storage))
    }
}
