import Columns
import Testing

@testable import Tabular

@Suite("Reading CSV with several threads")
struct ThreadTests {
    private static let columns = [
        Column(name: "id", type: .int64, nullable: false), Column(name: "amount", type: .decimal(precision: 9, scale: 2)),
        Column(name: "note", type: .text), Column(name: "at", type: .timestamptz),
    ]

    /// Records with mishaps of every kind, quoted line ends, and blank lines between them.
    private static let text: [UInt8] = {
        var random = Seeded(11)
        var text = Array("id,amount,note,at\n".utf8)
        for id in 1...6000 {
            switch random.below(40) {
            case 0: text += "\(id),1.5\n".utf8
            case 1: text += "x\(id),1.5,,\n".utf8
            case 2: text += "\(id),1.5,\"a\"b,\n".utf8
            case 3: text += "\(id),1.234,z,2026-01-31T00:00:00Z\n".utf8
            case 4: text += Array("\(id),1.2,".utf8) + [0xE9] + Array(",\n".utf8)
            case 5: text += "\n\r\n".utf8
            case 6, 7, 8: text += "\(id),,\"two\nlines, \"\"\(id)\"\"\n\",\r\n".utf8
            default: text += "\(id),\(id % 100).25,\(String(repeating: "é", count: id % 50)),2026-01-31T10:00:00+02:00\n".utf8
            }
        }
        return text
    }()

    private static func reader(threads: Int, chunkBytes: Int, text: [UInt8] = text, fit: RecordFit = .strict) throws -> CSVReader {
        let mapping = FieldMapping(columns: columns, fields: [0, 1, 2, 3], fieldNames: columns.map(\.name))
        var dialect = Dialect()
        dialect.fit = fit
        return try CSVReader(source: TextSource(text), dialect: dialect, mapping: mapping, threads: threads, chunkBytes: chunkBytes)
    }

    @Test("batches, rejects and their places are those of one thread", arguments: 2...4, [100, 1000, 30_000, 1 << 20])
    func same(threads: Int, chunkBytes: Int) throws {
        let (one, many) = (try Self.reader(threads: 1, chunkBytes: chunkBytes), try Self.reader(threads: threads, chunkBytes: chunkBytes))
        while let expected = try one.next() {
            let found = try #require(try many.next())
            #expect(found.batch == expected.batch)
            #expect(found.rejects == expected.rejects)
        }
        #expect(try many.next() == nil)
        #expect(many.adjustments == one.adjustments)
    }

    @Test("what was done to make records fit is counted alike", arguments: 1...4)
    func adjustments(threads: Int) throws {
        var fit = RecordFit(isLenient: true)
        (fit.fewestFields, fit.mostFields) = (2, 5)
        let text =
            Array("id,amount,note,at\n".utf8)
            + (0..<3000).flatMap { Array(["\($0),1\n", ",,,\n", "\($0),1,x,,\n", "\($0),1,x,\n"][$0 % 4].utf8) }
        let reader = try Self.reader(threads: threads, chunkBytes: 500, text: text, fit: fit)
        var rows = 0
        while let result = try reader.next() {
            rows += result.batch.rowCount
            #expect(result.rejects == [])
        }
        #expect(rows == 2250)
        #expect(reader.adjustments.filledUp == 750)
        #expect(reader.adjustments.cut == 750)
        #expect(reader.adjustments.empty == 750)
    }

    @Test("an error comes behind all rows that stand before it", arguments: 1...4)
    func error(threads: Int) throws {
        let text = Self.text + Array("7,\"open\n".utf8)
        let reading = try Reading { try Self.reader(threads: threads, chunkBytes: 777, text: text) }
        #expect(reading.error?.code == "csv.unclosed_quote")
        let whole = try Reading { try Self.reader(threads: 1, chunkBytes: 1 << 20) }
        #expect(reading.numbers == whole.numbers)
        #expect(reading.rejects == whole.rejects)
        let line = 1 + Self.text.count { $0 == 10 }
        #expect(reading.error?.message.hasPrefix("Line \(line) (byte \(Self.text.count)): ") == true)
    }

    @Test("a reader that is given up early lets its threads go", arguments: 2...4)
    func givenUp(threads: Int) throws {
        for batches in 0..<4 {
            let reader = try Self.reader(threads: threads, chunkBytes: 300)
            for _ in 0..<batches { #expect(try reader.next() != nil) }
        }
    }
}
