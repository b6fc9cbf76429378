extension ColumnVector {
    /// The rows for which `keep` is true, in order. `keep` has one element a row.
    package func filtered(keep: [Bool]) -> ColumnVector {
        func filter<T>(_ values: [T]) -> [T] {
            var kept: [T] = []
            kept.reserveCapacity(values.count)
            for (row, value) in values.enumerated() where keep[row] { kept.append(value) }
            return kept
        }
        let keptValues: ColumnValues
        switch values {
        case .int64(let values): keptValues = .int64(filter(values))
        case .int128(let values): keptValues = .int128(filter(values))
        case .float64(let values): keptValues = .float64(filter(values))
        case .bytes(let values):
            var kept = ByteValues()
            kept.bytes.reserveCapacity(values.bytes.count)
            kept.offsets.reserveCapacity(values.offsets.count)
            for row in 0..<values.count where keep[row] { kept.append(values[row]) }
            keptValues = .bytes(kept)
        }
        return ColumnVector(type: type, values: keptValues, valid: filter(valid))
    }
}

extension ColumnBatch {
    /// The rows for which `keep` is true, in order.
    package func filtered(keep: [Bool]) -> ColumnBatch {
        ColumnBatch(
            schema: schema, columns: columns.map { $0.filtered(keep: keep) },
            recordNumbers: zip(recordNumbers, keep).filter(\.1).map(\.0))
    }
}
