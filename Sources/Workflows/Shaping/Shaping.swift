import Columns
import SQL
import Tabular

/// The loop that data flows through: read a batch, set bad rows aside, hand the good ones on.
struct Shaping {
    /// What went through.
    struct Result {
        var read: Int64 = 0
        var kept: Int64 = 0
        var filtered: Int64 = 0
        var digest: DataDigest
        /// What was done to make records fit, in words.
        var notes: [String] = []
    }

    let plan: InputPlan
    let rejects: RejectLog
    /// Finds cells that the target cannot hold, by row and column; their rows become rejects.
    var unstorable: (ColumnBatch) -> [UnstorableCell] = { _ in [] }

    /// Reads the whole input; every kept batch goes to `consume`. Memory: one batch.
    func run(_ consume: (ColumnBatch) throws -> Void) throws -> Result {
        let source = try plan.open()
        var result = Result(digest: DataDigest(columnCount: plan.schema.columns.count))
        while let next = try next(source) {
            try Task.checkCancellation()
            for reject in next.rejects { try rejects.take(reject) }
            let batch = try settingAsideUnstorable(next.batch)
            result.read += Int64(next.recordCount)
            result.kept += Int64(batch.rowCount)
            result.filtered += Int64(next.filtered)
            result.digest.add(batch)
            if batch.rowCount > 0 { try consume(batch) }
        }
        try rejects.finish(read: result.read)
        result.notes = (source as? CSVReader)?.adjustments.notes ?? []
        try Accounting(read: result.read, kept: result.kept, rejected: rejects.count, filtered: result.filtered).close()
        return result
    }

    private func next(_ source: any BatchSource) throws -> ReadResult? {
        do {
            return try source.next()
        } catch let error as TabularError {
            throw error.naming(plan.sourceName)
        }
    }

    private func settingAsideUnstorable(_ batch: ColumnBatch) throws -> ColumnBatch {
        let cells = unstorable(batch)
        guard !cells.isEmpty else { return batch }
        var keep = [Bool](repeating: true, count: batch.rowCount)
        for cell in cells where keep[cell.row] {
            keep[cell.row] = false
            let fields = batch.columns.map { $0.text(row: cell.row).map { Array($0.utf8) } }
            try rejects.take(
                Reject(
                    record: batch.recordNumbers[cell.row], line: 0, byte: 0, column: batch.schema.names[cell.column],
                    code: cell.code, reason: cell.reason, fields: fields))
        }
        return batch.filtered(keep: keep)
    }
}
