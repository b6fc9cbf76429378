/// The smallest and largest number of a column chunk (parquet.thrift, `ColumnOrder.TYPE_ORDER`).
struct WordBounds {
    private let isFloat: Bool
    private var low: Int64 = .max
    private var high: Int64 = .min
    private var floatLow = Double.infinity
    private var floatHigh = -Double.infinity
    private(set) var hasValues = false

    /// - Parameter isFloat: the words are the bits of Doubles.
    init(isFloat: Bool) {
        self.isFloat = isFloat
    }

    mutating func reset() {
        self = WordBounds(isFloat: isFloat)
    }

    /// The bounds of integers, nil where there were no values.
    var integers: (low: Int64, high: Int64)? { hasValues && !isFloat ? (low, high) : nil }

    /// Takes the bounds of other values in.
    mutating func merge(_ other: WordBounds) {
        guard other.hasValues else { return }
        low = min(low, other.low)
        high = max(high, other.high)
        floatLow = min(floatLow, other.floatLow)
        floatHigh = max(floatHigh, other.floatHigh)
        hasValues = true
    }

    /// Whether neither bound is less than that of other values.
    func isNotBelow(_ other: WordBounds) -> Bool {
        isFloat ? floatLow >= other.floatLow && floatHigh >= other.floatHigh : low >= other.low && high >= other.high
    }

    mutating func include(_ words: UnsafePointer<Int64>, count: Int) {
        if isFloat { includeFloats(words, count) } else { includeIntegers(words, count) }
    }

    private mutating func includeIntegers(_ words: UnsafePointer<Int64>, _ count: Int) {
        guard count > 0 else { return }
        hasValues = true
        var low = self.low
        var high = self.high
        for i in 0..<count {
            low = min(low, words[i])
            high = max(high, words[i])
        }
        self.low = low
        self.high = high
    }

    /// NaN has no place in the order and is left out.
    private mutating func includeFloats(_ words: UnsafePointer<Int64>, _ count: Int) {
        var low = floatLow
        var high = floatHigh
        var seen = hasValues
        for i in 0..<count {
            let value = Double(bitPattern: UInt64(bitPattern: words[i]))
            if value.isNaN { continue }
            seen = true
            if value < low { low = value }
            if value > high { high = value }
        }
        floatLow = low
        floatHigh = high
        hasValues = seen
    }

    /// The bounds as PLAIN encodes them.
    func plain(_ type: PhysicalType) -> EncodedBounds {
        guard hasValues else { return EncodedBounds() }
        if isFloat {
            // A zero may be either: the smallest is told as -0, the largest as +0.
            return EncodedBounds(
                min: plain(floatLow == 0 ? -0.0 : floatLow, type), max: plain(floatHigh == 0 ? 0.0 : floatHigh, type))
        }
        return EncodedBounds(min: plain(low, type), max: plain(high, type))
    }

    private func plain(_ value: Int64, _ type: PhysicalType) -> Statistics.Bound {
        let size = type == .boolean ? 1 : type == .int32 ? 4 : 8
        return Statistics.Bound(bytes: withUnsafeBytes(of: value.littleEndian) { Array($0.prefix(size)) })
    }

    private func plain(_ value: Double, _ type: PhysicalType) -> Statistics.Bound {
        if type == .float {
            return Statistics.Bound(bytes: withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { Array($0) })
        }
        return Statistics.Bound(bytes: withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
    }
}
