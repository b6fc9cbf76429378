/// How values are spelled as text, the same in CSV, JSON and COPY.
///
/// | type | text |
/// |---|---|
/// | bool | `true`, `false` |
/// | decimal | all digits of the scale: `12.50` |
/// | float | the shortest text that reads back as the same value; `NaN`, `Infinity`, `-Infinity` |
/// | date | `2026-01-31`; years outside 1...9999 as in ISO 8601's expanded form with a sign |
/// | time, timestamp | `13:05:09` with up to six digits of fraction, none where it is zero; `2026-01-31T13:05:09.25` |
/// | timestamptz | the same, in UTC, with `Z` |
/// | uuid | lower-case, with hyphens |
/// | bytes | `\x` and two hexadecimal digits a byte (PostgreSQL's hex format) |
package enum ValueText {
    /// Appends the text of an integer.
    @inlinable
    package static func append(_ value: Int64, to out: inout [UInt8]) {
        if value < 0 { out.append(UInt8(ascii: "-")) }
        appendDigits(value.magnitude, minimum: 1, to: &out)
    }

    /// Appends digits, padded on the left with zeros to `minimum`.
    @inlinable
    package static func appendDigits(_ value: UInt64, minimum: Int, to out: inout [UInt8]) {
        var rest = value
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var at = 20
            repeat {
                at &-= 1
                digits[at] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
                rest /= 10
            } while rest != 0
            while 20 &- at < minimum {
                at &-= 1
                digits[at] = 48
            }
            out.append(contentsOf: digits[at..<20])
        }
    }

    /// Appends a decimal from its unscaled value.
    package static func append(unscaled value: Int64, scale: Int, to out: inout [UInt8]) {
        if value < 0 { out.append(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        guard scale > 0 else { return appendDigits(magnitude, minimum: 1, to: &out) }
        let unit = powersOfTen[scale]
        appendDigits(magnitude / unit, minimum: 1, to: &out)
        out.append(UInt8(ascii: "."))
        appendDigits(magnitude % unit, minimum: scale, to: &out)
    }

    /// Appends a decimal from its unscaled 128-bit value.
    package static func append(unscaled value: Int128, scale: Int, to out: inout [UInt8]) {
        var digits = Array(String(value.magnitude).utf8)
        if digits.count <= scale { digits.insert(contentsOf: repeatElement(48, count: scale + 1 - digits.count), at: 0) }
        if value < 0 { out.append(UInt8(ascii: "-")) }
        out.append(contentsOf: digits.dropLast(scale))
        if scale > 0 {
            out.append(UInt8(ascii: "."))
            out.append(contentsOf: digits.suffix(scale))
        }
    }

    package static func append(_ value: Double, to out: inout [UInt8]) {
        if value.isFinite {
            out.append(contentsOf: value.description.utf8)
        } else {
            out.append(contentsOf: (value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity").utf8)
        }
    }

    package static func append(_ value: Float, to out: inout [UInt8]) {
        if value.isFinite { out.append(contentsOf: value.description.utf8) } else { append(Double(value), to: &out) }
    }

    package static func appendDate(days: Int64, to out: inout [UInt8]) {
        let (year, month, day) = CalendarDay.civil(days: Int(days))
        if year < 0 { out.append(UInt8(ascii: "-")) } else if year > 9999 { out.append(UInt8(ascii: "+")) }
        appendDigits(UInt64(year.magnitude), minimum: 4, to: &out)
        out.append(UInt8(ascii: "-"))
        appendDigits(UInt64(month), minimum: 2, to: &out)
        out.append(UInt8(ascii: "-"))
        appendDigits(UInt64(day), minimum: 2, to: &out)
    }

    package static func appendTime(micros: Int64, to out: inout [UInt8]) {
        let seconds = UInt64(micros) / 1_000_000
        appendDigits(seconds / 3600, minimum: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        appendDigits(seconds / 60 % 60, minimum: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        appendDigits(seconds % 60, minimum: 2, to: &out)
        var fraction = UInt64(micros) % 1_000_000
        guard fraction > 0 else { return }
        var width = 6
        while fraction % 10 == 0 {
            fraction /= 10
            width -= 1
        }
        out.append(UInt8(ascii: "."))
        appendDigits(fraction, minimum: width, to: &out)
    }

    package static func appendTimestamp(micros: Int64, utc: Bool, to out: inout [UInt8]) {
        let (days, rest) = micros.flooredDivision(by: 86_400_000_000)
        appendDate(days: days, to: &out)
        out.append(UInt8(ascii: "T"))
        appendTime(micros: rest, to: &out)
        if utc { out.append(UInt8(ascii: "Z")) }
    }

    package static func appendUUID(_ bytes: some Collection<UInt8>, to out: inout [UInt8]) {
        for (i, byte) in bytes.enumerated() {
            if i == 4 || i == 6 || i == 8 || i == 10 { out.append(UInt8(ascii: "-")) }
            appendHex(byte, to: &out)
        }
    }

    package static func appendHex(_ byte: UInt8, to out: inout [UInt8]) {
        let digits: StaticString = "0123456789abcdef"
        out.append(digits.utf8Start[Int(byte >> 4)])
        out.append(digits.utf8Start[Int(byte & 15)])
    }

    /// 10^0 ... 10^19.
    package static let powersOfTen: [UInt64] = {
        var powers: [UInt64] = [1]
        for _ in 1...19 { powers.append(powers.last! * 10) }
        return powers
    }()
}

extension Int64 {
    /// Quotient rounded down and the remainder that is never negative, for a positive divisor.
    @inlinable
    package func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension ColumnVector {
    /// Appends the text of one value, which must not be null. Text is appended as it is, unquoted.
    package func appendText(row: Int, to out: inout [UInt8]) {
        switch values {
        case .int64(let values):
            let value = values[row]
            switch type {
            case .bool: out.append(contentsOf: (value != 0 ? "true" : "false").utf8)
            case .decimal(_, let scale): ValueText.append(unscaled: value, scale: scale, to: &out)
            case .date: ValueText.appendDate(days: value, to: &out)
            case .time: ValueText.appendTime(micros: value, to: &out)
            case .timestamp: ValueText.appendTimestamp(micros: value, utc: false, to: &out)
            case .timestamptz: ValueText.appendTimestamp(micros: value, utc: true, to: &out)
            default: ValueText.append(value, to: &out)
            }
        case .int128(let values):
            guard case .decimal(_, let scale) = type else { return ValueText.append(unscaled: values[row], scale: 0, to: &out) }
            ValueText.append(unscaled: values[row], scale: scale, to: &out)
        case .float64(let values):
            if type == .float32 {
                ValueText.append(Float(values[row]), to: &out)
            } else {
                ValueText.append(values[row], to: &out)
            }
        case .bytes(let values):
            let value = values[row]
            switch type {
            case .uuid: ValueText.appendUUID(value, to: &out)
            case .bytes:
                out.append(contentsOf: "\\x".utf8)
                for byte in value { ValueText.appendHex(byte, to: &out) }
            default: out.append(contentsOf: value)
            }
        }
    }

    /// The text of one value, nil where it is null. For tests, messages and previews: not for hot loops.
    package func text(row: Int) -> String? {
        guard valid[row] else { return nil }
        var out: [UInt8] = []
        appendText(row: row, to: &out)
        return String(decoding: out, as: UTF8.self)
    }
}
