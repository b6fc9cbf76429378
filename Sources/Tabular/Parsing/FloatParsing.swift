import Glibc

extension CellParsing {
    /// The longest text of a number; longer ones are not read.
    static let maxNumberBytes = 128

    /// A decimal number with optional exponent, correctly rounded; also `NaN`, `Infinity`, `inf` with optional sign, in any case.
    static func float64(_ text: Bytes) -> Double? {
        let count = text.count
        guard count > 0, count <= maxNumberBytes, let start = text.baseAddress else { return nil }
        var at = 0
        let negative = text[0] == UInt8(ascii: "-")
        if negative || text[0] == UInt8(ascii: "+") { at = 1 }
        var mantissa: UInt64 = 0
        let wholeStart = at
        at = digits(text, from: at, into: &mantissa)
        var digits = at &- wholeStart
        var exponent = 0
        if at < count, text[at] == UInt8(ascii: ".") {
            let fractionStart = at &+ 1
            at = fractionStart
            while count &- at >= 8, let eight = DigitWord.eightDigits(start + at) {
                mantissa = mantissa &* 100_000_000 &+ eight
                at &+= 8
            }
            at = Self.digits(text, from: at, into: &mantissa)
            exponent = fractionStart &- at
            digits &+= at &- fractionStart
        }
        guard digits > 0 else { return special(text) }
        let digitsEnd = at
        if at < count {
            guard text[at] | 0x20 == UInt8(ascii: "e"),
                let power = int64(Bytes(rebasing: text[(at &+ 1)...])), exponentRange.contains(power)
            else { return nil }
            exponent &+= Int(power)
        }
        if digits > maxMantissaDigits {
            guard let short = shortMantissa(text, from: wholeStart, to: digitsEnd) else { return longFloat64(text) }
            mantissa = short
        }
        if mantissa == 0 { return negative ? -0.0 : 0.0 }
        guard let value = rounded(mantissa, exponent) else { return longFloat64(text) }
        return negative ? -value : value
    }

    /// As ``float64(_:)``, rounded once to single precision; nil where the number is beyond its range.
    static func float32(_ text: Bytes) -> Double? {
        guard let wide = float64(text) else { return nil }
        guard wide.isFinite, wide != 0 else { return wide }
        // Rounding twice differs from rounding once only where the double lies in the middle between two floats.
        let isNormal = wide.magnitude >= Double(Float.leastNormalMagnitude)
        let value =
            isNormal && wide.bitPattern & 0x1FFF_FFFF != 0x1000_0000 ? Float(wide) : withTerminated(text) { strtof($0, nil) }
        return value.isFinite && value != 0 ? Double(value) : nil
    }

    private static let exponentRange: ClosedRange<Int64> = -9999...9999
    /// Any number of so many digits fits in 64 bits.
    private static let maxMantissaDigits = 19

    /// Reads digits up to the first byte that is none, and returns where that stands.
    @inline(__always)
    private static func digits(_ text: Bytes, from start: Int, into value: inout UInt64) -> Int {
        var at = start
        while at < text.count {
            let digit = text[at] &- 48
            guard digit < 10 else { break }
            value = value &* 10 &+ UInt64(digit)
            at &+= 1
        }
        return at
    }

    /// The digits of a number that is long because of zeros at its beginning; nil where it is not.
    @inline(never)
    private static func shortMantissa(_ text: Bytes, from start: Int, to end: Int) -> UInt64? {
        var mantissa: UInt64 = 0
        var digits = 0
        for byte in text[start..<end] where byte != UInt8(ascii: ".") && (digits > 0 || byte != 48) {
            mantissa = mantissa &* 10 &+ UInt64(byte &- 48)
            digits += 1
        }
        return digits <= maxMantissaDigits ? mantissa : nil
    }

    /// The double nearest to `mantissa` × 10^`exponent`; nil where that takes more than 128 bits to decide, or is no normal
    /// number.
    ///
    /// How this works: the algorithm of Eisel and Lemire ("Number Parsing at a Gigabyte per Second", 2021). The mantissa is
    /// multiplied by the highest bits of 5^exponent; as long as the product's bits behind the double's cannot change by what
    /// was left out, they round as the exact product would.
    @inline(__always)
    private static func rounded(_ mantissa: UInt64, _ exponent: Int) -> Double? {
        guard PowersOfFive.exponents.contains(exponent) else { return nil }
        let power = PowersOfFive.shared[exponent]
        let leading = mantissa.leadingZeroBitCount
        let factor = mantissa << UInt64(leading)
        var (high, low) = factor.multipliedFullWidth(by: power.high)
        if high & 0x1FF == 0x1FF {
            let (sum, overflow) = low.addingReportingOverflow(factor.multipliedFullWidth(by: power.low).high)
            low = sum
            if overflow { high &+= 1 }
            if low == .max, exponent < -27 || exponent > 55 { return nil }
        }
        let upper = Int(high >> 63)
        // 53 bits and one to round by.
        var digits = high >> UInt64(upper &+ 9)
        // log2(10) × exponent, rounded down.
        var binary = ((217_706 &* exponent) >> 16) &+ 63 &+ upper &- leading &+ 1023
        guard binary > 0 else { return nil }
        if low <= 1, exponent >= -4, exponent <= 23, digits & 3 == 1, digits << UInt64(upper &+ 9) == high {
            // Exactly in the middle: the even neighbour is the lower one.
            digits &= ~1
        }
        digits = (digits &+ (digits & 1)) >> 1
        if digits == 1 << 53 {
            digits = 1 << 52
            binary &+= 1
        }
        guard binary < 2047 else { return nil }
        return Double(bitPattern: UInt64(truncatingIfNeeded: binary) << 52 | (digits & (1 << 52 &- 1)))
    }

    /// A number whose text is sound but too long, too large or too small for the fast way.
    @inline(never)
    private static func longFloat64(_ text: Bytes) -> Double? {
        let value = withTerminated(text) { strtod($0, nil) }
        // What is too large for a double, or so small that nothing is left of it, is not read: that would lose it.
        guard value.isFinite else { return nil }
        return value != 0 || text.prefix { $0 | 0x20 != UInt8(ascii: "e") }.allSatisfy { !(49...57).contains($0) } ? value : nil
    }

    /// Calls `body` with a copy of a number's text that C functions can read.
    private static func withTerminated<Value>(_ text: Bytes, _ body: (UnsafePointer<CChar>) -> Value) -> Value {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { copy in
            for i in 0..<text.count { copy[i] = CChar(bitPattern: text[i]) }
            copy[text.count] = 0
            guard let base = copy.baseAddress else { preconditionFailure("memory that is not empty has an address") }
            return body(UnsafePointer(base))
        }
    }

    private static func special(_ text: Bytes) -> Double? {
        switch String(decoding: text, as: UTF8.self).lowercased() {
        case "nan", "+nan", "-nan": .nan
        case "inf", "+inf", "infinity", "+infinity": .infinity
        case "-inf", "-infinity": -.infinity
        default: nil
        }
    }
}
