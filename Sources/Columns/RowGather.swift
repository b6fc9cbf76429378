extension ColumnVector {
    /// The rows with these numbers (from 0), in the order given.
    package func gathered(_ rows: [Int]) -> ColumnVector {
        let gatheredValues: ColumnValues
        switch values {
        case .int64(let all): gatheredValues = .int64(rows.map { all[$0] })
        case .int128(let all): gatheredValues = .int128(rows.map { all[$0] })
        case .float64(let all): gatheredValues = .float64(rows.map { all[$0] })
        case .bytes(let all):
            var kept = ByteValues()
            kept.offsets.reserveCapacity(rows.count + 1)
            for row in rows { kept.append(all[row]) }
            gatheredValues = .bytes(kept)
        }
        return ColumnVector(type: type, values: gatheredValues, valid: rows.map { valid[$0] })
    }
}

extension ColumnBatch {
    /// The rows with these numbers (from 0), in the order given, of all columns or some.
    ///
    /// - Parameters:
    ///   - columns: which columns; nil: all.
    ///   - schema: that of the result.
    package func gathered(_ rows: [Int], columns: [Int]? = nil, schema: Schema? = nil) -> ColumnBatch {
        ColumnBatch(
            schema: schema ?? self.schema,
            columns: (columns ?? Array(self.columns.indices)).map { self.columns[$0].gathered(rows) },
            recordNumbers: rows.map { recordNumbers[$0] })
    }

    /// Some consecutive rows.
    package func rows(_ range: Range<Int>) -> ColumnBatch {
        range == 0..<rowCount ? self : gathered(Array(range))
    }

    /// About the bytes that the values take in memory.
    package var valueBytes: Int {
        columns.reduce(0) { sum, column in
            switch column.values {
            case .int64, .float64: sum + 9 * rowCount
            case .int128: sum + 17 * rowCount
            case .bytes(let values): sum + 5 * rowCount + values.bytes.count
            }
        }
    }
}
