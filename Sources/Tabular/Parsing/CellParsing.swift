import Columns
import Glibc

/// Reads one value from its text, exactly and without loss; nil where the text is not a value of the type.
///
/// All take the bytes without quotes and without surrounding blanks; empty text is never a value. They are called for
/// every cell, so they take pointers and allocate nothing.
enum CellParsing {
    typealias Bytes = UnsafeBufferPointer<UInt8>

    /// Decimal digits with an optional sign: `-12`, `+7`, `007`.
    @inline(__always)
    static func int64(_ text: Bytes) -> Int64? {
        var at = 0
        let count = text.count
        guard count > 0 else { return nil }
        let negative = text[0] == UInt8(ascii: "-")
        if negative || text[0] == UInt8(ascii: "+") { at = 1 }
        guard at < count else { return nil }
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
        var value: Int64 = 0
        while at < count {
            let digit = text[at] &- 48
            guard digit < 10 else { return nil }
            let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowedToo) =
                negative ? tens.subtractingReportingOverflow(Int64(digit)) : tens.addingReportingOverflow(Int64(digit))
            guard !overflowed, !overflowedToo else { return nil }
            value = sum
            at &+= 1
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

    /// As ``decimal(_:precision:scale:)`` for up to 18 digits, in 64-bit arithmetic.
    @inline(__always)
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

    /// The longest text of a number; longer ones are not read.
    static let maxNumberBytes = 128

    /// A decimal number with optional exponent, correctly rounded; also `NaN`, `Infinity`, `inf` with optional sign, in any case.
    static func float64(_ text: Bytes) -> Double? {
        let count = text.count
        guard count > 0, count <= maxNumberBytes else { return nil }
        var at = 0
        let negative = text[0] == UInt8(ascii: "-")
        if negative || text[0] == UInt8(ascii: "+") { at = 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        var inFraction = false
        while at < count {
            let digit = text[at] &- 48
            if digit < 10 {
                digits &+= 1
                if digits <= 19 { mantissa = mantissa &* 10 &+ UInt64(digit) }
                if inFraction { exponent &-= 1 }
            } else if text[at] == UInt8(ascii: "."), !inFraction {
                inFraction = true
            } else {
                break
            }
            at &+= 1
        }
        guard digits > 0 else { return special(text) }
        if at < count {
            guard text[at] | 0x20 == UInt8(ascii: "e"),
                let power = int64(Bytes(rebasing: text[(at &+ 1)...])), exponentRange.contains(power)
            else { return nil }
            exponent += Int(power)
        }
        // Clinger's fast path: both numbers are exact in a double, so that one operation rounds correctly.
        if digits <= 19, mantissa < 1 << 53, exponent >= -22, exponent <= 22 {
            let value = Double(mantissa)
            let magnitude = exponent < 0 ? value / exactPowers[-exponent] : value * exactPowers[exponent]
            return negative ? -magnitude : magnitude
        }
        let value = withTerminated(text) { strtod($0, nil) }
        // What is too large for a double, or so small that nothing is left of it, is not read: that would lose it.
        return value.isFinite && (value != 0 || mantissa == 0) ? value : nil
    }

    /// As ``float64(_:)``, rounded once to single precision; nil where the number is beyond its range.
    static func float32(_ text: Bytes) -> Double? {
        guard let wide = float64(text) else { return nil }
        guard wide.isFinite, wide != 0 else { return wide }
        let value = withTerminated(text) { strtof($0, nil) }
        return value.isFinite && value != 0 ? Double(value) : nil
    }

    private static let exponentRange: ClosedRange<Int64> = -9999...9999

    /// Calls `body` with a copy of a number's text that C functions can read.
    private static func withTerminated<Value>(_ text: Bytes, _ body: (UnsafePointer<CChar>) -> Value) -> Value {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { copy in
            for i in 0..<text.count { copy[i] = CChar(bitPattern: text[i]) }
            copy[text.count] = 0
            guard let base = copy.baseAddress else { preconditionFailure("memory that is not empty has an address") }
            return body(UnsafePointer(base))
        }
    }

    private static let exactPowers: [Double] = (0...22).map { power in (0..<power).reduce(1.0) { value, _ in value * 10 } }

    private static func special(_ text: Bytes) -> Double? {
        switch String(decoding: text, as: UTF8.self).lowercased() {
        case "nan", "+nan", "-nan": .nan
        case "inf", "+inf", "infinity", "+infinity": .infinity
        case "-inf", "-infinity": -.infinity
        default: nil
        }
    }

    /// `true`, `false`, `t`, `f`, `yes`, `no`, `y`, `n`, `1`, `0`, in any case. (Inference takes only the first two.)
    static func bool(_ text: Bytes) -> Bool? {
        func spells(_ word: StaticString) -> Bool {
            let start = word.utf8Start
            return (0..<text.count).allSatisfy { text[$0] | 0x20 == start[$0] }
        }
        switch text.count {
        case 1:
            switch text[0] {
            case UInt8(ascii: "1"), UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "y"), UInt8(ascii: "Y"): return true
            case UInt8(ascii: "0"), UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "n"), UInt8(ascii: "N"): return false
            default: return nil
            }
        case 2: return spells("no") ? false : nil
        case 3: return spells("yes") ? true : nil
        case 4: return spells("true") ? true : nil
        case 5: return spells("false") ? false : nil
        default: return nil
        }
    }

    @inline(__always)
    private static func twoDigits(_ text: Bytes, _ at: Int) -> Int? {
        let tens = text[at] &- 48
        let ones = text[at &+ 1] &- 48
        return tens < 10 && ones < 10 ? Int(tens) &* 10 &+ Int(ones) : nil
    }

