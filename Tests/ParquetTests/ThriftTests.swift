import Testing

@testable import Parquet

@Suite("Thrift's compact protocol")
struct ThriftTests {
    private func read<Result>(_ bytes: [UInt8], _ body: (inout ThriftReader) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes { bytes in
            var reader = ThriftReader(bytes)
            return try body(&reader)
        }
    }

    @Test("what is written is read")
    func roundTrip() throws {
        var writer = ThriftWriter()
        writer.structure { writer in
            writer.field(1, int32: -5)
            writer.field(2, bool: true)
            writer.field(3, bool: false)
            writer.field(20, int64: .min)
            writer.field(21, string: "größe")
            writer.field(22, int32s: Array(0..<20))
            writer.field(23, list: [1, 2]) { $0.field(1, int32: Int32($1)) }
            writer.field(24) { $0.field(1, int8: -1) }
        }
        var seen: [String] = []
        try read(writer.bytes) { reader in
            try reader.structure { reader, field in
                switch field.id {
                case 1: seen.append("\(try reader.int32(field))")
                case 2, 3: seen.append("\(try reader.bool(field))")
                case 20: seen.append("\(try reader.int64(field))")
                case 21: seen.append(try reader.string(field))
                case 22: seen.append("\(try reader.list(field) { try $0.int32($1) }.count)")
                default: try reader.skip(field)
                }
            }
            #expect(reader.position == writer.bytes.count)
        }
        #expect(seen == ["-5", "true", "false", "\(Int64.min)", "größe", "20"])
    }

    @Test("every cut of a structure is truncated")
    func truncated() throws {
        var writer = ThriftWriter()
        let element = SchemaElement(.init(name: "a column", type: .decimal(precision: 10, scale: 2)))
        writer.structure { element.write(&$0) }
        for count in 0..<writer.bytes.count {
            let error = #expect(throws: ParquetError.self) {
                try read(Array(writer.bytes[..<count])) {
                    _ = try SchemaElement.read(&$0, ThriftField(id: 0, type: .structure))
                }
            }
            #expect(error?.code == "parquet.truncated", "cut at \(count)")
        }
    }

    @Test("lengths, depths and integers beyond the limits are refused")
    func limits() {
        func code(_ bytes: [UInt8]) -> String? {
            let error = #expect(throws: ParquetError.self) {
                try read(bytes) { try $0.structure { try $0.skip($1) } }
            }
            return error?.code
        }
        // A binary of 2^28 bytes in a structure of seven; a list likewise.
        #expect(code([0x18, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00]) == "parquet.truncated")
        #expect(code([0x19, 0xFC, 0x80, 0x80, 0x80, 0x80, 0x01]) == "parquet.truncated")
        #expect(code([UInt8](repeating: 0x1C, count: 1000)) == "parquet.limit")
        #expect(code([0x16] + [UInt8](repeating: 0xFF, count: 11)) == "parquet.thrift")
        #expect(code([0x1E, 0x00]) == "parquet.thrift")
    }
}
