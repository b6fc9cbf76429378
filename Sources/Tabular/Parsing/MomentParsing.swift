import Columns

/// Dates and times as ISO 8601 has them. Calls within this file are inlined: they come once for every cell.
extension CellParsing {
    private static let microsPerDay: Int64 = 86_400_000_000

    @inline(__always)
    private static func twoDigits(_ text: Bytes, _ at: Int) -> Int? {
        let tens = text[at] &- 48
        let ones = text[at &+ 1] &- 48
        return tens < 10 && ones < 10 ? Int(tens) &* 10 &+ Int(ones) : nil
    }

    // MARK: Dates

    /// `YYYY-MM-DD` (ISO 8601), and years beyond 9999 or before 0 in the expanded form `+YYYYY-MM-DD`; days since 1970-01-01.
    @inline(__always)
    static func date(_ text: Bytes) -> Int64? {
        guard text.count == 10 else { return expandedDate(text) }
        return datePrefix(text)
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

    /// A text that has ten bytes at least, and begins with `YYYY-MM-DD`.
    @inline(__always)
    private static func datePrefix(_ text: Bytes) -> Int64? {
        guard let start = text.baseAddress, let pairs = DigitWord.fields(start, .yearAndMonth), let day = twoDigits(text, 8)
        else { return nil }
        let year = DigitWord.byte(pairs, 0) &* 100 &+ DigitWord.byte(pairs, 2)
        let month = DigitWord.byte(pairs, 5)
        // Every month has 28 days.
        guard month &- 1 < 12, month > 0, day > 0, day <= 28 || CalendarDay.isValid(year: year, month: month, day: day)
        else { return nil }
        return Int64(CalendarDay.days(year: year, month: month, day: day))
    }

    // MARK: Times

    /// `HH:MM:SS` with up to six digits of fraction (further zeros are allowed); microseconds since midnight.
    static func time(_ text: Bytes) -> Int64? {
        guard let (micros, end) = timePrefix(text, from: 0), end == text.count else { return nil }
        return micros
    }

    @inline(__always)
    private static func timePrefix(_ text: Bytes, from start: Int) -> (micros: Int64, end: Int)? {
        guard text.count >= start &+ 8, let base = text.baseAddress, let pairs = DigitWord.fields(base + start, .clock)
        else { return nil }
        let (hour, minute, second) = (DigitWord.byte(pairs, 0), DigitWord.byte(pairs, 3), DigitWord.byte(pairs, 6))
        guard hour < 24, minute < 60, second < 60 else { return nil }
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

    // MARK: Timestamps

    /// A date, `T` or a blank, and a time; microseconds since 1970-01-01T00:00:00. Also a date alone: its midnight.
    static func timestamp(_ text: Bytes) -> Int64? {
        if let (micros, end) = dateAndTime(text) { return end == text.count ? micros : nil }
        guard let days = date(text), abs(days) <= maxTimestampDays else { return nil }
        return days &* microsPerDay
    }

    /// As ``timestamp(_:)`` with `Z`, `±HH`, `±HHMM` or `±HH:MM` behind it; microseconds since 1970-01-01T00:00:00Z.
    static func timestamptz(_ text: Bytes) -> Int64? {
        guard let (micros, end) = dateAndTime(text), end < text.count else { return nil }
        guard let offset = zoneOffset(text, from: end) else { return nil }
        return micros &- offset
    }

    /// What 64 bits of microseconds hold, in days.
    private static let maxTimestampDays: Int64 = 106_000_000

    @inline(__always)
    private static func dateAndTime(_ text: Bytes) -> (micros: Int64, end: Int)? {
        guard text.count >= 19 else { return nil }
        guard isBetween(text[10]) else { return expandedDateAndTime(text) }
        guard let days = datePrefix(text), let (micros, end) = timePrefix(text, from: 11) else { return nil }
        return (days &* microsPerDay &+ micros, end)
    }

    @inline(never)
    private static func expandedDateAndTime(_ text: Bytes) -> (micros: Int64, end: Int)? {
        guard let dateEnd = text.firstIndex(where: isBetween),
            let days = expandedDate(Bytes(rebasing: text[..<dateEnd])), abs(days) <= maxTimestampDays,
            let (micros, end) = timePrefix(text, from: dateEnd + 1)
        else { return nil }
        return (days &* microsPerDay &+ micros, end)
    }

    /// Whether a byte may stand between a date and a time.
    @inline(__always)
    private static func isBetween(_ byte: UInt8) -> Bool { byte | 0x20 == UInt8(ascii: "t") || byte == UInt8(ascii: " ") }

    /// A zone's offset from UTC in microseconds.
    @inline(__always)
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
}
