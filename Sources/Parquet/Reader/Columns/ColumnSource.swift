import Columns

/// A column of a reader, decoded as far as it is asked to.
protocol ColumnSource: AnyObject {
    /// Rows that are decoded and not taken yet.
    var pendingRows: Int { get }

    /// Decodes until `rows` rows are pending, the batch's bytes are as many as it may have, or the column ends.
    func fill(_ rows: Int) throws

    /// Takes pending rows out.
    func take(_ rows: Int) -> ColumnVector

    /// Passes over rows, pending ones first, without decoding where that can be helped.
    func skip(_ rows: Int64) throws
}
