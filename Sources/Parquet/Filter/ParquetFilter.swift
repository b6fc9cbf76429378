/// A condition on one column, by which a reader leaves out row groups and pages that cannot satisfy it.
///
/// It prunes and does not filter: rows that do not satisfy it may still come, rows that do always come. Comparisons with
/// null are not satisfied.
package struct ParquetFilter: Hashable, Sendable {
    package enum Comparison: Hashable, Sendable {
        case equal, less, lessOrEqual, greater, greaterOrEqual
        /// The value is not used.
        case isNull, isNotNull
    }

    /// A value as batches hold it (`ColumnValues`): dates in days, times in microseconds, decimals unscaled with the
    /// column's scale.
    package enum Value: Hashable, Sendable {
        case integer(Int128)
        case double(Double)
        /// text, json, bytes, and uuid (16 bytes).
        case bytes([UInt8])
    }

    package var column: String
    package var comparison: Comparison
    package var value: Value

    package init(_ column: String, _ comparison: Comparison, _ value: Value = .integer(0)) {
        self.column = column
        self.comparison = comparison
        self.value = value
    }
}

/// What is known of the values of a column chunk or a page.
struct ValueBounds {
    var min: ParquetFilter.Value?
    var max: ParquetFilter.Value?
    var nullCount: Int64?
    /// Values and nulls.
    var count: Int64

    /// Whether any of the values may satisfy a condition.
    func maySatisfy(_ filter: ParquetFilter) -> Bool {
        switch filter.comparison {
        case .isNull: return nullCount != 0
        case .isNotNull: return nullCount != count
        default: if nullCount == count { return false }
        }
        let value = filter.value
        switch filter.comparison {
        case .equal: return mayBeAtMost(value) && mayBeAtLeast(value)
        case .less: return min.flatMap { Self.isLess($0, value) } ?? true
        case .lessOrEqual: return mayBeAtMost(value)
        // NaN stands in no bounds, and some databases place it above all numbers.
        case .greater: return isDouble || (max.flatMap { Self.isLess(value, $0) } ?? true)
        case .greaterOrEqual: return isDouble || mayBeAtLeast(value)
        case .isNull, .isNotNull: return true
        }
    }

    private var isDouble: Bool { if case .double = max { true } else { false } }

    private func mayBeAtMost(_ value: ParquetFilter.Value) -> Bool {
        min.flatMap { Self.isLess(value, $0) } != true
    }

    private func mayBeAtLeast(_ value: ParquetFilter.Value) -> Bool {
        max.flatMap { Self.isLess($0, value) } != true
    }

    /// nil where the two cannot be compared.
    private static func isLess(_ a: ParquetFilter.Value, _ b: ParquetFilter.Value) -> Bool? {
        switch (a, b) {
        case (.integer(let a), .integer(let b)): a < b
        case (.double(let a), .double(let b)): a.isNaN || b.isNaN ? nil : a < b
        case (.bytes(let a), .bytes(let b)): a.lexicographicallyPrecedes(b)
        default: nil
        }
    }
}
