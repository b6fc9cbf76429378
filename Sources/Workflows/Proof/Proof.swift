import Columns
import Compression
import Jobs
import Parquet
import Tabular

/// Reads the finished files of a conversion back through the reading path, and holds them against what was read of the
/// source.
struct Proof {
    let conversion: Conversion
    let result: Conversion.Result
    let place: OutputPlace

    /// Throws `convert.not_proven`, with the first differences, where the files do not hold the source's rows.
    func validation() throws -> Receipt.Validation {
        do {
            return try compare()
        } catch let error as NotProven {
            throw TabularError(
                "convert.not_proven",
                "The conversion of \(conversion.sourceName) to \(conversion.format.rawValue) is not proven: \(error.reason).")
        }
    }

    private var schema: Schema { conversion.writtenSchema }

    private func compare() throws -> Receipt.Validation {
        try checkSum()
        var whole = DataDigest(columnCount: schema.columns.count)
        for file in result.files {
            var digest = DataDigest(columnCount: schema.columns.count)
            try readBack(file) { batch in
                digest.add(batch)
                if result.files.count > 1 { whole.add(batch) }
            }
            if result.files.count == 1 { whole = digest }
            let found = digest.facts
            guard found == file.columns else { throw try notEqual(file, found) }
        }
        // Each file is what was written to it; together they are the source.
        guard zip(whole.facts, result.facts).allSatisfy({ $0.hasSameValues(as: $1) }) else {
            throw NotProven("the files together do not hold what the source does")
        }
        let rules = conversion.rules
        return Receipt.Validation(
            compared: [
                "the number of rows", "for each column the nulls, a checksum in any order, and a sketch of the distinct values",
                "every value in the order of the rows, by a chained checksum for each column and file",
                namesCompared,
            ],
            rows: result.counts.written, files: result.files.count, rules: rules.rules, notKept: rules.lost)
    }

    private var namesCompared: String {
        switch conversion.format {
        case .csv: "the header"
        case .json, .jsonl: "the members' names"
        case .parquet: "names and types of the columns"
        }
    }

    /// The source's rows must all have been handed to some file.
    private func checkSum() throws(NotProven) {
        let written = result.files.reduce(0) { $0 + $1.rows }
        guard written == result.counts.written else {
            throw NotProven("\(result.counts.written) rows were read of the source, but \(written) written")
        }
        for (index, facts) in result.facts.enumerated() {
            let parts = result.files.map { $0.columns[index] }
            guard parts.reduce(0, { $0 &+ $1.unordered }) == facts.unordered, parts.reduce(0, { $0 + $1.nulls }) == facts.nulls else {
                throw NotProven("column \"\(schema.names[index])\" was not written as it was read of the source")
            }
        }
    }

    // MARK: Reading back

    /// Every batch of a file, with the columns that its path tells.
    private func readBack(_ file: WrittenFile, _ body: (ColumnBatch) throws -> Void) throws {
        let next = try batches(of: file)
        while let batch = try next() { try body(batch) }
    }

    private func batches(of file: WrittenFile) throws -> () throws -> ColumnBatch? {
        let path = place.path(of: file)
        let partition = try PartitionColumns(file, schema, conversion.options.split.partitionBy)
        let source = try reading(file, 0) {
            try conversion.outputFormat.keeping(partition.fileColumns).reopen(path: path, schema: partition.fileSchema)
        }
        var rows: Int64 = 0
        return {
            try Task.checkCancellation()
            guard let next = try reading(file, rows, { try source.next() }) else { return nil }
            if let reject = next.rejects.first {
                throw NotProven("\(naming(file))the result does not read back: \(reject.location): \(reject.reason)")
            }
            rows += Int64(next.batch.rowCount)
            return partition.whole(next.batch)
        }
    }

    /// What cannot be read because of what is in it is not proven; a disk that cannot be read is another matter.
    private func reading<T>(_ file: WrittenFile, _ rows: Int64, _ body: () throws -> T) throws -> T {
        func unreadable(_ message: String) -> NotProven {
            let message = message.hasSuffix(".") ? String(message.dropLast()) : message
            return NotProven("\(naming(file))the result does not read back, after \(rows) rows: \(message)")
        }
        do {
            return try body()
        } catch let error as ParquetError {
            throw unreadable(error.message)
        } catch let error as TabularError where !error.code.hasPrefix("internal.") {
            throw unreadable(error.message)
        } catch let error as CompressionError where error.code.hasPrefix("compressed.") && !error.isTransient {
            throw unreadable(error.message)
        } catch let error as NotProven {
            throw NotProven(naming(file) + error.reason)
        }
    }

    private func naming(_ file: WrittenFile) -> String { result.files.count > 1 ? "in \(file.name), " : "" }

