import Columns
import Glibc

/// The smallest and largest byte string of a column chunk, in the order of unsigned bytes; of decimals, in that of
/// numbers (parquet.thrift, `ColumnOrder.TYPE_ORDER`).
struct BytesBounds {
    /// Longer bounds are cut, and then are not exact.
    static let maxBytes = 64

    private let type: ColumnType
    private let isSigned: Bool
    private var low: [UInt8]?
    private var high: [UInt8]?

    init(_ type: ColumnType) {
        self.type = type
        if case .decimal = type { isSigned = true } else { isSigned = false }
    }

    mutating func reset() {
        low = nil
        high = nil
    }

    var hasValues: Bool { low != nil }

    /// - Parameter value: where byte string `i` begins, and its length.
    mutating func include(count: Int, _ value: (Int) -> (UnsafeRawPointer, Int)) {
        guard count > 0 else { return }
        var low = value(0)
        var high = low
        for i in 1..<max(1, count) {
            let next = value(i)
            if isLess(next, low) {
                low = next
            } else if isLess(high, next) {
                high = next
            }
        }
        include(low: low, high: high)
    }

    /// Takes the bounds of other values in.
    mutating func merge(_ other: BytesBounds) {
        guard let low = other.low, let high = other.high else { return }
        Self.withPointers(low, high) { include(low: $0, high: $1) }
    }

    private mutating func include(low: (UnsafeRawPointer, Int), high: (UnsafeRawPointer, Int)) {
        guard let knownLow = self.low, let knownHigh = self.high else {
            self.low = Self.copy(low)
            self.high = Self.copy(high)
            return
        }
        Self.withPointers(knownLow, knownHigh) { knownLow, knownHigh in
            if isLess(low, knownLow) { self.low = Self.copy(low) }
            if isLess(knownHigh, high) { self.high = Self.copy(high) }
        }
    }

    /// Whether neither bound is less than that of other values.
    func isNotBelow(_ other: BytesBounds) -> Bool {
        guard let low, let high, let otherLow = other.low, let otherHigh = other.high else { return true }
        return Self.withPointers(low, high) { low, high in
            Self.withPointers(otherLow, otherHigh) { otherLow, otherHigh in !isLess(low, otherLow) && !isLess(high, otherHigh) }
        }
    }

    private static func withPointers<Result>(
        _ low: [UInt8], _ high: [UInt8], _ body: ((UnsafeRawPointer, Int), (UnsafeRawPointer, Int)) -> Result
    ) -> Result {
        // One byte more, so that an empty string has an address too.
        (low + [0]).withUnsafeBytes { lowBytes in
            (high + [0]).withUnsafeBytes { highBytes in
                guard let lowBase = lowBytes.baseAddress, let highBase = highBytes.baseAddress else {
                    preconditionFailure("an array of one byte at least")
                }
                return body((lowBase, low.count), (highBase, high.count))
            }
        }
    }

    private static func copy(_ value: (UnsafeRawPointer, Int)) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: value.0, count: value.1))
    }

    @inline(__always)
    private func isLess(_ a: (UnsafeRawPointer, Int), _ b: (UnsafeRawPointer, Int)) -> Bool {
        if isSigned, a.1 > 0, b.1 > 0 {
            let first = Int8(bitPattern: a.0.load(as: UInt8.self))
            let second = Int8(bitPattern: b.0.load(as: UInt8.self))
            if first != second { return first < second }
        }
        let order = memcmp(a.0, b.0, min(a.1, b.1))
        return order != 0 ? order < 0 : a.1 < b.1
    }

    /// The bounds, cut where they are long.
    var bounds: EncodedBounds {
        guard let low, let high else { return EncodedBounds() }
        return EncodedBounds(min: Self.lower(low, isText: type.isText), max: Self.upper(high, isText: type.isText))
    }

    /// A front part of a value is not greater than it.
    static func lower(_ value: [UInt8], isText: Bool) -> Statistics.Bound {
        guard value.count > maxBytes else { return Statistics.Bound(bytes: value) }
        return Statistics.Bound(bytes: Array(value[..<cut(value, isText)]), isExact: false)
    }

    /// A front part whose last character (or byte) is one greater is greater than the value; nil where none can be.
    static func upper(_ value: [UInt8], isText: Bool) -> Statistics.Bound? {
        guard value.count > maxBytes else { return Statistics.Bound(bytes: value) }
        let front = value[..<cut(value, isText)]
        guard let bytes = isText ? increased(text: front) : increased(bytes: front) else { return nil }
        return Statistics.Bound(bytes: bytes, isExact: false)
    }

    /// Where to cut so that no character is cut in two.
    private static func cut(_ value: [UInt8], _ isText: Bool) -> Int {
        var end = maxBytes
        guard isText else { return end }
        while end > 0, value[end] & 0xC0 == 0x80 { end -= 1 }
        return end
    }

    private static func increased(bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes = Array(bytes)
        while let last = bytes.popLast() {
            if last < 0xFF { return bytes + [last + 1] }
        }
        return nil
    }

    private static func increased(text: ArraySlice<UInt8>) -> [UInt8]? {
        var scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
        while let last = scalars.popLast() {
            // The code points of surrogates, which no text may have, are leapt over.
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            guard let greater = Unicode.Scalar(next) else { continue }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            view.append(greater)
            return Array(String(view).utf8)
        }
        return nil
    }
}