    /// `YYYY-MM-DD` (ISO 8601), and years beyond 9999 or before 0 in the expanded form `+YYYYY-MM-DD`; days since 1970-01-01.
    @inline(__always)
    static func date(_ text: Bytes) -> Int64? {
        guard text.count == 10 else { return expandedDate(text) }
        return datePrefix(text) ?? expandedDate(text)
    }

    /// The most digits of a year in ISO 8601's expanded form.
    private static let maxYearDigits = 7

    @inline(never)
    private static func expandedDate(_ text: Bytes) -> Int64? {
        guard text.count >= 11, text[0] == UInt8(ascii: "+") || text[0] == UInt8(ascii: "-") else { return nil }
        let digits = text.count - 7
        guard (4...maxYearDigits).contains(digits), let year = int64(Bytes(rebasing: text[0..<(digits + 1)])),
            text[digits + 1] == UInt8(ascii: "-"), text[digits + 4] == UInt8(ascii: "-"),
            let month = twoDigits(text, digits + 2), let day = twoDigits(text, digits + 5),
            CalendarDay.isValid(year: Int(year), month: month, day: day)
        else { return nil }
        return Int64(CalendarDay.days(year: Int(year), month: month, day: day))
    }

    @inline(__always)
    private static func datePrefix(_ text: Bytes) -> Int64? {
        guard text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"), let century = twoDigits(text, 0),
            let yearOfCentury = twoDigits(text, 2), let month = twoDigits(text, 5), let day = twoDigits(text, 8)
        else { return nil }
        let year = century &* 100 &+ yearOfCentury
        guard CalendarDay.isValid(year: year, month: month, day: day) else { return nil }
        return Int64(CalendarDay.days(year: year, month: month, day: day))
    }

    /// `HH:MM:SS` with up to six digits of fraction (further zeros are allowed); microseconds since midnight.
    @inline(__always)
    static func time(_ text: Bytes) -> Int64? {
        guard let (micros, end) = timePrefix(text, from: 0), end == text.count else { return nil }
        return micros
    }

    @inline(__always)
    private static func timePrefix(_ text: Bytes, from start: Int) -> (micros: Int64, end: Int)? {
        guard text.count >= start &+ 8, text[start &+ 2] == UInt8(ascii: ":"), text[start &+ 5] == UInt8(ascii: ":"),
            let hour = twoDigits(text, start), let minute = twoDigits(text, start &+ 3),
            let second = twoDigits(text, start &+ 6), hour < 24, minute < 60, second < 60
        else { return nil }
        var micros = Int64((hour &* 60 &+ minute) &* 60 &+ second) &* 1_000_000
        var at = start &+ 8
        guard at < text.count, text[at] == UInt8(ascii: ".") || text[at] == UInt8(ascii: ",") else { return (micros, at) }
        at &+= 1
        var unit: Int64 = 100_000
        let first = at
        while at < text.count, text[at] &- 48 < 10 {
            let digit = Int64(text[at] &- 48)
            if unit == 0, digit != 0 { return nil }
            micros &+= digit &* unit
            unit /= 10
            at &+= 1
        }
        return at > first ? (micros, at) : nil
    }

    /// A date, `T` or a blank, and a time; microseconds since 1970-01-01T00:00:00. Also a date alone: its midnight.
    static func timestamp(_ text: Bytes) -> Int64? {
        if let days = date(text) { return abs(days) <= maxTimestampDays ? days &* 86_400_000_000 : nil }
        guard let (micros, end) = dateAndTime(text), end == text.count else { return nil }
        return micros
    }

    /// As ``timestamp(_:)`` with `Z`, `±HH`, `±HHMM` or `±HH:MM` behind it; microseconds since 1970-01-01T00:00:00Z.
    static func timestamptz(_ text: Bytes) -> Int64? {
        guard let (micros, end) = dateAndTime(text), end < text.count else { return nil }
        guard let offset = zoneOffset(text, from: end) else { return nil }
        return micros &- offset
    }

    /// What 64 bits of microseconds hold, in days.
    private static let maxTimestampDays: Int64 = 106_000_000

    private static func dateAndTime(_ text: Bytes) -> (micros: Int64, end: Int)? {
        var dateEnd = 10
        if text.count > 0, text[0] == UInt8(ascii: "+") || text[0] == UInt8(ascii: "-") {
            guard let separator = text.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "t") || $0 == UInt8(ascii: " ") })
            else { return nil }
            dateEnd = separator
        }
        guard text.count >= dateEnd + 9, text[dateEnd] | 0x20 == UInt8(ascii: "t") || text[dateEnd] == UInt8(ascii: " "),
            let days = date(Bytes(rebasing: text[..<dateEnd])), abs(days) <= maxTimestampDays,
            let (micros, end) = timePrefix(text, from: dateEnd + 1)
        else { return nil }
        return (days &* 86_400_000_000 &+ micros, end)
    }

    /// A zone's offset from UTC in microseconds.
    private static func zoneOffset(_ text: Bytes, from start: Int) -> Int64? {
        if text[start] | 0x20 == UInt8(ascii: "z") { return text.count == start + 1 ? 0 : nil }
        let negative = text[start] == UInt8(ascii: "-")
        guard negative || text[start] == UInt8(ascii: "+"), text.count >= start + 3, let hours = twoDigits(text, start + 1)
        else { return nil }
        var minutes = 0
        switch text.count - start {
        case 3: break
        case 5:
            guard let value = twoDigits(text, start + 3) else { return nil }
            minutes = value
        case 6:
            guard text[start + 3] == UInt8(ascii: ":"), let value = twoDigits(text, start + 4) else { return nil }
            minutes = value
        default: return nil
        }
        guard hours <= 15, minutes < 60 else { return nil }
        let micros = Int64(hours * 60 + minutes) * 60_000_000
        return negative ? -micros : micros
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
