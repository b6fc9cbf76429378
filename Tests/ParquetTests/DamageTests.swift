import Columns
import Compression
import Foundation
import Testing

@testable import Parquet

@Suite("Damaged files")
struct DamageTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A small file with all types, both kinds of encodings and several pages and row groups.
    private func sample(_ codec: String) throws -> [UInt8] {
        let schema = SampleColumns.schema(nullable: true)
        var options = ParquetWriteOptions(rowGroupRows: 50, pageBytes: 1024)
        options.codec = try #require(.init(codec))
        let path = folder.path("sample.parquet")
        let writer = try ParquetWriter(path: path, schema: schema, options: options)
        try writer.write(SampleColumns.batch(schema, rows: 60, .few))
        try writer.write(SampleColumns.batch(schema, rows: 60, .rising, from: 61))
        _ = try writer.finish()
        return Array(try Data(contentsOf: URL(filePath: path)))
    }

    /// Reads everything; what goes wrong must be one of our errors.
    private func read(_ bytes: [UInt8]) throws -> String {
        let path = folder.path("damaged.parquet")
        try Data(bytes).write(to: URL(filePath: path))
        do {
            let reader = try ParquetReader(path: path)
            var rows = 0
            while let batch = try reader.nextBatch() {
                rows += batch.rowCount
                // A value that cannot be told would be a trap later.
                for column in batch.columns { for row in 0..<column.count { _ = column.text(row: row) } }
                if rows > 1_000_000 { break }
            }
            return "read"
        } catch let error as ParquetError {
            #expect(error.message.hasPrefix(path))
            return error.code
        }
    }

    @Test("a file cut at any place is refused")
    func cut() throws {
        let whole = try sample("zstd")
        #expect(try read(whole) == "read")
        for count in stride(from: 0, to: whole.count, by: 97) {
            #expect(try read(Array(whole[..<count])) == "parquet.bad_magic", "cut at \(count)")
        }
    }

    @Test("a changed byte anywhere ends in rows or in a coded error", arguments: ["none", "zstd", "snappy", "lz4"])
    func changed(codec: String) throws {
        let whole = try sample(codec)
        var random = Seeded(11)
        var outcomes: [String: Int] = [:]
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 4..<bytes.count - 8, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            outcomes[try read(bytes), default: 0] += 1
        }
        #expect(outcomes.count > 3, "\(outcomes)")
    }

    @Test("a changed footer ends in rows or in a coded error")
    func changedFooter() throws {
        let whole = try sample("none")
        let size = whole[(whole.count - 8)...].prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        let start = whole.count - 8 - size
        var random = Seeded(12)
        for _ in 0..<600 {
            var bytes = whole
            bytes[Int.random(in: start..<whole.count - 8, using: &random)] = UInt8.random(in: 0...255, using: &random)
            _ = try read(bytes)
        }
    }

    @Test("what is no Parquet file says so")
    func noParquet() throws {
        #expect(try read([]) == "parquet.bad_magic")
        #expect(try read(Array("a,b\n1,2\n3,4\n5,6\n".utf8)) == "parquet.bad_magic")
        #expect(try read(Array("PAR1....PAR1".utf8)) == "parquet.truncated")
        #expect(try read(Array("PAR1".utf8) + [0, 0, 0, 0] + Array("PARE".utf8)) == "parquet.encrypted")
        #expect(throws: CompressionError.self) { try ParquetReader(path: folder.path("none")) }
    }
}
