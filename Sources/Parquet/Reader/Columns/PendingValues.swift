import Columns

/// Decoded values of a column that no batch has taken yet.
struct PendingValues {
    let type: ColumnType
    var valid: [Bool] = []
    var nullCount = 0
    /// One of these is filled, by the type's storage.
    var words: [Int64] = []
    var wides: [Int128] = []
    var doubles: [Double] = []
    var bytes = ByteValues()

    init(_ type: ColumnType) {
        self.type = type
    }

    var count: Int { valid.count }

    /// Takes the first `count` rows out; cheap where they are all that there are.
    mutating func take(_ count: Int) -> ColumnVector {
        if count == self.count {
            defer { self = PendingValues(type) }
            return ColumnVector(type: type, values: values, valid: valid, nullCount: nullCount)
        }
        var rest = PendingValues(type)
        rest.valid = Array(valid[count...])
        rest.nullCount = rest.valid.count { !$0 }
        valid.removeLast(rest.count)
        nullCount -= rest.nullCount
        switch type.storage {
        case .int64: rest.words = Self.split(&words, at: count)
        case .int128: rest.wides = Self.split(&wides, at: count)
        case .float64: rest.doubles = Self.split(&doubles, at: count)
        case .bytes:
            let cut = bytes.offsets[count]
            rest.bytes.bytes = Self.split(&bytes.bytes, at: Int(cut))
            rest.bytes.offsets = bytes.offsets[count...].map { $0 - cut }
            bytes.offsets.removeLast(bytes.offsets.count - count - 1)
        }
        defer { self = rest }
        return ColumnVector(type: type, values: values, valid: valid, nullCount: nullCount)
    }

    private var values: ColumnValues {
        switch type.storage {
        case .int64: .int64(words)
        case .int128: .int128(wides)
        case .float64: .float64(doubles)
        case .bytes: .bytes(bytes)
        }
    }

    private static func split<Element>(_ array: inout [Element], at count: Int) -> [Element] {
        let rest = Array(array[count...])
        array.removeLast(rest.count)
        return rest
    }

    /// Moves the last `dense` values apart so that they stand in the rows that are not null: the last `rows` of `valid`.
    mutating func spread(dense: Int, over rows: Int) {
        guard dense < rows else { return }
        nullCount += rows - dense
        let first = valid.count - rows
        switch type.storage {
        case .int64: Self.spread(&words, valid, first, dense: dense, rows: rows)
        case .int128: Self.spread(&wides, valid, first, dense: dense, rows: rows)
        case .float64: Self.spread(&doubles, valid, first, dense: dense, rows: rows)
        case .bytes: spreadOffsets(first, dense: dense, rows: rows)
        }
    }

    private static func spread<Number: Numeric>(
        _ values: inout [Number], _ valid: [Bool], _ first: Int, dense: Int, rows: Int
    ) {
        values.append(contentsOf: repeatElement(0, count: rows - dense))
        values.withUnsafeMutableBufferPointer { values in
            valid.withUnsafeBufferPointer { valid in
                var source = first &+ dense
                var row = first &+ rows
                while row > first {
                    row &-= 1
                    if valid[row] {
                        source &-= 1
                        values[row] = values[source]
                    } else {
                        values[row] = 0
                    }
                }
            }
        }
    }

    private mutating func spreadOffsets(_ first: Int, dense: Int, rows: Int) {
        bytes.offsets.append(contentsOf: repeatElement(0, count: rows - dense))
        bytes.offsets.withUnsafeMutableBufferPointer { offsets in
            valid.withUnsafeBufferPointer { valid in
                // offsets[row + 1] is where the value of a row ends; a null ends where the one before it does.
                var source = first &+ dense
                var row = first &+ rows
                while row > first {
                    row &-= 1
                    offsets[row &+ 1] = offsets[source]
                    if valid[row] { source &-= 1 }
                }
            }
        }
    }
}
