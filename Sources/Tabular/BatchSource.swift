import Columns

/// What a reader hands over at a time: good rows, and the records between them that are not.
package struct ReadResult: Sendable {
    package var batch: ColumnBatch
    /// In the order of the file.
    package var rejects: [Reject]
    /// Records that were left out on purpose.
    package var filtered = 0

    package init(batch: ColumnBatch, rejects: [Reject]) {
        self.batch = batch
        self.rejects = rejects
    }

    /// How many records were read: good ones, bad ones and those left out.
    package var recordCount: Int { batch.rowCount + rejects.count + filtered }
}

/// A data set read from front to back in batches: CSV, JSON lines or Parquet.
package protocol BatchSource: AnyObject {
    var schema: Schema { get }

    /// The next rows; nil at the end. A result may hold no rows and only rejects.
    func next() throws -> ReadResult?
}

/// A data set written from front to back in batches: CSV, JSON lines or Parquet.
package protocol BatchSink: AnyObject {
    func write(_ batch: ColumnBatch) throws

    /// Completes the file and makes it durable. Nothing can be written after it.
    func finish() throws
}
