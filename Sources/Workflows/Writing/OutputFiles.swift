import Columns
import Tabular

/// Writes batches into one file, or into several: cut at a size, and one folder for each partition.
///
/// Rows of a partition stay in their order. Few files are open at a time: rows of partitions that have none wait in memory
/// up to a limit, then those of which most wait are written. A partition whose file had to be closed goes on in another.
final class OutputFiles {
    /// Files that are written at a time.
    static let maxOpenFiles = 16
    /// What the rows that wait may take, about.
    static let maxWaitingBytes = 64 << 20
    /// Files of one output: more of them than this are a partition column that is none.
    static let maxFiles = 10_000
    /// Rows after which a file's size is looked at.
    private static let rowsBetweenLooks = 1024

    private let format: OutputFormat
    private let place: OutputPlace
    private let schema: Schema
    private let fileSchema: Schema
    /// Which columns stand in the files.
    private let fileColumns: [Int]
    private let split: OutputSplit
    private let maxWaitingBytes: Int
    private var router: PartitionRouter
    private var partitions: [Partition] = []
    private var openPartitions: [Int] = []
    private var waitingBytes = 0
    private var files: [WrittenFile] = []

    /// The rows of one partition: those that wait, and its open file.
    private struct Partition {
        var values: [PartitionValue]
        var path: String
        var waiting: [ColumnBatch] = []
        var waitingBytes = 0
        var fileCount = 0
        var open: OpenFile?
    }

    private struct OpenFile {
        var sink: any FileSink
        var name: String
        var rows: Int64 = 0
        var digest: DataDigest
    }

    /// `schema` is that of all batches; columns of partitions are left out of the files.
    init(format: OutputFormat, place: OutputPlace, schema: Schema, maxWaitingBytes: Int = maxWaitingBytes) throws {
        self.maxWaitingBytes = maxWaitingBytes
        self.place = place
        self.schema = schema
        split = format.options.split
        router = try PartitionRouter(split.partitionBy, schema)
        fileColumns = router.otherColumns
        self.format = format.keeping(fileColumns)
        fileSchema = Schema(fileColumns.map { schema.columns[$0] })
        // What is not partitioned has at least one file, perhaps without rows.
        if split.partitionBy.isEmpty {
            partitions = [Partition(values: [], path: "")]
            try open(0)
        }
    }

    func write(_ batch: ColumnBatch) throws {
        guard !split.partitionBy.isEmpty else { return try write(batch, to: 0) }
        for (partition, rows) in try router.route(batch) {
            if partition == partitions.count {
                let values = router.values(partition)
                partitions.append(Partition(values: values, path: try PartitionPath.path(values)))
            }
            let part = rows.count == batch.rowCount ? batch : batch.gathered(rows)
            if partitions[partition].open != nil {
                try write(part, to: partition)
            } else {
                let bytes = part.valueBytes
                partitions[partition].waiting.append(part)
                partitions[partition].waitingBytes += bytes
                waitingBytes += bytes
            }
        }
        if waitingBytes > maxWaitingBytes { try writeWaiting(downTo: maxWaitingBytes / 2) }
    }

    /// Completes all files.
    ///
    /// - Parameter facts: those of all rows, which are the facts of an only file.
    /// - Returns: the files, in the order of their names.
    func finish(_ facts: [ColumnFacts]) throws -> [WrittenFile] {
        for partition in openPartitions { try close(partition) }
        openPartitions = []
        for partition in partitions.indices where !partitions[partition].waiting.isEmpty {
            try writeWaiting(of: partition)
            try close(partition)
            openPartitions = []
        }
        if !split.isSet { for index in files.indices { files[index].columns = facts } }
        return files.sorted { $0.name < $1.name }
    }

    // MARK: Rows that wait

    private func writeWaiting(downTo limit: Int) throws {
        let order = partitions.indices.filter { partitions[$0].waitingBytes > 0 }
            .sorted { partitions[$0].waitingBytes > partitions[$1].waitingBytes }
        for partition in order where waitingBytes > limit { try writeWaiting(of: partition) }
    }

    private func writeWaiting(of partition: Int) throws {
        let waiting = partitions[partition].waiting
        waitingBytes -= partitions[partition].waitingBytes
        (partitions[partition].waiting, partitions[partition].waitingBytes) = ([], 0)
        for batch in waiting { try write(batch, to: partition) }
    }

    // MARK: Files

    private func write(_ batch: ColumnBatch, to partition: Int) throws {
        guard split.isCut else { return try append(batch, to: partition) }
        var row = 0
        while row < batch.rowCount {
            var count = min(batch.rowCount - row, split.fileBytes == nil ? .max : Self.rowsBetweenLooks)
            if let limit = split.fileRows {
                count = min(count, Int(limit - (partitions[partition].open?.rows ?? 0)))
            }
            try append(batch.rows(row..<row + count), to: partition)
            row += count
            guard let file = partitions[partition].open else { continue }
            if file.rows >= split.fileRows ?? .max || file.sink.estimatedBytes >= split.fileBytes ?? .max {
                try close(partition)
                openPartitions.removeAll { $0 == partition }
            }
        }
    }

    private func append(_ batch: ColumnBatch, to partition: Int) throws {
        if partitions[partition].open == nil { try open(partition) }
        let part: ColumnBatch
        if fileColumns.count == batch.columns.count {
            part = ColumnBatch(schema: fileSchema, columns: batch.columns, recordNumbers: batch.recordNumbers)
        } else {
            part = ColumnBatch(
                schema: fileSchema, columns: fileColumns.map { batch.columns[$0] }, recordNumbers: batch.recordNumbers)
        }
        try partitions[partition].open?.sink.write(part)
        partitions[partition].open?.rows += Int64(batch.rowCount)
        if split.isSet { partitions[partition].open?.digest.add(batch) }
    }

    private func open(_ partition: Int) throws {
        if openPartitions.count == Self.maxOpenFiles { try close(openPartitions.removeFirst()) }
        guard files.count + openPartitions.count < Self.maxFiles else {
            throw TabularError(
                "output.too_many_files",
                "The output would have more than \(Self.maxFiles) files, in \(partitions.count) partitions so far. "
                    + "Partition by columns with fewer values, or let files be larger.")
        }
        let name = place.name(number: partitions[partition].fileCount, partition: partitions[partition].path)
        let file = WrittenFile(name: name, partition: [], rows: 0, columns: [])
        let path = place.path(of: file)
        if !partitions[partition].path.isEmpty, partitions[partition].fileCount == 0 { try Self.makeFolder(of: path) }
        partitions[partition].open = OpenFile(
            sink: try format.create(path: path, schema: fileSchema), name: name,
            digest: DataDigest(columnCount: schema.columns.count))
        partitions[partition].fileCount += 1
        openPartitions.append(partition)
    }

    private static func makeFolder(of path: String) throws {
        guard let slash = path.lastIndex(of: "/") else { return }
        try Scratch.make(String(path[..<slash]))
    }

    private func close(_ partition: Int) throws {
        guard let file = partitions[partition].open else { return }
        partitions[partition].open = nil
        try file.sink.finish()
        files.append(
            WrittenFile(
                name: file.name, partition: partitions[partition].values, rows: file.rows, columns: file.digest.facts))
    }
}
