import Columns

/// Reads one value from its text, exactly and without loss; nil where the text is not a value of the type.
///
/// All take the bytes without quotes and without surrounding blanks; empty text is never a value. They are called for
/// every cell, so they take pointers and allocate nothing.
enum CellParsing {
    typealias Bytes = UnsafeBufferPointer<UInt8>

    /// Decimal digits with an optional sign: `-12`, `+7`, `007`. `isPadded` says that eight bytes can be read from every place
    /// in the text.
    @inline(__always)
    static func int64(_ text: Bytes, isPadded: Bool = false) -> Int64? {
        var at = 0
        let count = text.count
        guard count > 0 else { return nil }
        let negative = text[0] == UInt8(ascii: "-")
        if negative || text[0] == UInt8(ascii: "+") { at = 1 }
        guard at < count else { return nil }
        if isPadded, count &- at <= 8, let start = text.baseAddress {
            guard let digits = DigitWord.digits(start + at, count: count &- at) else { return nil }
            let value = Int64(truncatingIfNeeded: digits)
            return negative ? 0 &- value : value
        }
        if count &- at <= 18 {
            var value: Int64 = 0
            while at < count {
                let digit = text[at] &- 48
                guard digit < 10 else { return nil }
                value = value &* 10 &+ Int64(digit)
                at &+= 1
            }
            return negative ? 0 &- value : value
        }
        return longInt64(text, from: at, negative: negative)
    }

