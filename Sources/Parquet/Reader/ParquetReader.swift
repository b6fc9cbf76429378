import Columns
import Compression

/// What a Parquet file says of itself.
package struct ParquetFileDescription: Sendable {
    package var rows: Int64
    package var rowGroups: Int
    /// The file's size.
    package var bytes: Int64
    /// The format's names of the codecs and encodings in use, sorted: `SNAPPY`, `RLE_DICTIONARY`.
    package var codecs: [String]
    package var encodings: [String]
    /// The program that wrote the file, where it says so.
    package var createdBy: String?
    package var keyValueMetadata: [(key: String, value: String?)]
}

/// Reads a Parquet file as batches (apache/parquet-format, README).
///
/// Structures are taken apart into columns with dotted names or become JSON (``ParquetReadOptions/Structures``); lists and
/// maps become JSON text. Memory is bounded by one page a column and by the batch, whatever the file's size. A damaged
/// file ends in a ``ParquetError``, a file that cannot be read in a `CompressionError` (`input.…`).
///
/// How this works: each column has a cursor of its own that walks its chunks and pages, as pages of different columns
/// hold different numbers of rows. A batch takes as many rows as all cursors have. Where filters leave rows out, the
/// cursors pass over them, page by page where they can.
package final class ParquetReader {
    package let schema: Schema
    package let metadata: ParquetFileDescription
    /// Rows that will be read: all of the file's, but for those that filters leave out.
    package let selectedRows: Int64
    private let path: String
    private var columns: [any ColumnSource] = []
    private var parts: [RowSelection.Part]
    private var nextPart = 0
    private var partLeft: Int64 = 0
    private var nextRecord: Int64 = 1

    /// Opens a file and reads its footer, and columns of nanoseconds to see whether microseconds can hold them.
    ///
    /// - Parameter columns: the names of those to read, in the order wanted; nil: all. The name of a structure stands for
    ///   all of its columns.
    package init(path: String, columns names: [String]? = nil, options: ParquetReadOptions = ParquetReadOptions()) throws {
        let file = try RandomAccessFile(path: path)
        self.path = path
        do {
            let layout = try FileLayout(file, options)
            var plans = layout.plans
            if let names { plans = try ColumnPlan.choose(names, from: plans) }
            let selection = try layout.selection(options.filters)
            let leafCount = plans.reduce(0) { $0 + layout.leafCount($1) }
            let context = layout.context(columns: leafCount)
            var columns: [Column] = []
            for plan in plans {
                let (column, source) = try layout.open(plan, selection, context)
                columns.append(column)
                self.columns.append(source)
            }
            schema = Schema(columns)
            metadata = layout.description
            parts = selection.parts
            selectedRows = selection.rows
        } catch let error as ParquetError {
            throw error.at(path)
        }
    }

    /// The next rows: at least one, at most `maxRows` and ``ColumnBatch/maxRows``; fewer where values are large.
    ///
    /// - Returns: nil at the end.
    package func nextBatch(maxRows: Int = ColumnBatch.maxRows) throws -> ColumnBatch? {
        if partLeft == 0 {
            guard nextPart < parts.count else { return nil }
            let part = parts[nextPart]
            nextPart += 1
            if part.skipped > 0 { for column in columns { try column.skip(part.skipped) } }
            partLeft = part.count
            nextRecord = part.firstRecord
        }
        var count = Int(min(partLeft, Int64(max(1, min(maxRows, ColumnBatch.maxRows)))))
        for column in columns {
            try column.fill(count)
            count = min(count, column.pendingRows)
        }
        guard count > 0 else {
            throw ParquetError.footer("the columns end \(partLeft) rows before the file does").at(path)
        }
        let vectors = columns.map { $0.take(count) }
        let first = nextRecord
        nextRecord += Int64(count)
        partLeft -= Int64(count)
        return ColumnBatch(schema: schema, columns: vectors, recordNumbers: Array(first..<nextRecord))
    }
}
