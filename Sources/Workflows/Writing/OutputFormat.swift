import Columns
import Compression
import Parquet
import Tabular

/// A file that is being written.
protocol FileSink: BatchSink {
    /// About the bytes that the file would have if it were finished now.
    var estimatedBytes: Int64 { get }
}

/// Opens files for writing and for reading back.
struct OutputFormat {
    var format: DataFormat
    var options: OutputOptions
    /// Facts about the origin, kept in a Parquet file's metadata.
    var metadata: [(key: String, value: String)] = []

    /// What the open row groups of a partitioned output may take in memory, all together.
    private static let maxOpenGroupBytes = 256 << 20

    /// The same for files that have some of the columns.
    func keeping(_ columns: [Int]) -> OutputFormat {
        var format = self
        format.options.header = options.header.map { header in columns.map { header[$0] } }
        return format
    }

    func create(path: String, schema: Schema) throws -> any FileSink {
        guard format != .parquet else {
            return ParquetSink(writer: try ParquetWriter(path: path, schema: schema, options: try parquetOptions()))
        }
        let file = CountingByteSink(try FileByteSink(path: path))
        var sink: any ByteSink = file
        switch try options.container(named: DataFormat.named(by: path).compression) {
        case .gzip: sink = try CompressingByteSink.gzip(sink, level: options.compressionLevel ?? 6)
        case .zstd: sink = try CompressingByteSink.zstd(sink, level: options.compressionLevel ?? 3)
        default: break
        }
        let writer: any BatchSink =
            format == .csv
            ? try CSVWriter(sink: sink, schema: schema, delimiter: options.delimiter, header: options.header)
            : JSONWriter(sink: sink, schema: schema, isArray: format == .json)
        return TextSink(writer: writer, file: file)
    }

    private func parquetOptions() throws(TabularError) -> ParquetWriteOptions {
        guard let codec = PageCodec(options.compression ?? "zstd", level: options.compressionLevel) else {
            throw TabularError("output.compression", "No such compression: \(options.compression ?? "").")
        }
        var parquet = ParquetWriteOptions(codec: codec, keyValueMetadata: metadata)
        if let rows = options.rowGroupRows { parquet.rowGroupRows = rows }
        options.parquet.apply(to: &parquet)
        if !options.split.partitionBy.isEmpty {
            parquet.rowGroupBytes = min(parquet.rowGroupBytes, Self.maxOpenGroupBytes / OutputFiles.maxOpenFiles)
        }
        return parquet
    }

    /// Reads a file that ``create(path:schema:)`` wrote, with the schema it was given. Throws ``NotProven`` where the file
    /// has other columns.
    func reopen(path: String, schema: Schema) throws -> any BatchSource {
        switch format {
        case .csv:
            try checkHeader(path: path, schema: schema)
            let mapping = FieldMapping(
                columns: schema.columns, fields: Array(schema.columns.indices), fieldNames: schema.names)
            return try CSVReader(
                source: try openByteSource(path: path).source, dialect: Dialect(delimiter: options.delimiter), mapping: mapping)
        case .json, .jsonl:
            return try JSONReader(
                source: try openByteSource(path: path).source, schema: schema, layout: format == .json ? .array(path: []) : .lines)
        case .parquet:
            let plan = try InputPlan(path: path, options: InputOptions(format: .parquet))
            try checkColumns(plan.schema, schema)
            return try plan.open()
        }
    }

    private func checkColumns(_ found: Schema, _ expected: Schema) throws(NotProven) {
        let wrong = zip(found.columns, expected.columns).filter { $0.name != $1.name || $0.type != $1.type || $0.nullable != $1.nullable }
        guard wrong.isEmpty, found.columns.count == expected.columns.count else {
            func text(_ column: Column) -> String { "\"\(column.name)\" \(column.type)\(column.nullable ? "" : " not null")" }
            let columns = wrong.prefix(Difference.maxShown).map { "expected column \(text($1)), found \(text($0))" }
            throw NotProven(
                found.columns.count == expected.columns.count
                    ? columns.joined(separator: "; ")
                    : "\(expected.columns.count) columns were written, \(found.columns.count) read back")
        }
    }

    /// The file must begin with the names of its columns, spelled as the writer spells them.
    private func checkHeader(path: String, schema: Schema) throws {
        let expected = MemoryByteSink()
        _ = try CSVWriter(sink: expected, schema: schema, delimiter: options.delimiter, header: options.header)
        let source = try openByteSource(path: path).source
        var found = [UInt8](repeating: 0, count: expected.bytes.count)
        var filled = 0
        while filled < found.count {
            let count = try found.withUnsafeMutableBytes { try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...])) }
            if count == 0 { break }
            filled += count
        }
        guard filled == found.count, found == expected.bytes else {
            throw NotProven("the header is \(shown(found.prefix(filled))), not \(shown(expected.bytes))")
        }
    }
}

private final class ParquetSink: FileSink {
    private let writer: ParquetWriter

    init(writer: ParquetWriter) {
        self.writer = writer
    }

    var estimatedBytes: Int64 { writer.estimatedBytes }

    func write(_ batch: ColumnBatch) throws { try writer.write(batch) }

    func finish() throws { _ = try writer.finish() }
}

private final class TextSink: FileSink {
    private let writer: any BatchSink
    private let file: CountingByteSink

    init(writer: any BatchSink, file: CountingByteSink) {
        self.writer = writer
        self.file = file
    }

    /// But for what a compressor holds back.
    var estimatedBytes: Int64 { file.taken }

    func write(_ batch: ColumnBatch) throws { try writer.write(batch) }

    func finish() throws { try writer.finish() }
}

/// Knows how many bytes a file will have, those too that are still in its buffer.
private final class CountingByteSink: ByteSink {
    private let sink: any ByteSink
    private(set) var taken: Int64 = 0

    init(_ sink: any ByteSink) {
        self.sink = sink
    }

    var fileBytesWritten: Int64 { sink.fileBytesWritten }

    func write(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) {
        taken += Int64(bytes.count)
        try sink.write(bytes)
    }

    func finish() throws(CompressionError) { try sink.finish() }
}

/// Bytes that stay in memory.
private final class MemoryByteSink: ByteSink {
    private(set) var bytes: [UInt8] = []

    var fileBytesWritten: Int64 { Int64(bytes.count) }

    func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }

    func finish() {}
}
