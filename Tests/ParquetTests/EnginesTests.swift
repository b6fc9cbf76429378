import Columns
import Foundation
import Testing

@testable import Parquet

/// What other engines make of all that our files have beside their values.
@Suite("Our files in pyarrow, DuckDB, Polars and fastparquet", .enabled(if: Python.hasAllEngines))
struct EnginesTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// 10 000 rows in four row groups of pages of 500 rows.
    private static let rows = 10_000

    private func write(_ options: ParquetWriteOptions) throws -> String {
        let schema = Schema([
            Column(name: "i", type: .int64, nullable: false), Column(name: "t", type: .text), Column(name: "f", type: .float64),
            Column(name: "d", type: .decimal(precision: 12, scale: 2)), Column(name: "w", type: .decimal(precision: 30, scale: 4)),
            Column(name: "ts", type: .timestamptz), Column(name: "day", type: .date), Column(name: "b", type: .bool),
            Column(name: "path", type: .text, nullable: false),
        ])
        var texts = ByteValues()
        var paths = ByteValues()
        let numbers = (0..<Int64(Self.rows)).map { $0 }
        let valid = numbers.map { $0 % 10 != 3 }
        for number in numbers {
            texts.append(number % 10 == 3 ? "" : "name \(number % 400)")
            paths.append("s3://a-bucket-of-some-length/with/a/prefix/that/repeats/\(1_000_000 + number * 7)/part.parquet")
        }
        func null(_ value: (Int64) -> Int64) -> [Int64] { zip(numbers, valid).map { $1 ? value($0) : 0 } }
        let all = [Bool](repeating: true, count: Self.rows)
        let columns = [
            ColumnVector(type: .int64, values: .int64(numbers), valid: all),
            ColumnVector(type: .text, values: .bytes(texts), valid: valid),
            ColumnVector(type: .float64, values: .float64(null { $0 }.map { Double($0) / 8 }), valid: valid),
            ColumnVector(type: .decimal(precision: 12, scale: 2), values: .int64(null { $0 * 25 }), valid: valid),
            ColumnVector(
                type: .decimal(precision: 30, scale: 4), values: .int128(null { $0 - 5000 }.map { Int128($0) * 1_000_000_007 }),
                valid: valid),
            ColumnVector(type: .timestamptz, values: .int64(null { $0 * 1_000_003 }), valid: valid),
            ColumnVector(type: .date, values: .int64(null { $0 }), valid: valid),
            ColumnVector(type: .bool, values: .int64(null { $0 % 2 }), valid: valid),
            ColumnVector(type: .text, values: .bytes(paths), valid: all),
        ]
        let path = folder.path("engines.parquet")
        let writer = try ParquetWriter(path: path, schema: schema, options: options)
        try writer.write(ColumnBatch(schema: schema, columns: columns, recordNumbers: numbers.map { $0 + 1 }))
        _ = try writer.finish()
        return path
    }

    private func options(_ version: ParquetWriteOptions.PageVersion = .v1) -> ParquetWriteOptions {
        ParquetWriteOptions(
            rowGroupRows: 2500, keyValueMetadata: [("landfall.source", "s3://b/k")], pageRows: 500, pageVersion: version,
            bloomFilterColumns: ["i", "t", "d", "path"], sortingColumns: [.init("i")])
    }

    @Test("pyarrow verifies the checksums and sees the page index, sorting, metadata and statistics", arguments: [true, false])
    func pyarrow(isOld: Bool) throws {
        let path = try write(options(isOld ? .v1 : .v2))
        let printed = try Python.run(
            """
            import sys, pyarrow.parquet as pq
            file = pq.ParquetFile(sys.argv[1], page_checksum_verification=True)
            table = file.read()
            print(table.num_rows, sum(table['i'].to_pylist()), table['t'].null_count, table['path'][9999])
            group = file.metadata.row_group(2)
            print(all(group.column(i).has_column_index and group.column(i).has_offset_index for i in range(group.num_columns)))
            print(group.sorting_columns)
            print(file.metadata.metadata[b'landfall.source'])
            for i in (0, 1, 2, 3, 4):
                s = group.column(i).statistics
                print(s.null_count, s.min, s.max)
            print(pq.read_table(sys.argv[1], filters=[('i', '>=', 7499), ('i', '<', 7501)])['i'].to_pylist())
            print(pq.read_table(sys.argv[1], filters=[('w', '>', 4990.5 * 1_000_000_007 / 10_000)]).num_rows)
            """, [path])
        #expect(
            printed == """
                10000 49995000 1000 s3://a-bucket-of-some-length/with/a/prefix/that/repeats/1069993/part.parquet
                True
                (SortingColumn(column_index=0, descending=False, nulls_first=False),)
                b's3://b/k'
                0 5000 7499
                250 name 0 name 99
                250 625.0 937.375
                250 1250.00 1874.75
                250 0.0000 249900001.7493
                [7499, 7500]
                8

                """)
    }

    @Test("a changed bit in a page is found by pyarrow and by us")
    func checksums() throws {
        var plain = options()
        plain.codec = .none
        let path = try write(plain)
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let place = try #require(bytes.firstRange(of: Array("a-bucket".utf8)))
        bytes[place.lowerBound] ^= 4
        try Data(bytes).write(to: URL(filePath: path))
        let printed = try Python.run(
            """
            import sys, pyarrow.parquet as pq
            try: pq.read_table(sys.argv[1], page_checksum_verification=True)
            except OSError as error: print('CRC' in str(error))
            """, [path])
        #expect(printed == "True\n")
        let error = #expect(throws: ParquetError.self) { try RoundTripTests.read(path) }
        #expect(error?.code == "parquet.checksum")
        #expect(error?.message.contains("column \"path\", row group 1, page at byte") == true)
    }

    @Test("DuckDB prunes by statistics and bloom filters", arguments: [true, false])
    func duckdb(isOld: Bool) throws {
        let path = try write(options(isOld ? .v1 : .v2))
        let printed = try Python.run(
            """
            import sys, duckdb
            path = sys.argv[1]
            def one(sql): print(*duckdb.sql(sql).fetchall()[0])
            one(f"select count(*), sum(i), sum(d), sum(w), count(t), max(path) from '{path}'")
            one(f"select count(*) from '{path}' where t = 'name 7'")
            one(f"select count(*) from '{path}' where i between 2499 and 2502 and f is not null")
            def probe(column, value):
                rows = duckdb.sql(f"select bloom_filter_excludes from parquet_bloom_probe('{path}', '{column}', {value})").fetchall()
                print(column, [r[0] for r in rows])
            probe('i', '5003'); probe('t', "'name 399'"); probe('t', "'no such name'"); probe('path', "'s3://none'")
            """, [path])
        #expect(
            printed == """
                10000 49995000 11249250.00 -300000002.1000 9000 s3://a-bucket-of-some-length/with/a/prefix/that/repeats/1069993/part.parquet
                25
                4
                i [True, True, False, True]
                t [False, False, False, False]
                t [True, True, True, True]
                path [True, True, True, True]

                """)
    }

    @Test("Polars and fastparquet read the same values and prune", arguments: [true, false])
    func others(isOld: Bool) throws {
        let path = try write(options(isOld ? .v1 : .v2))
        let printed = try Python.run(
            """
            import sys, polars as pl
            path = sys.argv[1]
            frame = pl.read_parquet(path)
            print(frame.height, frame['i'].sum(), frame['t'].null_count(), frame['d'].sum(), frame['path'][9999])
            print(pl.scan_parquet(path).filter((pl.col('i') >= 7499) & (pl.col('i') < 7502)).select('i').collect()['i'].to_list())
            print(pl.scan_parquet(path).filter(pl.col('t') == 'name 7').collect().height)
            """, [path])
        #expect(
            printed == """
                10000 49995000 1000 11249250.00 s3://a-bucket-of-some-length/with/a/prefix/that/repeats/1069993/part.parquet
                [7499, 7500, 7501]
                25

                """)
        // fastparquet fails on chunks of several pages of version 2 with nulls, whoever wrote them.
        guard isOld else { return }
        let fast = try Python.run(
            """
            import sys, fastparquet
            file = fastparquet.ParquetFile(sys.argv[1])
            frame = file.to_pandas()
            print(len(frame), frame['i'].sum(), frame['t'].isna().sum(), frame['f'].sum(), frame['path'].iloc[9999])
            print(len(file.to_pandas(columns=['i'], filters=[('i', '>=', 7500)])), len(file.statistics['min']['i']))
            """, [path])
        #expect(
            fast == """
                10000 49995000 1000 5624625.0 s3://a-bucket-of-some-length/with/a/prefix/that/repeats/1069993/part.parquet
                2500 4

                """)
    }

    @Test("we prune our own files by bloom filters too")
    func ownBloomFilters() throws {
        let path = try write(options())
        func rows(_ column: String, _ value: ParquetFilter.Value) throws -> Int64 {
            let filters = [ParquetFilter(column, .equal, value)]
            return try ParquetReader(path: path, options: ParquetReadOptions(filters: filters)).selectedRows
        }
        #expect(try rows("t", .bytes(Array("name 7".utf8))) > 0)
        // Lies between the bounds of every page.
        #expect(try rows("t", .bytes(Array("name 200 no".utf8))) == 0)
        #expect(try rows("d", .integer(25 * 77)) == 500)
        #expect(try rows("d", .integer(25 * 77 + 1)) == 0)
    }

    @Test("encodings are those that the values and the options call for")
    func encodings() throws {
        let usual = try ParquetReader(path: try write(options()))
        #expect(usual.metadata.encodings == ["DELTA_BINARY_PACKED", "PLAIN", "RLE", "RLE_DICTIONARY"])
        var compact = options()
        compact.encodings = .compact
        compact.codec = .none
        #expect(
            try ParquetReader(path: try write(compact)).metadata.encodings
                == ["DELTA_BINARY_PACKED", "DELTA_BYTE_ARRAY", "PLAIN", "RLE", "RLE_DICTIONARY"])
        compact.codec = .zstd(level: 3)
        #expect(try ParquetReader(path: try write(compact)).metadata.encodings.contains("BYTE_STREAM_SPLIT"))
    }
}
