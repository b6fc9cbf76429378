import Columns
import Tabular

/// Tells which partition each row belongs to. Partitions are numbered as they appear.
struct PartitionRouter {
    /// The columns that partition, in the order of the path.
    private let columns: [Int]
    /// All others.
    let otherColumns: [Int]
    private let names: [String]
    private var numbers: [[UInt8]: Int] = [:]
    private var found: [[PartitionValue]] = []

    /// Throws where a column is not there, cannot partition, or no other is left.
    init(_ names: [String], _ schema: Schema) throws(TabularError) {
        var columns: [Int] = []
        for name in names {
            guard let index = schema.index(of: name) else {
                throw TabularError(
                    "output.partition_column",
                    "The output is to be partitioned by \"\(name)\", but there is no such column. There are: "
                        + schema.names.prefix(20).joined(separator: ", ") + ".")
            }
            guard schema.columns[index].type.canPartition else {
                throw TabularError(
                    "output.partition_column",
                    "Column \"\(name)\" is of type \(schema.columns[index].type), whose values cannot name folders.")
            }
            columns.append(index)
        }
        self.names = names
        self.columns = columns
        otherColumns = schema.columns.indices.filter { !columns.contains($0) }
        guard !otherColumns.isEmpty || columns.isEmpty else {
            throw TabularError("output.partition_column", "All columns are to be partitions; at least one must be left for the files.")
        }
    }

    func values(_ partition: Int) -> [PartitionValue] { found[partition] }

    /// The rows of each partition that the batch has some of; a new partition comes before those that are newer.
    mutating func route(_ batch: ColumnBatch) throws -> [(partition: Int, rows: [Int])] {
        var rows: [Int: [Int]] = [:]
        var key: [UInt8] = []
        var lastKey: [UInt8]?
        var partition = 0
        for row in 0..<batch.rowCount {
            key.removeAll(keepingCapacity: true)
            for column in columns {
                let vector = batch.columns[column]
                guard vector.valid[row] else {
                    key.append(0)
                    continue
                }
                key.append(1)
                let start = key.count
                vector.appendText(row: row, to: &key)
                withUnsafeBytes(of: UInt32(key.count - start).littleEndian) { key.append(contentsOf: $0) }
            }
            if key != lastKey {
                lastKey = key
                if let known = numbers[key] {
                    partition = known
                } else {
                    partition = found.count
                    numbers[key] = partition
                    found.append(
                        zip(names, columns).map { PartitionValue(column: $0, value: batch.columns[$1].text(row: row)) })
                }
            }
            rows[partition, default: []].append(row)
        }
        return rows.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
