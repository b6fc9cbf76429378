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

/// Reads a Parquet file's flat columns as batches (apache/parquet-format, README).
///
/// Memory is bounded by one page a column and by the batch, whatever the file's size. A damaged file ends in a
/// ``ParquetError``, a file that cannot be read in a `CompressionError` (`input.…`).
///
/// How this works: each column has a cursor of its own that walks its chunks and pages, as pages of different columns
/// hold different numbers of rows. A batch takes as many rows as all cursors have.
package final class ParquetReader {
    package let schema: Schema
    package let metadata: ParquetFileDescription
    private let path: String
    private var columns: [ColumnReader] = []
    private var rowsLeft: Int64
    private var nextRecord: Int64 = 1

    /// Opens a file and reads its footer.
    ///
    /// - Parameter columns: the names of those to read, in the order wanted; nil: all.
    package init(path: String, columns names: [String]? = nil) throws {
        let file = try RandomAccessFile(path: path)
        self.path = path
        do {
            let (footer, footerOffset) = try Footer.read(file)
            let leaves = try Leaf.leaves(of: footer.schema)
            try Footer.check(footer, leaves)
            let chosen = try Self.choose(leaves, names)
            let types = try chosen.map { index in
                do { return try ReadType(leaves[index].element) } catch let error as ParquetError {
                    throw error.at("column \"\(leaves[index].name)\"")
                }
            }
            schema = try Self.schema(chosen.map { leaves[$0] }, types)
            metadata = Self.describe(footer, file.size)
            rowsLeft = footer.rowCount
            let share = ParquetLimits.readAheadBytes / max(1, chosen.count)
            let bounds = ParquetLimits.columnReadAheadBytes
            let readAhead = max(bounds.lowerBound, min(bounds.upperBound, share))
            for (index, type) in zip(chosen, types) {
                columns.append(
                    try ColumnReader(
                        file, leaves[index], type, chunks: footer.rowGroups.map { $0.columns[index] },
                        fileEnd: footerOffset, readAhead: readAhead))
            }
        } catch let error as ParquetError {
            throw error.at(path)
        }
    }

    /// The next rows: at least one, at most `maxRows` and ``ColumnBatch/maxRows``; fewer where values are large.
    ///
    /// - Returns: nil at the end.
    package func nextBatch(maxRows: Int = ColumnBatch.maxRows) throws -> ColumnBatch? {
        guard rowsLeft > 0 else { return nil }
        let wanted = Int(min(rowsLeft, Int64(max(1, min(maxRows, ColumnBatch.maxRows)))))
        var count = wanted
        for column in columns {
            try column.fill(count)
            count = min(count, column.pending.count)
        }
        guard count > 0 else {
            throw ParquetError.footer("the columns end \(rowsLeft) rows before the file does").at(path)
        }
        let vectors = columns.map { $0.take(count) }
        let first = nextRecord
        nextRecord += Int64(count)
        rowsLeft -= Int64(count)
        return ColumnBatch(schema: schema, columns: vectors, recordNumbers: Array(first..<nextRecord))
    }

    private static func choose(_ leaves: [Leaf], _ names: [String]?) throws -> [Int] {
        let chosen: [Int]
        if let names {
            chosen = try names.map { name in
                guard let index = leaves.firstIndex(where: { $0.path[0] == name }) else {
                    throw ParquetError(code: "parquet.unknown_column", message: "There is no column \"\(name)\".")
                }
                return index
            }
        } else {
            chosen = Array(leaves.indices)
        }
        for index in chosen where !leaves[index].isFlat {
            throw ParquetError(
                code: "parquet.nested_column",
                message: "The column \"\(leaves[index].path[0])\" is nested or repeated (\(leaves[index].name)), "
                    + "which is not supported yet. Leave it out, or write it as JSON text.")
        }
        return chosen
    }

    private static func schema(_ leaves: [Leaf], _ types: [ReadType]) throws -> Schema {
        var seen: Set<String> = []
        return Schema(
            try zip(leaves, types).map { leaf, type in
                guard seen.insert(leaf.name).inserted else {
                    throw ParquetError(
                        code: "parquet.duplicate_column", message: "There are two columns \"\(leaf.name)\".")
                }
                return Column(
                    name: leaf.name, type: type.column, nullable: leaf.maxDefinitionLevel > 0, reason: "parquet schema")
            })
    }

    private static func describe(_ footer: FileMetaData, _ size: Int64) -> ParquetFileDescription {
        var codecs: Set<String> = []
        var encodings: Set<String> = []
        for chunk in footer.rowGroups.lazy.flatMap(\.columns) {
            codecs.insert(CompressionCodec(rawValue: chunk.codec)?.name ?? "\(chunk.codec)")
            for encoding in chunk.encodings { encodings.insert(PageEncoding(rawValue: encoding)?.name ?? "\(encoding)") }
        }
        return ParquetFileDescription(
            rows: footer.rowCount, rowGroups: footer.rowGroups.count, bytes: size, codecs: codecs.sorted(),
            encodings: encodings.sorted(), createdBy: footer.createdBy, keyValueMetadata: footer.keyValueMetadata)
    }
}
