/// What a ``ColumnDigest`` comes to in the end: small enough to be kept, and to be held against that of another reading.
package struct ColumnFacts: Hashable, Sendable, Codable {
    package var rows: Int64
    package var nulls: Int64
    /// About how many different values there are (``DistinctSketch/estimate``).
    package var distinct: Int64
    /// The sum of the values' hashes: the same in any order of rows.
    package var unordered: UInt64
    /// A chain over the values' hashes: depends on the order of rows.
    package var ordered: UInt64
    /// A digest of the sketch that `distinct` was estimated from.
    package var sketch: UInt64

    package init(rows: Int64, nulls: Int64, distinct: Int64, unordered: UInt64, ordered: UInt64, sketch: UInt64) {
        self.rows = rows
        self.nulls = nulls
        self.distinct = distinct
        self.unordered = unordered
        self.ordered = ordered
        self.sketch = sketch
    }

    /// Sixteen hexadecimal digits, the same in any order of rows: what receipts show.
    package var checksum: String { unordered.sixteenDigits }

    /// Whether both are of the same values, in whatever order.
    package func hasSameValues(as other: ColumnFacts) -> Bool {
        var other = other
        other.ordered = ordered
        return self == other
    }
}

extension [ColumnFacts] {
    /// Sixteen hexadecimal digits over all columns, in their order; the same in any order of rows.
    package var checksum: String {
        var whole = ColumnDigest()
        let hashes = enumerated().map { Int64(bitPattern: $0.element.unordered) &* Int64($0.offset * 2 + 1) }
        whole.add(ColumnVector(type: .int64, values: .int64(hashes), valid: hashes.map { _ in true }))
        return whole.checksum
    }
}

extension UInt64 {
    var sixteenDigits: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
