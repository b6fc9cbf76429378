import Columns

/// One file of an output, and what was put into it.
package struct WrittenFile: Hashable, Sendable, Codable {
    /// Relative to the output's folder.
    package var name: String
    /// What all of its rows have in the columns that the output is partitioned by.
    package var partition: [PartitionValue]
    package var rows: Int64
    /// Of all columns, those too that stand in the path and not in the file.
    package var columns: [ColumnFacts]

    package init(name: String, partition: [PartitionValue], rows: Int64, columns: [ColumnFacts]) {
        self.name = name
        self.partition = partition
        self.rows = rows
        self.columns = columns
    }
}
