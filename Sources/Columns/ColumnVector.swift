/// Byte strings laid end to end: value `i` is `bytes[offsets[i]..<offsets[i + 1]]`.
///
/// `offsets` has one element more than there are values and begins with 0. A batch's bytes stay below 4 GiB.
package struct ByteValues: Hashable, Sendable {
    package var offsets: [UInt32]
    package var bytes: [UInt8]

    package init(offsets: [UInt32] = [0], bytes: [UInt8] = []) {
        self.offsets = offsets
        self.bytes = bytes
    }

    package var count: Int { offsets.count - 1 }

    package subscript(_ row: Int) -> ArraySlice<UInt8> {
        bytes[Int(offsets[row])..<Int(offsets[row + 1])]
    }

    package mutating func append(_ value: some Collection<UInt8>) {
        bytes.append(contentsOf: value)
        offsets.append(UInt32(bytes.count))
    }

    package mutating func append(_ value: String) {
        append(value.utf8)
    }
}

/// A column's values, one element a row, in the layout its type asks for (``ColumnType/storage``).
///
/// Rows that are null hold 0 or an empty byte string, so that every array has one element a row.
package enum ColumnValues: Hashable, Sendable {
    /// bool (0 or 1), integers, date (days), time, timestamp and timestamptz (microseconds), and decimals of up to
    /// 18 digits (unscaled).
    case int64([Int64])
    /// Decimals of 19 to 38 digits, unscaled.
    case int128([Int128])
    /// float64, and float32 (each value is exactly a Float).
    case float64([Double])
    /// text, json (UTF-8), bytes, and uuid (16 bytes each).
    case bytes(ByteValues)

    package init(empty storage: ColumnType.Storage) {
        switch storage {
        case .int64: self = .int64([])
        case .int128: self = .int128([])
        case .float64: self = .float64([])
        case .bytes: self = .bytes(ByteValues())
        }
    }

    package var count: Int {
        switch self {
        case .int64(let values): values.count
        case .int128(let values): values.count
        case .float64(let values): values.count
        case .bytes(let values): values.count
        }
    }
}

/// One column of a batch: values and which of them are there.
package struct ColumnVector: Hashable, Sendable {
    package var type: ColumnType
    package var values: ColumnValues
    /// One element a row: false where the value is null.
    package var valid: [Bool]
    package var nullCount: Int

    package init(type: ColumnType, values: ColumnValues, valid: [Bool], nullCount: Int) {
        assert(values.count == valid.count)
        self.type = type
        self.values = values
        self.valid = valid
        self.nullCount = nullCount
    }

    /// Counts the nulls itself.
    package init(type: ColumnType, values: ColumnValues, valid: [Bool]) {
        self.init(type: type, values: values, valid: valid, nullCount: valid.count { !$0 })
    }

    /// An empty column of a type.
    package init(empty type: ColumnType) {
        self.init(type: type, values: ColumnValues(empty: type.storage), valid: [], nullCount: 0)
    }

    package var count: Int { valid.count }
}