    // MARK: Differences

    private func notEqual(_ file: WrittenFile, _ found: [ColumnFacts]) throws -> NotProven {
        let columns = found.indices.filter { found[$0] != file.columns[$0] }
        let search = DifferenceSearch(expected: try sourceRows(of: file), found: try batches(of: file), columns: columns)
        var reasons = search.first().map(\.text)
        if reasons.isEmpty {
            reasons = columns.prefix(Difference.maxShown).map { "column \"\(schema.names[$0])\" differs in its checksum" }
        }
        if let rows = found.first?.rows, rows != file.rows {
            reasons.insert("\(file.rows) rows were written, \(rows) read back", at: 0)
        }
        return NotProven(naming(file) + reasons.joined(separator: "; "))
    }

    /// The source read again: those of its rows that went to a file.
    private func sourceRows(of file: WrittenFile) throws -> () throws -> ColumnBatch? {
        let source = try conversion.plan.open()
        var router = try PartitionRouter(conversion.options.split.partitionBy, schema)
        // Files of a partition follow one another, as their rows do.
        var skipped = result.files.filter { $0.partition == file.partition && $0.name < file.name }.reduce(0) { $0 + $1.rows }
        var left = file.rows
        return {
            while left > 0, let batch = try source.next()?.batch {
                var rows = try router.route(batch).first { router.values($0.partition) == file.partition }?.rows ?? []
                let passed = Int(min(skipped, Int64(rows.count)))
                skipped -= Int64(passed)
                rows = Array(rows.dropFirst(passed).prefix(Int(min(left, .init(Int32.max)))))
                left -= Int64(rows.count)
                if !rows.isEmpty { return batch.gathered(rows, schema: schema) }
            }
            return nil
        }
    }
}

/// The columns that a file's path tells.
private struct PartitionColumns {
    let fileColumns: [Int]
    let fileSchema: Schema
    private let schema: Schema
    /// One row each; for each column of the schema that is not in the file.
    private var constants: [Int: ColumnVector] = [:]

    init(_ file: WrittenFile, _ schema: Schema, _ names: [String]) throws {
        self.schema = schema
        fileColumns = schema.columns.indices.filter { !names.contains(schema.columns[$0].name) }
        fileSchema = Schema(fileColumns.map { schema.columns[$0] })
        guard !names.isEmpty else { return }
        let folder = file.name.split(separator: "/").dropLast().joined(separator: "/")
        guard let values = PartitionPath.values(folder), values.map(\.column) == names else {
            throw NotProven("the path \(file.name) does not tell the partition")
        }
        for value in values {
            guard let index = schema.index(of: value.column) else { continue }
            constants[index] = try Self.vector(value, schema.columns[index])
        }
    }

    /// A value's text, read as cells of CSV are.
    private static func vector(_ value: PartitionValue, _ column: Column) throws -> ColumnVector {
        guard let text = value.value else {
            let nothing: ColumnValues =
                switch column.type.storage {
                case .int64: .int64([0])
                case .int128: .int128([0])
                case .float64: .float64([0])
                case .bytes: .bytes(ByteValues(offsets: [0, 0]))
                }
            return ColumnVector(type: column.type, values: nothing, valid: [false])
        }
        let cell = "\"" + text.replacing("\"", with: "\"\"") + "\"\n"
        let reader = try CSVReader(
            source: TextByteSource(cell), dialect: Dialect(header: false),
            mapping: FieldMapping(columns: [column], fields: [0], fieldNames: [column.name]))
        guard let read = try reader.next(), read.batch.rowCount == 1, read.rejects.isEmpty else {
            throw NotProven("the partition \"\(value.column)\" does not read back")
        }
        return read.batch.columns[0]
    }

    /// A batch of the file with all columns of the schema.
    func whole(_ batch: ColumnBatch) -> ColumnBatch {
        guard !constants.isEmpty else { return batch }
        let rows = [Int](repeating: 0, count: batch.rowCount)
        var read = batch.columns[...]
        let columns = schema.columns.indices.compactMap { index in
            constants[index]?.gathered(rows) ?? read.popFirst()
        }
        return ColumnBatch(schema: schema, columns: columns, recordNumbers: batch.recordNumbers)
    }
}

/// Some text as a source of bytes.
private final class TextByteSource: ByteSource {
    private var rest: ArraySlice<UInt8>
    private(set) var fileBytesRead: Int64 = 0

    init(_ text: String) {
        rest = Array(text.utf8)[...]
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, rest.count)
        buffer.copyBytes(from: rest.prefix(count))
        rest = rest.dropFirst(count)
        fileBytesRead += Int64(count)
        return count
    }
}
