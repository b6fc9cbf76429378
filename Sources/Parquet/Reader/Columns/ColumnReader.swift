import Columns

/// Reads a column that has one value a row at most, page after page.
final class ColumnReader: ColumnSource {
    private let cursor: PageCursor
    private(set) var pending: PendingValues

    init(_ cursor: PageCursor) {
        self.cursor = cursor
        pending = PendingValues(cursor.form.type.column)
    }

    var pendingRows: Int { pending.count }

    func fill(_ rows: Int) throws {
        do {
            while pending.count < rows, pending.bytes.bytes.count < ParquetLimits.maxBatchColumnBytes {
                if cursor.pageValuesLeft == 0 {
                    guard try cursor.nextPage() != nil else { return }
                    continue
                }
                let room = ParquetLimits.maxBatchColumnBytes - pending.bytes.bytes.count
                let step = min(rows - pending.count, cursor.pageValuesLeft, cursor.stepLimit(room: room))
                try cursor.decodeRows(step, into: &pending)
            }
        } catch let error as ParquetError {
            throw error.at(cursor.place)
        }
    }

    func take(_ rows: Int) -> ColumnVector {
        pending.take(rows)
    }

    func skip(_ rows: Int64) throws {
        var left = rows
        if pending.count > 0 {
            let count = Int(min(left, Int64(pending.count)))
            _ = pending.take(count)
            left -= Int64(count)
        }
        do {
            while left > 0 {
                if cursor.pageValuesLeft == 0 {
                    guard let passed = try cursor.nextPage(skippable: left) else { return }
                    left -= Int64(passed)
                } else {
                    var passed = PendingValues(pending.type)
                    let step = min(
                        Int(min(left, Int64(cursor.pageValuesLeft))), cursor.stepLimit(room: ParquetLimits.maxBatchColumnBytes))
                    try cursor.decodeRows(step, into: &passed)
                    left -= Int64(step)
                }
            }
        } catch let error as ParquetError {
            throw error.at(cursor.place)
        }
    }
}
