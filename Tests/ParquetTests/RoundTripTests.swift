import Columns
import Testing

@testable import Parquet

@Suite("Parquet files that we write and read")
struct RoundTripTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// All rows of a file, put together from batches.
    static func read(_ path: String, maxRows: Int = ColumnBatch.maxRows) throws -> [ColumnBatch] {
        let reader = try ParquetReader(path: path)
        var batches: [ColumnBatch] = []
        while let batch = try reader.nextBatch(maxRows: maxRows) {
            #expect(batch.rowCount > 0)
            batches.append(batch)
        }
        return batches
    }

    /// The texts of all values, column by column.
    static func texts(_ batches: [ColumnBatch]) -> [[String?]] {
        guard let first = batches.first else { return [] }
        return first.columns.indices.map { column in
            batches.flatMap { batch in (0..<batch.rowCount).map { batch.columns[column].text(row: $0) } }
        }
    }

    @Test(
        "every type comes back, with and without nulls, however values repeat", arguments: [true, false],
        SampleColumns.Kind.allCases)
    func everyType(nullable: Bool, kind: SampleColumns.Kind) throws {
        let schema = SampleColumns.schema(nullable: nullable)
        for rows in [1, 2, 7, 8, 9, 100, 4000] {
            let batch = SampleColumns.batch(schema, rows: rows, kind)
            let path = folder.path("\(rows).parquet")
            let writer = try ParquetWriter(path: path, schema: schema)
            try writer.write(batch)
            let summary = try writer.finish()
            #expect(summary.rows == Int64(rows))
            let read = try Self.read(path)
            #expect(read.count == 1)
            #expect(read[0].recordNumbers == batch.recordNumbers)
            #expect(read[0].schema.columns.map(\.type) == schema.columns.map(\.type))
            #expect(read[0].schema.columns.map(\.nullable) == schema.columns.map(\.nullable))
            for (mine, theirs) in zip(batch.columns, read[0].columns) {
                #expect(mine == theirs, "\(mine.type), \(rows) rows")
            }
        }
    }

    @Test("every codec and both choices of encodings give the same rows")
    func everyCodec() throws {
        let schema = SampleColumns.schema(nullable: true)
        let batch = SampleColumns.batch(schema, rows: 5000, .rising)
        for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"] {
            for (encodings, version) in [
                (ParquetWriteOptions.Encodings.compact, ParquetWriteOptions.PageVersion.v1), (.usual, .v2), (.widelyRead, .v1),
                (.compact, .v2),
            ] {
                var options = ParquetWriteOptions(encodings: encodings, pageRows: 700, pageVersion: version)
                options.codec = try #require(.init(codec))
                let path = folder.path("\(codec).parquet")
                let writer = try ParquetWriter(path: path, schema: schema, options: options)
                try writer.write(batch)
                _ = try writer.finish()
                let read = try Self.read(path)
                #expect(read.map(\.columns) == [batch.columns], "\(codec)")
            }
        }
    }

    @Test("many batches, row groups and pages, read in parts of any size, are the same rows")
    func manyPages() throws {
        let schema = SampleColumns.schema(nullable: true)
        var batches: [ColumnBatch] = []
        var first: Int64 = 1
        for (index, rows) in [1, 300, 0, 512, 77, 400].enumerated() {
            batches.append(SampleColumns.batch(schema, rows: rows, index % 2 == 0 ? .many : .few, from: first))
            first += Int64(rows)
        }
        for rowGroupRows in [99, 400, 100_000] {
            let options = ParquetWriteOptions(rowGroupRows: rowGroupRows, pageBytes: 1024)
            let path = folder.path("many.parquet")
            let writer = try ParquetWriter(path: path, schema: schema, options: options)
            for batch in batches { try writer.write(batch) }
            let summary = try writer.finish()
            #expect(summary.rowGroups == (Int(first) - 2) / rowGroupRows + 1)
            let expected = Self.texts(batches)
            for maxRows in [130, 65_536] {
                let read = try Self.read(path, maxRows: maxRows)
                #expect(read.allSatisfy { $0.rowCount <= maxRows })
                #expect(read.flatMap(\.recordNumbers) == Array(1..<first))
                #expect(firstDifference(Self.texts(read), expected) == nil, "\(rowGroupRows) rows a group, read by \(maxRows)")
            }
        }
    }

    @Test("pages that are exactly full do not lose or double a row", arguments: [127, 128, 129, 256])
    func exactPages(rows: Int) throws {
        let schema = Schema([Column(name: "n", type: .int64, nullable: false), Column(name: "t", type: .text, nullable: false)])
        let batch = SampleColumns.batch(schema, rows: rows, .many)
        let options = ParquetWriteOptions(pageBytes: 1024)
        let path = folder.path("exact.parquet")
        let writer = try ParquetWriter(path: path, schema: schema, options: options)
        try writer.write(batch)
        _ = try writer.finish()
        #expect(try Self.read(path).map(\.columns) == [batch.columns])
    }

    @Test("a file without rows, or without columns, is a file")
    func empty() throws {
        for schema in [SampleColumns.schema(nullable: true), Schema([])] {
            let path = folder.path("empty.parquet")
            let summary = try ParquetWriter(path: path, schema: schema).finish()
            #expect(summary.rows == 0)
            #expect(summary.rowGroups == 0)
            let reader = try ParquetReader(path: path)
            #expect(reader.schema.columns.map(\.name) == schema.names)
            #expect(try reader.nextBatch() == nil)
        }
    }

    @Test("a column of nothing but nulls comes back")
    func allNull() throws {
        let schema = SampleColumns.schema(nullable: true)
        let columns = schema.columns.map { column in
            var values = ColumnValues(empty: column.type.storage)
            switch values {
            case .int64: values = .int64([0, 0, 0])
            case .int128: values = .int128([0, 0, 0])
            case .float64: values = .float64([0, 0, 0])
            case .bytes: values = .bytes(ByteValues(offsets: [0, 0, 0, 0]))
            }
            return ColumnVector(type: column.type, values: values, valid: [false, false, false])
        }
        let batch = ColumnBatch(schema: schema, columns: columns, recordNumbers: [1, 2, 3])
        let path = folder.path("null.parquet")
        let writer = try ParquetWriter(path: path, schema: schema)
        try writer.write(batch)
        _ = try writer.finish()
        #expect(try Self.read(path).map(\.columns) == [columns])
    }

    @Test("a dictionary that stops paying in the middle of a chunk is given up without loss")
    func dictionaryGivenUp() throws {
        let schema = Schema([Column(name: "n", type: .int64), Column(name: "t", type: .text), Column(name: "f", type: .float64)])
        let batches = [
            SampleColumns.batch(schema, rows: 30_000, .few), SampleColumns.batch(schema, rows: 40_000, .many, from: 30_001),
        ]
        let path = folder.path("mixed.parquet")
        let writer = try ParquetWriter(path: path, schema: schema, options: ParquetWriteOptions(pageBytes: 20_000))
        for batch in batches { try writer.write(batch) }
        let summary = try writer.finish()
        #expect(summary.rowGroups == 1)
        let reader = try ParquetReader(path: path)
        #expect(reader.metadata.encodings.contains("RLE_DICTIONARY"))
        #expect(reader.metadata.encodings.contains("PLAIN"))
        #expect(try firstDifference(Self.texts(Self.read(path)), Self.texts(batches)) == nil)
    }

    @Test("NaN, infinities and both zeros keep their bits")
    func floatingPoint() throws {
        let schema = Schema([Column(name: "d", type: .float64), Column(name: "f", type: .float32)])
        let values = [Double.nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1.5]
        let narrow = values.map { Double(Float($0)) }
        let valid = [Bool](repeating: true, count: values.count)
        let columns = [
            ColumnVector(type: .float64, values: .float64(values), valid: valid),
            ColumnVector(type: .float32, values: .float64(narrow), valid: valid),
        ]
        let path = folder.path("floats.parquet")
        let writer = try ParquetWriter(path: path, schema: schema)
        try writer.write(ColumnBatch(schema: schema, columns: columns, recordNumbers: Array(1...8)))
        _ = try writer.finish()
        for (read, written) in zip(try #require(Self.read(path).first).columns, [values, narrow]) {
            guard case .float64(let read) = read.values else { continue }
            #expect(read.map(\.bitPattern) == written.map(\.bitPattern))
        }
    }

    @Test("large values end a batch early, in all columns at the same row")
    func largeValues() throws {
        let schema = Schema([Column(name: "n", type: .int64), Column(name: "t", type: .text, nullable: false)])
        let size = 100_000
        let path = folder.path("large.parquet")
        let writer = try ParquetWriter(path: path, schema: schema)
        for part in 0..<8 {
            let numbers = (0..<100).map { Int64(part * 100 + $0) }
            let texts = ByteValues(
                offsets: (0...100).map { UInt32($0 * size) }, bytes: [UInt8](repeating: 97, count: 100 * size))
            let valid = [Bool](repeating: true, count: 100)
            let columns = [
                ColumnVector(type: .int64, values: .int64(numbers), valid: valid),
                ColumnVector(type: .text, values: .bytes(texts), valid: valid),
            ]
            try writer.write(ColumnBatch(schema: schema, columns: columns, recordNumbers: numbers.map { $0 + 1 }))
        }
        let summary = try writer.finish()
        #expect(summary.bytes < 100_000)
        let reader = try ParquetReader(path: path)
        var next: Int64 = 0
        while let batch = try reader.nextBatch() {
            #expect(batch.rowCount * size <= ParquetLimits.maxBatchColumnBytes + size)
            guard case .int64(let numbers) = batch.columns[0].values, case .bytes(let texts) = batch.columns[1].values
            else { break }
            #expect(numbers == Array(next..<next + Int64(batch.rowCount)))
            #expect(texts.bytes.count == batch.rowCount * size)
            next += Int64(batch.rowCount)
        }
        #expect(next == 800)
    }

    @Test("only the columns asked for are read, in the order asked for")
    func chosenColumns() throws {
        let schema = SampleColumns.schema(nullable: false)
        let batch = SampleColumns.batch(schema, rows: 10, .many)
        let path = folder.path("chosen.parquet")
        let writer = try ParquetWriter(path: path, schema: schema)
        try writer.write(batch)
        _ = try writer.finish()
        let names = [schema.names[15], schema.names[3]]
        let reader = try ParquetReader(path: path, columns: names)
        #expect(reader.schema.names == names)
        #expect(try reader.nextBatch()?.columns == [batch.columns[15], batch.columns[3]])
        let error = #expect(throws: ParquetError.self) { try ParquetReader(path: path, columns: ["none"]) }
        #expect(error?.message == "\(path): There is no column \"none\".")
    }

    @Test("the footer tells the codec, the writer and the key-value metadata")
    func metadata() throws {
        let path = folder.path("metadata.parquet")
        let schema = Schema([Column(name: "n", type: .int64)])
        let options = ParquetWriteOptions(keyValueMetadata: [("landfall.source", "s3://bucket/key"), ("empty", "")])
        let writer = try ParquetWriter(path: path, schema: schema, options: options)
        try writer.write(SampleColumns.batch(schema, rows: 5, .few))
        let summary = try writer.finish()
        let metadata = try ParquetReader(path: path).metadata
        #expect(metadata.rows == 5)
        #expect(metadata.bytes == summary.bytes)
        #expect(metadata.codecs == ["ZSTD"])
        #expect(metadata.createdBy?.hasPrefix("landfall version ") == true)
        #expect(metadata.keyValueMetadata.map(\.key) == ["landfall.source", "empty"])
        #expect(metadata.keyValueMetadata.map(\.value) == ["s3://bucket/key", ""])
    }

    @Test("what does not fit the schema is refused with the column's name")
    func refused() throws {
        func error(_ column: Column, _ vector: ColumnVector) throws -> ParquetError? {
            let schema = Schema([column])
            let writer = try ParquetWriter(path: folder.path("refused.parquet"), schema: schema)
            return #expect(throws: ParquetError.self) {
                try writer.write(ColumnBatch(schema: schema, columns: [vector], recordNumbers: [1]))
                _ = try writer.finish()
            }
        }
        let null = ColumnVector(type: .int64, values: .int64([0]), valid: [false])
        #expect(
            try error(Column(name: "n", type: .int64, nullable: false), null)?.message
                == "The column \"n\" is required, but a value is null.")
        let date = ColumnVector(type: .date, values: .int64([1 << 40]), valid: [true])
        #expect(
            try error(Column(name: "d", type: .date), date)?.message
                == "column \"d\": 1099511627776 does not fit into date.")
        let wide = ColumnVector(
            type: .decimal(precision: 19, scale: 0), values: .int128([Int128.max]), valid: [true])
        #expect(try error(Column(name: "w", type: .decimal(precision: 19, scale: 0)), wide)?.code == "parquet.value_out_of_range")
        #expect(try error(Column(name: "t", type: .text), date)?.code == "parquet.schema_mismatch")
        let uuid = ColumnVector(type: .uuid, values: .bytes(ByteValues(offsets: [0, 1], bytes: [1])), valid: [true])
        #expect(try error(Column(name: "u", type: .uuid), uuid)?.code == "parquet.value_out_of_range")
        let twice = Schema([Column(name: "a", type: .text), Column(name: "a", type: .text)])
        #expect(throws: ParquetError.self) { try ParquetWriter(path: folder.path("twice.parquet"), schema: twice) }
    }
}
