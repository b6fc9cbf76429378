import Columns
import Foundation
import Testing

@testable import Parquet

@Suite("Our files, read by pyarrow and DuckDB", .enabled(if: Python.isReady))
struct OtherReadersTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// Prints every value of a file, one JSON list a column, spelled as ``texts(_:)`` does.
    static let printValues =
        valuesOfTable + """

            table = pq.read_table(sys.argv[1])
            print(described(table))
            """

    /// Defines `described(table)`: a JSON document for ``Printed``.
    static let valuesOfTable = """
        import sys, json, decimal, struct, uuid
        import pyarrow as pa, pyarrow.parquet as pq
        decimal.getcontext().prec = 100
        def text(v, t):
            if v is None: return None
            if pa.types.is_boolean(t): return 'true' if v else 'false'
            if pa.types.is_float16(t) or pa.types.is_float32(t): return 'f' + struct.pack('>f', v).hex()
            if pa.types.is_float64(t): return 'd' + struct.pack('>d', v).hex()
            if pa.types.is_decimal(t): return str(v.scaleb(t.scale).to_integral_value())
            return v.hex() if isinstance(v, bytes) else str(v)
        def raw(column):
            t = column.type
            if isinstance(t, pa.BaseExtensionType):
                return raw(pa.chunked_array([c.storage for c in column.chunks], t.storage_type))
            if pa.types.is_timestamp(t): column = column.cast(pa.timestamp('us', t.tz)).cast(pa.int64())
            elif pa.types.is_time(t): column = column.cast(pa.time64('us')).cast(pa.int64())
            elif pa.types.is_date(t): column = column.cast(pa.int32())
            elif pa.types.is_dictionary(t): column = column.cast(t.value_type)
            return [text(v, column.type) for v in column.to_pylist()]
        def described(table):
            return json.dumps({'types': [str(f.type) for f in table.schema], 'nullable': [f.nullable for f in table.schema],
                'values': [raw(table.column(i)) for i in range(table.num_columns)]})
        """

    struct Printed: Decodable {
        var types: [String]
        var nullable: [Bool]
        var values: [[String?]]
    }

    /// The same texts from a vector of ours.
    static func texts(_ vector: ColumnVector) -> [String?] {
        (0..<vector.count).map { row in
            guard vector.valid[row] else { return nil }
            switch vector.values {
            case .int64(let values):
                if vector.type == .bool { return values[row] == 1 ? "true" : "false" }
                return String(values[row])
            case .int128(let values): return String(values[row])
            case .float64(let values):
                return vector.type == .float32
                    ? "f" + hex(Float(values[row]).bitPattern.bigEndian) : "d" + hex(values[row].bitPattern.bigEndian)
            case .bytes(let values):
                if vector.type.isText { return String(decoding: values[row], as: UTF8.self) }
                return values[row].map { String(Int($0) + 256, radix: 16).suffix(2) }.joined()
            }
        }
    }

    private static func hex<Number>(_ number: Number) -> String {
        withUnsafeBytes(of: number) { $0.map { String(Int($0) + 256, radix: 16).suffix(2) }.joined() }
    }

    static let arrowTypes = [
        "bool", "int16", "int32", "int64", "float", "double", "decimal32(4, 2)|decimal128(4, 2)",
        "decimal128(9, 0)", "decimal128(18, 6)", "decimal128(19, 3)", "decimal128(38, 10)", "date32[day]",
        "time64[us]", "timestamp[us]", "timestamp[us, tz=UTC]", "string", "binary",
        "extension<arrow.uuid>|fixed_size_binary[16]", "extension<arrow.json>|string",
    ]

    private func write(_ schema: Schema, _ batches: [ColumnBatch], _ options: ParquetWriteOptions) throws -> String {
        let path = folder.path("ours.parquet")
        let writer = try ParquetWriter(path: path, schema: schema, options: options)
        for batch in batches { try writer.write(batch) }
        _ = try writer.finish()
        return path
    }

    @Test("pyarrow reads the same types and values", arguments: SampleColumns.Kind.allCases, [true, false])
    func pyarrow(kind: SampleColumns.Kind, nullable: Bool) throws {
        let schema = SampleColumns.schema(nullable: nullable)
        // Starting Python takes long: all codecs once.
        let codecs = kind == .rising && nullable ? ["zstd", "snappy", "lz4", "gzip", "none"] : ["zstd"]
        for codec in codecs {
            var options = ParquetWriteOptions(rowGroupRows: 1500, pageBytes: 2048)
            options.codec = try #require(.init(codec))
            let batch = SampleColumns.batch(schema, rows: 4000, kind)
            let path = try write(schema, [batch], options)
            let printed = try JSONDecoder().decode(Printed.self, from: Data(Python.run(Self.printValues, [path]).utf8))
            for (index, type) in printed.types.enumerated() {
                #expect(Self.arrowTypes[index].split(separator: "|").contains(Substring(type)), "\(schema.columns[index])")
            }
            #expect(printed.nullable == schema.columns.map(\.nullable))
            for (index, vector) in batch.columns.enumerated() {
                #expect(firstDifference(printed.values[index], Self.texts(vector)) == nil, "\(vector.type), \(codec)")
            }
        }
    }

    @Test("DuckDB reads the same types and values", arguments: SampleColumns.Kind.allCases)
    func duckdb(kind: SampleColumns.Kind) throws {
        let schema = SampleColumns.schema(nullable: true)
        let batch = SampleColumns.batch(schema, rows: 4000, kind)
        let path = try write(schema, [batch], ParquetWriteOptions(rowGroupRows: 1500, pageBytes: 2048))
        let script = """
            import sys, json, duckdb
            connection = duckdb.connect()
            connection.execute("set timezone = 'UTC'")
            relation = connection.sql(f"select * from '{sys.argv[1]}'")
            def expression(name, type):
                name = '"' + name + '"'
                if type.startswith('TIMESTAMP'): return f'epoch_us({name})::varchar'
                if type == 'TIME': return f'epoch_us({name})::varchar'
                if type == 'DATE': return f"date_diff('day', date '1970-01-01', {name})::varchar"
                if type.startswith('DECIMAL'): return f"replace({name}::varchar, '.', '')::hugeint::varchar"
                if type == 'BLOB': return f'lower(hex({name}))'
                if type == 'UUID': return f"replace({name}::varchar, '-', '')"
                if type in ('FLOAT', 'DOUBLE'): return f'{name}'
                return f'{name}::varchar'
            types = [str(t) for t in relation.types]
            columns = ', '.join(expression(n, t) for n, t in zip(relation.columns, types))
            rows = connection.execute(f"select {columns} from '{sys.argv[1]}'").fetchall()
            import struct
            values = [list(c) for c in zip(*rows)]
            for i, t in enumerate(types):
                if t == 'FLOAT': values[i] = [None if v is None else 'f' + struct.pack('>f', v).hex() for v in values[i]]
                if t == 'DOUBLE': values[i] = [None if v is None else 'd' + struct.pack('>d', v).hex() for v in values[i]]
            print(json.dumps({'types': types, 'nullable': [], 'values': values}))
            """
        let printed = try JSONDecoder().decode(Printed.self, from: Data(Python.run(script, [path]).utf8))
        #expect(
            printed.types == [
                "BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(4,2)", "DECIMAL(9,0)",
                "DECIMAL(18,6)", "DECIMAL(19,3)", "DECIMAL(38,10)", "DATE", "TIME", "TIMESTAMP",
                "TIMESTAMP WITH TIME ZONE", "VARCHAR", "BLOB", "UUID", "JSON",
            ])
        for (index, vector) in batch.columns.enumerated() {
            #expect(firstDifference(printed.values[index], Self.texts(vector)) == nil, "\(vector.type)")
        }
    }

    @Test("the statistics that pyarrow sees are those of the values")
    func statistics() throws {
        let schema = Schema([
            Column(name: "i", type: .int32), Column(name: "f", type: .float64), Column(name: "z", type: .float32),
            Column(name: "t", type: .text), Column(name: "long", type: .text), Column(name: "w", type: .decimal(precision: 20, scale: 0)),
            Column(name: "none", type: .int64), Column(name: "top", type: .text),
        ])
        let a = String(repeating: "ä", count: 50)
        let top = String(repeating: "\u{10FFFF}", count: 20)
        func strings(_ values: [String]) -> ColumnValues {
            var bytes = ByteValues()
            for value in values { bytes.append(value) }
            return .bytes(bytes)
        }
        let all = [true, true, true, true]
        let columns = [
            ColumnVector(type: .int32, values: .int64([-5, 7, 0, 3]), valid: [true, true, false, true]),
            ColumnVector(type: .float64, values: .float64([.nan, 2.5, -1, .nan]), valid: all),
            ColumnVector(type: .float32, values: .float64([0.0, -0.0, 0, 0]), valid: all),
            ColumnVector(type: .text, values: strings(["b", "", "é", "z"]), valid: all),
            ColumnVector(type: .text, values: strings([a, a, a, a]), valid: all),
            ColumnVector(type: .decimal(precision: 20, scale: 0), values: .int128([-1, 5, -300, 200]), valid: all),
            ColumnVector(type: .int64, values: .int64([0, 0, 0, 0]), valid: [false, false, false, false]),
            ColumnVector(type: .text, values: strings([top, top, top, top]), valid: all),
        ]
        let batch = ColumnBatch(schema: schema, columns: columns, recordNumbers: [1, 2, 3, 4])
        let path = try write(schema, [batch], ParquetWriteOptions())
        let script = """
            import sys, pyarrow.parquet as pq
            group = pq.ParquetFile(sys.argv[1]).metadata.row_group(0)
            for i in range(group.num_columns):
                s = group.column(i).statistics
                print(s.null_count, *([repr(s.min), repr(s.max)] if s.has_min_max else ['-']))
            """
        let cut = String(repeating: "ä", count: 32)
        let up = String(repeating: "ä", count: 31) + "å"
        #expect(
            try Python.run(script, [path]) == """
                1 -5 7
                0 -1.0 2.5
                0 -0.0 0.0
                0 '' 'é'
                0 '\(cut)' '\(up)'
                0 Decimal('-300') Decimal('200')
                4 -
                0 -

                """)
    }
}
