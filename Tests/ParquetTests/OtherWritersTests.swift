import Columns
import Foundation
import Testing

@testable import Parquet

@Suite("Files of pyarrow and DuckDB, read by us", .enabled(if: Python.isReady))
struct OtherWritersTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    struct Written: Decodable {
        var file: String
        var table: OtherReadersTests.Printed
    }

    /// Runs a script that writes files by `write(name, table, …)` and checks each against what we read.
    ///
    /// - Returns: the names of the files.
    @discardableResult
    private func check(_ script: String) throws -> [String] {
        let prelude =
            OtherReadersTests.valuesOfTable + """

                import random, datetime
                random.seed(7)
                folder = sys.argv[1]
                def write(name, table, **options):
                    path = folder + '/' + name
                    pq.write_table(table, path, **options)
                    print(json.dumps({'file': path, 'table': json.loads(described(table))}))
                def some(values, nulls): return [None if nulls and random.random() < nulls else v for v in values]
                def table(rows, nulls=0.2, few=False):
                    def ints(bits, signed=True):
                        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
                        pool = [low, high, 0, 1]
                        return some([random.choice(pool) if few else random.randint(low, high) for _ in range(rows)], nulls)
                    def floats(): return some([random.choice([0.0, -0.0, float('inf'), 1.5]) if few else random.gauss(0, 1e9) for _ in range(rows)], nulls)
                    def texts(): return some([random.choice(['', 'a', 'größe']) if few else 'row %d %s' % (random.randint(0, 10**9), 'é' * random.randint(0, 20)) for _ in range(rows)], nulls)
                    def bytes_(size=None): return some([random.randbytes(size or random.randint(0, 40)) for _ in range(rows)], nulls)
                    def decimals(p, s): return some([decimal.Decimal(random.randint(-10**p + 1, 10**p - 1)).scaleb(-s) for _ in range(rows)], nulls)
                    micros = some([random.randint(-10**15, 10**15) for _ in range(rows)], nulls)
                    def field(values, type): return pa.array(values, type)
                    def scaled(by, type): return pa.array([None if v is None else v // 10**6 * 10**6 * by // 10**6 if by < 10**6 else v * (by // 10**6) for v in micros], pa.int64()).cast(type)
                    return pa.table({
                        'bool': field(some([random.random() < 0.5 for _ in range(rows)], nulls), pa.bool_()),
                        'i8': field(ints(8), pa.int8()), 'i16': field(ints(16), pa.int16()), 'i32': field(ints(32), pa.int32()),
                        'i64': field(ints(64), pa.int64()), 'u8': field(ints(8, False), pa.uint8()),
                        'u16': field(ints(16, False), pa.uint16()), 'u32': field(ints(32, False), pa.uint32()),
                        'u64': field(ints(64, False), pa.uint64()), 'f32': field(floats(), pa.float32()),
                        'f64': field(floats(), pa.float64()), 'text': field(texts(), pa.string()),
                        'large': field(texts(), pa.large_string()), 'bytes': field(bytes_(), pa.binary()),
                        'fixed': field(bytes_(5), pa.binary(5)), 'd9': field(decimals(9, 2), pa.decimal128(9, 2)),
                        'd18': field(decimals(18, 4), pa.decimal128(18, 4)), 'd38': field(decimals(38, 10), pa.decimal128(38, 10)),
                        'date': field(some([random.randint(-10**5, 10**5) for _ in range(rows)], nulls), pa.int32()).cast(pa.date32()),
                        'time_ms': field(some([random.randint(0, 86399999) for _ in range(rows)], nulls), pa.int32()).cast(pa.time32('ms')),
                        'time_us': field(some([random.randint(0, 86399999999) for _ in range(rows)], nulls), pa.int64()).cast(pa.time64('us')),
                        'us': pa.array(micros, pa.timestamp('us')), 'us_utc': pa.array(micros, pa.timestamp('us', 'UTC')),
                        'ms': scaled(10**3, pa.timestamp('ms')), 'ns': scaled(10**9, pa.timestamp('ns')),
                        'dictionary': pa.array(texts(), pa.string()).dictionary_encode(),
                    })
                """
        let printed = try Python.run(prelude + "\n" + script, [folder.path])
        let files = try printed.split(separator: "\n").map { try JSONDecoder().decode(Written.self, from: Data($0.utf8)) }
        for file in files {
            let name = file.file.split(separator: "/").last ?? ""
            let batches = try RoundTripTests.read(file.file, maxRows: 777)
            for index in file.table.values.indices {
                let found = batches.flatMap { OtherReadersTests.texts($0.columns[index]) }
                #expect(firstDifference(found, file.table.values[index]) == nil, "\(name), \(file.table.types[index])")
            }
        }
        return files.map(\.file)
    }

    @Test("every codec, page version and use of dictionaries")
    func layouts() throws {
        let files = try check(
            """
            for codec in ['none', 'snappy', 'gzip', 'zstd', 'lz4']:
                for pages in ['1.0', '2.0']:
                    for dictionary in [True, False]:
                        for few in [True, False]:
                            write(f'{codec} {pages} {dictionary} {few}', table(1500, few=few), compression=codec,
                                data_page_version=pages, use_dictionary=dictionary, row_group_size=700, data_page_size=2000)
            """)
        #expect(files.count == 40)
    }

    @Test("required columns, files of one row and of none, large pages")
    func shapes() throws {
        let files = try check(
            """
            def required(t): return t.cast(pa.schema([f.with_nullable(False) for f in t.schema]))
            write('required', required(table(1000, nulls=0)), data_page_size=500)
            write('required v2', required(table(1000, nulls=0)), data_page_version='2.0')
            write('one row', table(1))
            write('no rows', table(0))
            write('all null', table(100, nulls=1))
            write('hardly any null', table(20000, nulls=0.0001))
            write('version 1', table(100).drop(['u32', 'ns']), version='1.0')
            """)
        #expect(files.count == 7)
    }

    @Test("every encoding that pyarrow can write")
    func encodings() throws {
        let files = try check(
            """
            ints = ['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64', 'us', 'ms', 'date', 'time_us', 'time_ms']
            strings = ['text', 'large', 'bytes']
            choices = {
                'DELTA_BINARY_PACKED': ints, 'DELTA_LENGTH_BYTE_ARRAY': strings, 'DELTA_BYTE_ARRAY': strings + ['fixed'],
                'BYTE_STREAM_SPLIT': ['f32', 'f64', 'i32', 'i64', 'fixed', 'd38'], 'RLE': ['bool'], 'PLAIN': ints + strings,
            }
            for encoding, columns in choices.items():
                for pages in ['1.0', '2.0']:
                    for rows, nulls in [(1, 0), (5, 0.5), (127, 0), (128, 0), (129, 0), (5000, 0.2)]:
                        t = table(rows, nulls=nulls).select(columns)
                        write(f'{encoding} {pages} {rows}', t, use_dictionary=False, data_page_version=pages,
                            column_encoding={c: encoding for c in columns}, data_page_size=3000)
            """)
        #expect(files.count == 72)
    }

    @Test("INT96, decimals as integers, half floats and UUIDs")
    func types() throws {
        let files = try check(
            """
            t = table(500)
            write('int96', t.select(['us', 'ns', 'ms']), use_deprecated_int96_timestamps=True)
            write('decimals', t.select(['d9', 'd18', 'd38']), store_decimal_as_integer=True)
            halves = pa.array([0.0, -0.0, 1.5, -2.25, 65504.0, 6e-8, float('inf'), None], pa.float16())
            write('halves', pa.table({'h': halves}))
            ids = pa.array([uuid.UUID(int=random.getrandbits(128)).bytes for _ in range(50)], pa.uuid())
            write('ids', pa.table({'id': ids}))
            """)
        #expect(files.count == 4)
        #expect(try ParquetReader(path: files[0]).schema.columns.map(\.type) == [.timestamp, .timestamp, .timestamp])
        #expect(try ParquetReader(path: files[1]).schema.columns[1].type == .decimal(precision: 18, scale: 4))
        #expect(try ParquetReader(path: files[2]).schema.columns[0].type == .float32)
        #expect(try ParquetReader(path: files[3]).schema.columns[0].type == .uuid)
    }

    @Test("types and nullability are those of the file")
    func schema() throws {
        let files = try check("write('schema', table(3))")
        let types = try ParquetReader(path: files[0]).schema.columns.map(\.type.description)
        #expect(
            types == [
                "bool", "int16", "int16", "int32", "int64", "int32", "int32", "int64", "decimal(20,0)", "float32",
                "float64", "text", "text", "bytes", "bytes", "decimal(9,2)", "decimal(18,4)", "decimal(38,10)", "date",
                "time", "time", "timestamp", "timestamptz", "timestamp", "timestamp", "text",
            ])
    }

    @Test("files of DuckDB, of both of its versions")
    func duckdb() throws {
        let files = try check(
            """
            import duckdb
            for version in ['V1', 'V2']:
                for codec in ['uncompressed', 'snappy', 'zstd', 'gzip', 'lz4_raw']:
                    path = f'{folder}/duckdb {version} {codec}'
                    duckdb.execute(f'''copy (select i::int as a, i::bigint * 1000003 as b, 'value ' || (i % 50) as c,
                        md5(i::varchar) as d, (i % 7 = 0) as e, i / 3.0 as f, (i / 8.0)::decimal(12,3) as g,
                        (i * 1000.0)::decimal(30,2) as h, date '2000-01-01' + i::int as j,
                        timestamp '2001-01-01' + interval (i) minute as k, if(i % 3 = 0, null, i::smallint) as l
                        from range(5000) t(i)) to '{path}' (format parquet, parquet_version {version}, codec '{codec}', row_group_size 2048)''')
                    t = pq.read_table(path)
                    print(json.dumps({'file': path, 'table': json.loads(described(t))}))
            """)
        #expect(files.count == 10)
    }

    @Test("what is not supported is refused by name")
    func refused() throws {
        let script = """
            import sys, pyarrow as pa, pyarrow.parquet as pq
            pq.write_table(pa.table({'t': pa.array([b'\\xff\\xfe'], pa.binary()).view(pa.string())}), sys.argv[1] + '/text')
            """
        try Python.run(script, [folder.path])
        let error = #expect(throws: ParquetError.self) { try RoundTripTests.read(folder.path("text")) }
        #expect(error?.code == "parquet.invalid_utf8")
        #expect(error?.message.contains("column \"t\"") == true)
    }

    @Test("what our types cannot hold is exact text")
    func exactText() throws {
        let script = """
            import sys, decimal, pyarrow as pa, pyarrow.parquet as pq
            decimal.getcontext().prec = 100
            d = [decimal.Decimal(x) for x in ['-1234567890123456789012345678901234567890123456.7', '0.0', '-0.1', '12.5']]
            pq.write_table(pa.table({
                'whole': pa.array([1000, -2000, 0, None], pa.timestamp('ns')),
                'n': pa.array([1, -1, 1001, None], pa.timestamp('ns')),
                'utc': pa.array([1_000_000_001, 0, 500, None], pa.timestamp('ns', 'UTC')),
                't': pa.array([1, 86_399_999_999_999, 5_000, None], pa.time64('ns')),
                'd': pa.array(d, pa.decimal256(50, 1)),
            }), sys.argv[1] + '/exact')
            pq.write_table(pa.table({'n': pa.array([1, -1, None], pa.timestamp('ns'))}), sys.argv[1] + '/int96',
                use_deprecated_int96_timestamps=True)
            """
        try Python.run(script, [folder.path])
        func texts(_ name: String) throws -> [String: [String?]] {
            let reader = try ParquetReader(path: folder.path(name))
            let batch = try #require(try reader.nextBatch())
            return Dictionary(
                uniqueKeysWithValues: zip(batch.schema.columns, batch.columns).map { column, vector in
                    (column.name + " " + column.type.description, (0..<vector.count).map { vector.text(row: $0) })
                })
        }
        #expect(
            try texts("exact") == [
                "whole timestamp": ["1970-01-01T00:00:00.000001", "1969-12-31T23:59:59.999998", "1970-01-01T00:00:00", nil],
                "n text": [
                    "1970-01-01T00:00:00.000000001", "1969-12-31T23:59:59.999999999", "1970-01-01T00:00:00.000001001", nil,
                ],
                "utc text": ["1970-01-01T00:00:01.000000001Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000500Z", nil],
                "t text": ["00:00:00.000000001", "23:59:59.999999999", "00:00:00.000005", nil],
                "d text": ["-1234567890123456789012345678901234567890123456.7", "0.0", "-0.1", "12.5"],
            ])
        #expect(
            try texts("int96") == ["n text": ["1970-01-01T00:00:00.000000001", "1969-12-31T23:59:59.999999999", nil]])
        #expect(
            try ParquetReader(path: folder.path("exact")).schema.columns[1].reason
                == "parquet schema: nanoseconds that microseconds cannot hold")
    }

    @Test("names that stand twice get a number")
    func twice() throws {
        let script = """
            import sys, pyarrow as pa, pyarrow.parquet as pq
            pq.write_table(pa.table([[1], [2], [3], [4]], names=['a', 'a', 'a_2', '']), sys.argv[1] + '/twice')
            """
        try Python.run(script, [folder.path])
        #expect(try ParquetReader(path: folder.path("twice")).schema.names == ["a", "a_3", "a_2", "column_4"])
    }
}
