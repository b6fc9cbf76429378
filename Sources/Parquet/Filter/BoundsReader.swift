import Columns

/// Turns the bounds of a leaf's statistics into values as batches hold them.
struct BoundsReader {
    private let form: ValueForm
    /// Whether `min_value` and `max_value` have a meaning: the file says in which order they are.
    private let hasOrder: Bool

    /// - Parameter order: the leaf's member of `ColumnOrder`, nil where the file does not say.
    init(_ form: ValueForm, order: Int16?) {
        self.form = form
        hasOrder = order == FileMetaData.typeDefinedOrder
    }

    func bounds(_ statistics: Statistics?, count: Int64) -> ValueBounds {
        var bounds = ValueBounds(min: nil, max: nil, nullCount: statistics?.nullCount, count: count)
        guard let statistics else { return bounds }
        if hasOrder, let min = statistics.min, let max = statistics.max {
            set(&bounds, min.bytes, max.bytes)
        } else if isSigned, let min = statistics.oldMin, let max = statistics.oldMax {
            set(&bounds, min, max)
        }
        return bounds
    }

    /// The bounds of page `index`.
    func bounds(_ columnIndex: ColumnIndex, page index: Int, count: Int64) -> ValueBounds {
        var bounds = ValueBounds(min: nil, max: nil, nullCount: columnIndex.nullCounts?[index], count: count)
        if columnIndex.nullPages[index] {
            bounds.nullCount = count
        } else if hasOrder {
            set(&bounds, columnIndex.minValues[index], columnIndex.maxValues[index])
        }
        return bounds
    }

    private func set(_ bounds: inout ValueBounds, _ min: [UInt8], _ max: [UInt8]) {
        guard keepsOrder, let min = value(min), let max = value(max) else { return }
        if case .double(let low) = min, case .double(let high) = max {
            guard !low.isNaN, !high.isNaN else { return }
            // A zero may stand for the other one.
            bounds.min = .double(low == 0 ? -0.0 : low)
            bounds.max = .double(high == 0 ? 0.0 : high)
        } else {
            bounds.min = min
            bounds.max = max
        }
    }

    /// Whether values of ours are in the same order as those of the file.
    private var keepsOrder: Bool {
        switch form.type.conversion {
        case .none, .unsigned, .signed, .unsignedWide, .wide, .timestamp, .time(_, isUTC: false), .decimal, .float16, .utf8: true
        case .time, .int96, .timestampText, .timeText, .int96Text, .decimalText: false
        }
    }

    /// Whether the old writers' comparison of signed numbers was right.
    private var isSigned: Bool {
        guard form.physical == .int32 || form.physical == .int64 else { return false }
        switch form.type.conversion {
        case .unsigned, .unsignedWide: return false
        default: return true
        }
    }

    /// The hash of a value as bloom filters have it; nil where the file's values are not stored as ours are.
    func hash(_ value: ParquetFilter.Value) -> UInt64? {
        switch (form.type.conversion, value) {
        case (.none, .integer(let number)):
            guard form.physical == .int32 || form.physical == .int64, let word = Int64(exactly: number) else { return nil }
            return Self.hash(word, form.physical)
        case (.none, .double(let number)):
            // Either zero may be meant, and NaN has many spellings.
            guard form.physical == .float || form.physical == .double, number != 0, !number.isNaN else { return nil }
            return Self.hash(Int64(bitPattern: number.bitPattern), form.physical)
        case (.none, .bytes(let bytes)), (.utf8, .bytes(let bytes)): return bytes.withUnsafeBytes { XXHash64.hash($0) }
        default: return nil
        }
    }

    private static func hash(_ word: Int64, _ type: PhysicalType) -> UInt64 {
        withUnsafeBytes(of: BloomBuilder.plain(word, type)) {
            XXHash64.hash(UnsafeRawBufferPointer(rebasing: $0[..<(type.width ?? 8)]))
        }
    }

    /// Decodes one value; nil where that is not possible.
    private func value(_ bytes: [UInt8]) -> ParquetFilter.Value? {
        var plain = bytes
        if form.physical == .byteArray {
            guard bytes.count <= ParquetLimits.maxPageHeaderBytes else { return nil }
            plain = withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { Array($0) } + bytes
        } else if form.physical != .boolean {
            guard bytes.count == form.width else { return nil }
        }
        var decoded = PendingValues(form.type.column)
        let done: Void? = plain.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var decoder = ValueDecoder.plain(PlainDecoder(base, end: base + bytes.count))
            return try? form.decode(1, from: &decoder, into: &decoded)
        }
        guard done != nil else { return nil }
        switch form.type.column.storage {
        case .int64: return decoded.words.first.map { .integer(Int128($0)) }
        case .int128: return decoded.wides.first.map { .integer($0) }
        case .float64: return decoded.doubles.first.map { .double($0) }
        case .bytes: return .bytes(decoded.bytes.bytes)
        }
    }
}
