import Columns
import Foundation
import Testing

@testable import Parquet

@Suite("Row groups and pages left out by statistics")
struct FilterTests {
    @Test("bounds tell whether a condition may be satisfied")
    func bounds() {
        let known = ValueBounds(min: .integer(10), max: .integer(20), nullCount: 0, count: 5)
        let cases: [(ParquetFilter.Comparison, Int128, Bool)] = [
            (.equal, 9, false), (.equal, 10, true), (.equal, 20, true), (.equal, 21, false), (.less, 10, false), (.less, 11, true),
            (.lessOrEqual, 9, false), (.lessOrEqual, 10, true), (.greater, 20, false), (.greater, 19, true),
            (.greaterOrEqual, 21, false), (.greaterOrEqual, 20, true), (.isNull, 0, false), (.isNotNull, 0, true),
        ]
        for (comparison, value, expected) in cases {
            #expect(known.maySatisfy(ParquetFilter("c", comparison, .integer(value))) == expected, "\(comparison) \(value)")
        }
        let nulls = ValueBounds(min: nil, max: nil, nullCount: 5, count: 5)
        #expect(!nulls.maySatisfy(ParquetFilter("c", .equal, .integer(1))))
        #expect(!nulls.maySatisfy(ParquetFilter("c", .isNotNull)))
        #expect(nulls.maySatisfy(ParquetFilter("c", .isNull)))
        let unknown = ValueBounds(min: nil, max: nil, nullCount: nil, count: 5)
        #expect(unknown.maySatisfy(ParquetFilter("c", .equal, .integer(1))))
        #expect(unknown.maySatisfy(ParquetFilter("c", .isNull)))
        // NaN may be greater than everything.
        let floats = ValueBounds(min: .double(-1), max: .double(1), nullCount: 0, count: 5)
        #expect(floats.maySatisfy(ParquetFilter("c", .greater, .double(5))))
        #expect(!floats.maySatisfy(ParquetFilter("c", .less, .double(-1))))
        #expect(!floats.maySatisfy(ParquetFilter("c", .equal, .double(5))))
        #expect(known.maySatisfy(ParquetFilter("c", .equal, .bytes([1]))))
    }

    @Test("ranges of rows are cut with each other")
    func ranges() {
        #expect(RowSelection.intersection([0..<10, 20..<30], [5..<25]) == [5..<10, 20..<25])
        #expect(RowSelection.intersection([0..<10], [10..<20]) == [])
    }

    @Test("only the row groups and pages that may have the rows are read", .enabled(if: Python.isReady), arguments: [true, false])
    func pruning(hasPageIndex: Bool) throws {
        let folder = try TestFolder()
        try Python.run(
            """
            import sys, datetime, decimal, pyarrow as pa, pyarrow.parquet as pq
            n = 10000
            pq.write_table(pa.table({
                'i': pa.array(range(n), pa.int32()),
                'u': pa.array([x + 4_000_000_000 if x >= 5000 else x for x in range(n)], pa.uint32()),
                's': [f'{x:05}' for x in range(n)],
                't': pa.array([x * 1000 for x in range(n)], pa.timestamp('ms')),
                'd': pa.array([decimal.Decimal(x - 5000).scaleb(-2) for x in range(n)], pa.decimal128(25, 2)),
                'n': [None if x < 2500 else x for x in range(n)],
                'f': [float('nan') if x == 1 else x / 2 for x in range(n)],
                'l': [[x, x + 1] for x in range(n)],
            }), sys.argv[1], row_group_size=2500, data_page_size=1000, write_batch_size=100, use_dictionary=False,
                write_page_index=\(hasPageIndex ? "True" : "False"))
            """, [folder.path("file")])
        func rows(_ filters: ParquetFilter...) throws -> Int64 {
            let reader = try ParquetReader(path: folder.path("file"), options: ParquetReadOptions(filters: filters))
            var rows: Int64 = 0
            while let batch = try reader.nextBatch(maxRows: 333) {
                rows += Int64(batch.rowCount)
                // Whatever is left out, rows keep their numbers and columns stay in step.
                for index in 0..<batch.rowCount {
                    let number = batch.recordNumbers[index] - 1
                    #expect(batch.columns[0].text(row: index) == String(number))
                    #expect(batch.columns[7].text(row: index) == "[\(number),\(number + 1)]")
                }
            }
            #expect(rows == reader.selectedRows)
            return rows
        }
        func expect(_ found: Int64, groups: Int64, pages: ClosedRange<Int64>) {
            if hasPageIndex { #expect(pages.contains(found)) } else { #expect(found == groups * 2500) }
        }
        expect(try rows(ParquetFilter("i", .equal, .integer(4321))), groups: 1, pages: 1...500)
        expect(try rows(ParquetFilter("i", .less, .integer(0))), groups: 0, pages: 0...0)
        expect(try rows(ParquetFilter("i", .less, .integer(2501))), groups: 2, pages: 2501...3500)
        expect(try rows(ParquetFilter("u", .greaterOrEqual, .integer(4_000_007_400))), groups: 2, pages: 2600...3500)
        expect(try rows(ParquetFilter("s", .equal, .bytes(Array("09999".utf8)))), groups: 1, pages: 1...500)
        expect(try rows(ParquetFilter("t", .greater, .integer(9_998_000_000))), groups: 1, pages: 1...500)
        expect(try rows(ParquetFilter("d", .lessOrEqual, .integer(-5000))), groups: 1, pages: 1...500)
        expect(try rows(ParquetFilter("n", .isNull)), groups: 1, pages: 2500...2500)
        expect(try rows(ParquetFilter("n", .isNotNull)), groups: 3, pages: 7500...7500)
        expect(try rows(ParquetFilter("f", .less, .double(10))), groups: 1, pages: 20...500)
        expect(
            try rows(ParquetFilter("i", .greaterOrEqual, .integer(4000)), ParquetFilter("s", .less, .bytes(Array("04100".utf8)))),
            groups: 1, pages: 100...900)
        #expect(throws: ParquetError.self) { try rows(ParquetFilter("none", .isNull)) }
    }
}
