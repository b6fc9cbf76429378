import Columns
import Compression
import Parquet
import Tabular

/// How a file is to be written.
package struct OutputOptions: Hashable, Sendable {
    package static let compressions = ["zstd", "gzip", "snappy", "lz4", "brotli", "none"]

    /// One of ``compressions``; nil: zstd for Parquet, and for the others what the file's name says.
    package var compression: String?
    package var compressionLevel: Int?
    /// Parquet only.
    package var rowGroupRows: Int?
    /// CSV only.
    package var delimiter = UInt8(ascii: ",")
    /// CSV only: what stands above the columns, if not their names.
    var header: [String]?

    package init(compression: String? = nil, compressionLevel: Int? = nil, rowGroupRows: Int? = nil) {
        self.compression = compression
        self.compressionLevel = compressionLevel
        self.rowGroupRows = rowGroupRows
    }

    /// The compression of a whole text file; throws for one that is only for Parquet pages.
    func container(named: Container) throws(TabularError) -> Container {
        guard let compression else { return named }
        guard let container = Container(rawValue: compression), [.none, .gzip, .zstd].contains(container) else {
            throw TabularError("output.compression", "Text files can be compressed with zstd or gzip, not with \(compression).")
        }
        return container
    }
}

/// Opens files for writing and for reading back.
struct OutputFormat {
    var format: DataFormat
    var options: OutputOptions
    /// Facts about the origin, kept in a Parquet file's metadata.
    var metadata: [(key: String, value: String)] = []

    func create(path: String, schema: Schema) throws -> any BatchSink {
        guard format != .parquet else {
            guard let codec = PageCodec(options.compression ?? "zstd", level: options.compressionLevel) else {
                throw TabularError("output.compression", "No such compression: \(options.compression ?? "").")
            }
            var writeOptions = ParquetWriteOptions(codec: codec, keyValueMetadata: metadata)
            if let rows = options.rowGroupRows { writeOptions.rowGroupRows = rows }
            return ParquetSink(writer: try ParquetWriter(path: path, schema: schema, options: writeOptions))
        }
        var sink: any ByteSink = try FileByteSink(path: path)
        switch try options.container(named: DataFormat.named(by: path).compression) {
        case .gzip: sink = try CompressingByteSink.gzip(sink, level: options.compressionLevel ?? 6)
        case .zstd: sink = try CompressingByteSink.zstd(sink, level: options.compressionLevel ?? 3)
        default: break
        }
        return format == .csv
            ? try CSVWriter(sink: sink, schema: schema, delimiter: options.delimiter, header: options.header)
            : JSONWriter(sink: sink, schema: schema, isArray: format == .json)
    }

    /// Reads a file that ``create(path:schema:)`` wrote, with the schema it was given.
    func reopen(path: String, schema: Schema) throws -> any BatchSource {
        switch format {
        case .csv:
            let mapping = FieldMapping(
                columns: schema.columns, fields: Array(schema.columns.indices), fieldNames: schema.names)
            return try CSVReader(
                source: try openByteSource(path: path).source, dialect: Dialect(delimiter: options.delimiter), mapping: mapping)
        case .json, .jsonl:
            return try JSONReader(
                source: try openByteSource(path: path).source, schema: schema, layout: format == .json ? .array(path: []) : .lines)
        case .parquet:
            let plan = try InputPlan(path: path, options: InputOptions(format: .parquet))
            guard plan.schema.names == schema.names, plan.schema.columns.map(\.type) == schema.columns.map(\.type) else {
                throw TabularError("convert.not_proven", "The Parquet file's columns are not those that were written.")
            }
            return try plan.open()
        }
    }
}

private final class ParquetSink: BatchSink {
    private let writer: ParquetWriter

    init(writer: ParquetWriter) {
        self.writer = writer
    }

    func write(_ batch: ColumnBatch) throws { try writer.write(batch) }

    func finish() throws { _ = try writer.finish() }
}
