import Columns

/// A moment in UTC, in milliseconds since 1970-01-01T00:00:00Z; its text sorts as it does.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package var seconds: Int64 { milliseconds.flooredDivision(by: 1000).quotient }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    package func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(milliseconds: milliseconds + seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    package func seconds(since earlier: Timestamp) -> Double {
        Double(milliseconds - earlier.milliseconds) / 1000
    }

    /// The moment as `ddmmyyyyhhmmss` in UTC: how scratch folders are named.
    package var folderName: String {
        let (days, rest) = seconds.flooredDivision(by: 86_400)
        let (year, month, day) = CalendarDay.civil(days: Int(days))
        var out: [UInt8] = []
        ValueText.appendDigits(UInt64(day), minimum: 2, to: &out)
        ValueText.appendDigits(UInt64(month), minimum: 2, to: &out)
        ValueText.appendDigits(UInt64(year), minimum: 4, to: &out)
        for part in [rest / 3600, rest / 60 % 60, rest % 60] {
            ValueText.appendDigits(UInt64(part), minimum: 2, to: &out)
        }
        return String(decoding: out, as: UTF8.self)
    }
}

extension Timestamp: CustomStringConvertible, LosslessStringConvertible, Codable {
    /// `2026-01-31T13:05:09.250Z`: always 24 characters, so that texts sort as moments do.
    package var description: String {
        let (days, rest) = milliseconds.flooredDivision(by: 86_400_000)
        var out: [UInt8] = []
        ValueText.appendDate(days: days, to: &out)
        out.append(UInt8(ascii: "T"))
        ValueText.appendTime(micros: rest / 1000 * 1_000_000, to: &out)
        out.append(UInt8(ascii: "."))
        ValueText.appendDigits(UInt64(rest % 1000), minimum: 3, to: &out)
        out.append(UInt8(ascii: "Z"))
        return String(decoding: out, as: UTF8.self)
    }

    /// Reads what ``description`` writes; nil for anything else.
    package init?(_ description: String) {
        let text = Array(description.utf8)
        guard text.count == 24, text[10] == UInt8(ascii: "T"), text[23] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? { Int(String(decoding: text[range], as: UTF8.self)) }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            let millisecond = number(20..<23), CalendarDay.isValid(year: year, month: month, day: day)
        else { return nil }
        let days = CalendarDay.days(year: year, month: month, day: day)
        milliseconds = Int64(((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + Int64(millisecond)
        guard self.description == description else { return nil }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let moment = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no such moment: \(text)")
        }
        self = moment
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Where the time comes from: a parameter, so that tests choose it.
package struct WallClock: Sendable {
    package let now: @Sendable () -> Timestamp

    package init(now: @escaping @Sendable () -> Timestamp) {
        self.now = now
    }
}