    @inline(never)
    private static func longInt64(_ text: Bytes, from start: Int, negative: Bool) -> Int64? {
        var value: Int64 = 0
        for byte in text[start...] {
            let digit = byte &- 48
            guard digit < 10 else { return nil }
            let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowedToo) =
                negative ? tens.subtractingReportingOverflow(Int64(digit)) : tens.addingReportingOverflow(Int64(digit))
            guard !overflowed, !overflowedToo else { return nil }
            value = sum
        }
        return value
    }

    /// A plain decimal number with at most `scale` digits after the point (further zeros are allowed) and at most
    /// `precision - scale` before it; the unscaled value.
    @inline(__always)
    static func decimal(_ text: Bytes, precision: Int, scale: Int) -> Int64? {
        guard let value = decimal128(text, precision: precision, scale: scale) else { return nil }
        return Int64(exactly: value)
    }

    /// As ``narrowDecimal(_:precision:scale:)``, for texts of which eight bytes can be read from every place. `unit` and
    /// `limit` are 10 to the power of the scale and of the precision.
    @inline(__always)
    static func paddedDecimal(_ text: Bytes, precision: Int, scale: Int, unit: UInt64, limit: UInt64) -> Int64? {
        // Most often a few digits, the point and exactly `scale` digits.
        let point = text.count &- scale &- 1
        if point > 0, point <= 9, scale > 0, scale <= 8, let start = text.baseAddress, start[point] == UInt8(ascii: ".") {
            let negative = start[0] == UInt8(ascii: "-")
            let sign = negative ? 1 : 0
            if point &- sign > 0, point &- sign <= 8, let whole = DigitWord.digits(start + sign, count: point &- sign),
                let fraction = DigitWord.digits(start + (point &+ 1), count: scale)
            {
                let value = whole &* unit &+ fraction
                if value < limit {
                    return negative ? 0 &- Int64(truncatingIfNeeded: value) : Int64(truncatingIfNeeded: value)
                }
            }
        }
        return narrowDecimal(text, precision: precision, scale: scale)
    }

    /// As ``decimal(_:precision:scale:)`` for up to 18 digits, in 64-bit arithmetic.
    static func narrowDecimal(_ text: Bytes, precision: Int, scale: Int) -> Int64? {
        guard text.count <= 18 else { return decimal(text, precision: precision, scale: scale) }
        var at = 0
        let count = text.count
        guard count > 0 else { return nil }
        let negative = text[0] == UInt8(ascii: "-")
        if negative || text[0] == UInt8(ascii: "+") { at = 1 }
        var value: UInt64 = 0
        let wholeStart = at
        while at < count, text[at] &- 48 < 10 {
            value = value &* 10 &+ UInt64(text[at] &- 48)
            at &+= 1
        }
        var digits = at &- wholeStart
        var fraction = 0
        if at < count {
            guard text[at] == UInt8(ascii: ".") else { return nil }
            at &+= 1
            while at < count {
                let digit = text[at] &- 48
                guard digit < 10 else { return nil }
                if fraction < scale {
                    value = value &* 10 &+ UInt64(digit)
                    fraction &+= 1
                } else if digit != 0 {
                    return nil
                }
                digits &+= 1
                at &+= 1
            }
        }
        guard digits > 0, scale &- fraction < 19 else { return nil }
        let (scaled, overflowed) = value.multipliedReportingOverflow(by: ValueText.powersOfTen[scale &- fraction])
        guard !overflowed, scaled < ValueText.powersOfTen[precision] else { return nil }
        return negative ? 0 &- Int64(scaled) : Int64(scaled)
    }

    static func decimal128(_ text: Bytes, precision: Int, scale: Int) -> Int128? {
        var at = 0
        let count = text.count
        guard count > 0 else { return nil }
        let negative = text[0] == UInt8(ascii: "-")
        if negative || text[0] == UInt8(ascii: "+") { at = 1 }
        var value: Int128 = 0
        var significant = 0
        var digits = 0
        var fraction = 0
        var inFraction = false
        while at < count {
            let byte = text[at]
            at &+= 1
            if byte == UInt8(ascii: "."), !inFraction {
                inFraction = true
                continue
            }
            let digit = byte &- 48
            guard digit < 10 else { return nil }
            digits &+= 1
            if inFraction {
                if fraction == scale {
                    guard digit == 0 else { return nil }
                    continue
                }
                fraction &+= 1
            }
            if significant > 0 || digit != 0 { significant &+= 1 }
            guard significant <= ColumnType.maxPrecision else { return nil }
            value = value &* 10 &+ Int128(digit)
        }
        guard digits > 0 else { return nil }
        if value != 0 { significant &+= scale &- fraction }
        guard significant <= precision else { return nil }
        for _ in fraction..<scale { value = value &* 10 }
        return negative ? 0 &- value : value
    }

    /// `true`, `false`, `t`, `f`, `yes`, `no`, `y`, `n`, `1`, `0`, in any case. (Inference takes only the first two.)
    @inline(__always)
    static func bool(_ text: Bytes) -> Bool? {
        // Letters in any case: the words are ASCII, and no other byte becomes one of theirs.
        func lower(_ at: Int) -> UInt32 { UInt32(text[at] | 0x20) }
        func four() -> UInt32 { lower(0) | lower(1) << 8 | lower(2) << 16 | lower(3) << 24 }
        switch text.count {
        case 1:
            switch text[0] {
            case UInt8(ascii: "1"), UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "y"), UInt8(ascii: "Y"): return true
            case UInt8(ascii: "0"), UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "n"), UInt8(ascii: "N"): return false
            default: return nil
            }
        case 2: return lower(0) == 0x6E && lower(1) == 0x6F ? false : nil
        case 3: return lower(0) == 0x79 && lower(1) == 0x65 && lower(2) == 0x73 ? true : nil
        case 4: return four() == 0x6575_7274 ? true : nil
        case 5: return four() == 0x736C_6166 && lower(4) == 0x65 ? false : nil
        default: return nil
        }
    }

    /// 32 hexadecimal digits, in any case, with the usual four hyphens or none, perhaps in braces; appends 16 bytes.
    static func uuid(_ text: Bytes, to out: inout [UInt8]) -> Bool {
        var digits = text[...]
        if digits.first == UInt8(ascii: "{"), digits.last == UInt8(ascii: "}") { digits = digits.dropFirst().dropLast() }
        guard digits.count == 36 || digits.count == 32 else { return false }
        let hyphens = digits.count == 36
        let before = out.count
        var high: UInt8?
        for (i, byte) in digits.enumerated() {
            if hyphens, i == 8 || i == 13 || i == 18 || i == 23 {
                guard byte == UInt8(ascii: "-") else { break }
                continue
            }
            guard let value = hexDigit(byte) else { break }
            if let top = high {
                out.append(top << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        if out.count == before + 16 { return true }
        out.removeLast(out.count - before)
        return false
    }

    /// `\x` and two hexadecimal digits a byte; appends the bytes.
    static func hexBytes(_ text: Bytes, to out: inout [UInt8]) -> Bool {
        guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"), text[1] | 0x20 == UInt8(ascii: "x")
        else { return false }
        let before = out.count
        for at in stride(from: 2, to: text.count, by: 2) {
            guard let high = hexDigit(text[at]), let low = hexDigit(text[at + 1]) else {
                out.removeLast(out.count - before)
                return false
            }
            out.append(high << 4 | low)
        }
        return true
    }

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
