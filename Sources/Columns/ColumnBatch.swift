/// Some consecutive rows of a data set, column by column: the unit in which data flows through Landfall.
///
/// A batch is small (a chunk of about a megabyte of input, at most ``maxRows`` rows), so that memory is bounded
/// whatever the file's size.
package struct ColumnBatch: Hashable, Sendable {
    /// The most rows that a reader puts in one batch.
    package static let maxRows = 65_536

    package var schema: Schema
    /// One vector for each column of the schema, all of `rowCount` rows.
    package var columns: [ColumnVector]
    package var rowCount: Int
    /// The 1-based number of each row's record in its source (rejected records keep their numbers).
    package var recordNumbers: [Int64]

    package init(schema: Schema, columns: [ColumnVector], recordNumbers: [Int64]) {
        assert(columns.count == schema.columns.count)
        assert(columns.allSatisfy { $0.count == recordNumbers.count })
        self.schema = schema
        self.columns = columns
        self.rowCount = recordNumbers.count
        self.recordNumbers = recordNumbers
    }
}
