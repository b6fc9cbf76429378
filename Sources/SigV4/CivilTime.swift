/// An instant in UTC, split into the calendar's fields, for the few spellings that AWS uses.
///
/// The day arithmetic is Howard Hinnant's ("chrono-Compatible Low-Level Date Algorithms").
package struct CivilTime: Hashable, Sendable {
    /// The instants that can be spelled: the years 1 to 9999.
    package static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    package var year, month, day, hour, minute, second: Int

    /// The fields of a number of seconds since 1970-01-01T00:00:00Z, which is brought into ``range``.
    package init(unixSeconds: Int64) {
        let seconds = Int(min(max(unixSeconds, Self.range.lowerBound), Self.range.upperBound))
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let ofDay = seconds - days * 86_400
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = ofDay / 3600
        minute = ofDay / 60 % 60
        second = ofDay % 60
    }

    /// Nil where a field is out of its range (a leap second is taken as the second before it).
    package init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, min(second, 59))
    }

    package var unixSeconds: Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = y / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return Int64(days * 86_400 + hour * 3600 + minute * 60 + second)
    }
}

/// The moment of a signature in the two spellings that SigV4 uses.
package struct SigningTime: Hashable, Sendable {
    /// `20150830T123600Z`
    package let stamp: String
    /// `20150830`
    package let day: String

    package init(unixSeconds: Int64) {
        let time = CivilTime(unixSeconds: unixSeconds)
        var bytes: [UInt8] = []
        for (value, digits) in [(time.year, 4), (time.month, 2), (time.day, 2)] { bytes.appendDigits(value, digits) }
        day = String(decoding: bytes, as: UTF8.self)
        bytes.append(UInt8(ascii: "T"))
        for value in [time.hour, time.minute, time.second] { bytes.appendDigits(value, 2) }
        bytes.append(UInt8(ascii: "Z"))
        stamp = String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    fileprivate mutating func appendDigits(_ value: Int, _ count: Int) {
        var divisor = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
