/// A fingerprint of all values of a column, made batch by batch: equal columns have equal digests, however their rows
/// were cut into batches and whatever file format they came from.
///
/// It proves conversions; it is no defence against someone who forges values.
package struct ColumnDigest: Hashable, Sendable {
    package private(set) var rows: Int64 = 0
    package private(set) var nulls: Int64 = 0
    /// The sum of the values' hashes: the same in any order of rows.
    package private(set) var unordered: UInt64 = 0
    /// A chain over the values' hashes: depends on the order of rows.
    package private(set) var ordered: UInt64 = 0
    private var sketch = DistinctSketch()

    package init() {}

    /// Sixteen hexadecimal digits, the same in any order of rows: what receipts show.
    package var checksum: String { unordered.sixteenDigits }

    /// What all that was added comes to.
    package var facts: ColumnFacts {
        ColumnFacts(
            rows: rows, nulls: nulls, distinct: sketch.estimate, unordered: unordered, ordered: ordered, sketch: sketch.fingerprint)
    }

    package mutating func add(_ column: ColumnVector) {
        let column = column.type == .json ? column.withJSONNullsAsNulls : column
        switch column.values {
        case .int64(let values):
            values.withUnsafeBufferPointer { values in
                add(column) { Self.mix(UInt64(bitPattern: values[$0])) }
            }
        case .int128(let values):
            values.withUnsafeBufferPointer { values in
                add(column) { row in
                    let value = UInt128(truncatingIfNeeded: values[row])
                    let low = Self.mix(UInt64(truncatingIfNeeded: value))
                    return Self.mix(low ^ UInt64(truncatingIfNeeded: value >> 64))
                }
            }
        case .float64(let values):
            values.withUnsafeBufferPointer { values in
                // All NaN are one value.
                add(column) { Self.mix(values[$0].isNaN ? Double.nan.bitPattern : values[$0].bitPattern) }
            }
        case .bytes(let values):
            let isJSON = column.type == .json
            values.bytes.withUnsafeBufferPointer { bytes in
                values.offsets.withUnsafeBufferPointer { offsets in
                    add(column) { row in
                        let value = bytes[Int(offsets[row])..<Int(offsets[row &+ 1])]
                        return isJSON ? Self.hash(ofJSON: value) : Self.hash(UnsafeBufferPointer(rebasing: value))
                    }
                }
            }
        }
    }

    @inline(__always)
    private mutating func add(_ column: ColumnVector, _ hash: (Int) -> UInt64) {
        var (sum, chain) = (unordered, ordered)
        sketch.withRegisters { registers in
            column.valid.withUnsafeBufferPointer { valid in
                for row in 0..<valid.count {
                    var value: UInt64 = 0x9E37_79B9_7F4A_7C15
                    if valid[row] {
                        value = hash(row)
                        DistinctSketch.note(value, in: registers)
                    }
                    sum &+= value
                    chain = (chain &* 0x0000_0100_0000_01B3) ^ value
                }
            }
        }
        (unordered, ordered) = (sum, chain)
        rows += Int64(column.count)
        nulls += Int64(column.nullCount)
    }

    /// The finaliser of MurmurHash3 (Appleby), which spreads every bit over all.
    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        var hash = value &+ 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 33)
    }

    @inline(__always)
    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = mix(UInt64(bytes.count))
        let raw = UnsafeRawBufferPointer(bytes)
        var at = 0
        while at &+ 8 <= raw.count {
            hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at &+= 8
        }
        var rest: UInt64 = 0
        while at < raw.count {
            rest = rest << 8 | UInt64(raw[at])
            at &+= 1
        }
        return mix(hash ^ rest)
    }

    /// JSON text may have its line ends made blanks on the way (JSON lines have one object a line), and blanks around it
    /// taken off.
    private static func hash(ofJSON bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64 {
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }
        let trimmed = bytes.drop(while: isBlank)
        let end = trimmed.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? trimmed.startIndex
        return trimmed[..<end].map { $0 == 10 || $0 == 13 ? 32 : $0 }.withUnsafeBufferPointer { hash($0) }
    }
}

extension ColumnVector {
    /// The JSON value `null` counts as null: formats without types of their own cannot keep the two apart.
    fileprivate var withJSONNullsAsNulls: ColumnVector {
        guard case .bytes(let texts) = values else { return self }
        var valid = self.valid
        for row in valid.indices where valid[row] && texts[row].elementsEqual("null".utf8) { valid[row] = false }
        return ColumnVector(type: type, values: values, valid: valid)
    }
}

/// The digests of all columns of a data set.
package struct DataDigest: Hashable, Sendable {
    package private(set) var columns: [ColumnDigest]

    package init(columnCount: Int) {
        columns = Array(repeating: ColumnDigest(), count: columnCount)
    }

    package mutating func add(_ batch: ColumnBatch) {
        for (index, column) in batch.columns.enumerated() { columns[index].add(column) }
    }

    /// Those of each column.
    package var facts: [ColumnFacts] { columns.map(\.facts) }

    /// Sixteen hexadecimal digits over all columns, in their order; the same in any order of rows.
    package var checksum: String { facts.checksum }
}
