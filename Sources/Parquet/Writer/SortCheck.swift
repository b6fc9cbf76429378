import Columns

/// Sees whether rows come as some columns are said to be sorted: what a row group states must be true.
struct SortCheck {
    private let keys: [RowGroup.SortingColumn]
    /// The row before, one vector for each key.
    private var last: [ColumnVector]?
    private(set) var isSorted = true

    init(_ keys: [RowGroup.SortingColumn]) {
        self.keys = keys
    }

    /// Begins another row group.
    mutating func reset() {
        last = nil
        isSorted = true
    }

    mutating func add(_ columns: [ColumnVector], rows: Range<Int>) {
        guard isSorted, !keys.isEmpty, let end = rows.last else { return }
        let vectors = keys.map { columns[Int($0.column)] }
        if let last, isBelow(vectors, rows.lowerBound, last, 0) {
            isSorted = false
            return
        }
        for row in rows.dropFirst() where isBelow(vectors, row, vectors, row - 1) {
            isSorted = false
            return
        }
        last = vectors.map { $0.gathered([end]) }
    }

    /// Whether a row belongs before another.
    private func isBelow(_ left: [ColumnVector], _ row: Int, _ right: [ColumnVector], _ other: Int) -> Bool {
        for (index, key) in keys.enumerated() {
            let order = Self.order(left[index], row, right[index], other, key.hasNullsFirst)
            guard let order else { return true }
            if order == 0 { continue }
            // Where nulls stand is said apart from the direction.
            let hasNull = !left[index].valid[row] || !right[index].valid[other]
            return (key.isDescending && !hasNull ? -order : order) < 0
        }
        return false
    }

    /// -1, 0 or 1; nil where there is no order (NaN).
    private static func order(
        _ left: ColumnVector, _ row: Int, _ right: ColumnVector, _ other: Int, _ hasNullsFirst: Bool
    ) -> Int? {
        switch (left.valid[row], right.valid[other]) {
        case (false, false): return 0
        case (false, true): return hasNullsFirst ? -1 : 1
        case (true, false): return hasNullsFirst ? 1 : -1
        case (true, true): break
        }
        func order<T: Comparable>(_ one: T, _ two: T) -> Int { one < two ? -1 : one == two ? 0 : 1 }
        switch (left.values, right.values) {
        case (.int64(let one), .int64(let two)): return order(one[row], two[other])
        case (.int128(let one), .int128(let two)): return order(one[row], two[other])
        case (.float64(let one), .float64(let two)):
            return one[row].isNaN || two[other].isNaN ? nil : order(one[row], two[other])
        case (.bytes(let one), .bytes(let two)):
            let (a, b) = (one[row], two[other])
            return a.elementsEqual(b) ? 0 : a.lexicographicallyPrecedes(b) ? -1 : 1
        default: return nil
        }
    }
}
