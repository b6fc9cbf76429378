import Columns

/// A pattern for dates and times: `%d/%m/%Y %H:%M` (as strptime has it), or `dd/MM/yyyy HH:mm` (in letters).
///
/// A number may have fewer digits than it could (`1/2/2024`), but for years, which have two or four. Years of two digits are those
/// from 1969 to 2068 (POSIX).
package struct MomentPattern: Hashable, Sendable {
    /// As it was written.
    package let text: String
    private let parts: [Part]
    /// What is added where the text has no offset, in microseconds east of UTC; nil: then there must be one for `timestamptz`.
    package var zone: Int64?

    enum Part: Hashable, Sendable {
        case year, shortYear, month, monthName, day, dayName
        case hour, halfDayHour, minute, second, fraction, halfDay, offset
        case literal(UInt8)
        /// Any blanks, perhaps none.
        case blanks
    }

    /// Nil for a pattern with an unknown letter, or with a part that stands twice.
    package init?(_ text: String, zone: Int64? = nil) {
        guard let parts = text.contains("%") ? Self.percentParts(text) : Self.letterParts(text) else { return nil }
        let values = parts.filter { if case .literal = $0 { false } else { $0 != .blanks } }
        guard Set(values).count == values.count, !values.isEmpty else { return nil }
        self.init(text: text, parts: parts, zone: zone)
    }

    init(text: String, parts: [Part], zone: Int64? = nil) {
        self.text = text
        self.parts = parts
        self.zone = zone
    }

    private func has(_ one: Part, _ other: Part? = nil) -> Bool { parts.contains(one) || (other.map(parts.contains) ?? false) }

    package var hasDate: Bool { has(.year, .shortYear) && has(.month, .monthName) && has(.day) }
    package var hasTime: Bool { has(.hour) || (has(.halfDayHour) && has(.halfDay)) }
    package var hasOffset: Bool { has(.offset) }

    /// The type of what the pattern describes; nil where that is neither a date nor a time.
    package var type: ColumnType? {
        if hasDate { return hasOffset || zone != nil ? .timestamptz : hasTime ? .timestamp : .date }
        return hasTime && !has(.year, .shortYear) && !has(.month, .monthName) && !has(.day) ? .time : nil
    }

    // MARK: Patterns

    private static func percentParts(_ text: String) -> [Part]? {
        let single: [Character: [Part]] = [
            "Y": [.year], "y": [.shortYear], "m": [.month], "b": [.monthName], "B": [.monthName], "h": [.monthName], "d": [.day],
            "e": [.day], "a": [.dayName], "A": [.dayName], "H": [.hour], "k": [.hour], "I": [.halfDayHour], "l": [.halfDayHour],
            "M": [.minute], "S": [.second], "f": [.fraction], "p": [.halfDay], "P": [.halfDay], "z": [.offset], "Z": [.offset],
            "F": [.year, .literal(45), .month, .literal(45), .day], "T": [.hour, .literal(58), .minute, .literal(58), .second],
            "R": [.hour, .literal(58), .minute], "D": [.month, .literal(47), .day, .literal(47), .shortYear], "%": [.literal(37)],
        ]
        var parts: [Part] = []
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == "%" {
                // %-d and %_d are %d without padding, which is allowed anyway.
                if rest.first == "-" || rest.first == "_" { rest = rest.dropFirst() }
                guard let next = rest.popFirst(), let found = single[next] else { return nil }
                parts += found
            } else {
                parts += literal(character)
            }
        }
        return parts
    }

    private static func letterParts(_ text: String) -> [Part]? {
        var parts: [Part] = []
        var rest = text[...]
        while let character = rest.first {
            if character == "'" {
                rest = rest.dropFirst()
                let quoted = rest.prefix { $0 != "'" }
                parts += quoted.isEmpty ? [.literal(39)] : quoted.flatMap(literal)
                rest = rest.dropFirst(quoted.count + 1)
                continue
            }
            let run = rest.prefix { $0 == character }
            rest = rest.dropFirst(run.count)
            guard character.isASCII, character.isLetter, character != "T" else {
                parts += run.flatMap(literal)
                continue
            }
            guard let part = letter(character, run.count) else { return nil }
            parts.append(part)
        }
        return parts
    }

    private static func letter(_ letter: Character, _ count: Int) -> Part? {
        switch (letter, count) {
        case ("y", 4), ("Y", 4), ("u", 4), ("y", 1): .year
        case ("y", 2), ("Y", 2): .shortYear
        case ("M", 1...2): .month
        case ("M", 3...4): .monthName
        case ("d", 1...2), ("D", 1...2): .day
        case ("E", 1...4): .dayName
        case ("H", 1...2): .hour
        case ("h", 1...2): .halfDayHour
        case ("m", 1...2): .minute
        case ("s", 1...2): .second
        case ("S", 1...9), ("f", 1...9): .fraction
        case ("a", 1): .halfDay
        case ("X", 1...3), ("x", 1...3), ("Z", 1...5), ("z", 1...3): .offset
        default: nil
        }
    }

    private static func literal(_ character: Character) -> [Part] {
        character == " " ? [.blanks] : character.utf8.map(Part.literal)
    }

    // MARK: Reading

    /// What a text says, in parts that may be missing.
    private struct Found {
        var year = 1970, month = 1, day = 1
        var hour = 0, minute = 0, second = 0
        var micros: Int64 = 0
        var isAfternoon: Bool?
        var offset: Int64?
    }

    /// A value of `date` (days), `time`, `timestamp` or `timestamptz` (microseconds); nil where the text does not match, or has what
    /// the type cannot hold.
    func value(_ text: UnsafeBufferPointer<UInt8>, _ type: ColumnType) -> Int64? {
        guard var found = match(text), found.hour < 24, found.minute < 60, found.second < 60 else { return nil }
        if let isAfternoon = found.isAfternoon {
            guard (1...12).contains(found.hour) else { return nil }
            found.hour = found.hour % 12 + (isAfternoon ? 12 : 0)
        }
        let time = Int64((found.hour * 60 + found.minute) * 60 + found.second) * 1_000_000 + found.micros
        if type == .time { return found.offset == nil ? time : nil }
        guard CalendarDay.isValid(year: found.year, month: found.month, day: found.day) else { return nil }
        let days = Int64(CalendarDay.days(year: found.year, month: found.month, day: found.day))
        let micros = days * 86_400_000_000 + time
        switch type {
        case .date: return time == 0 && found.offset == nil ? days : nil
        case .timestamp: return found.offset == nil ? micros : nil
        case .timestamptz: return (found.offset ?? zone).map { micros - $0 }
        default: return nil
        }
    }

    private func match(_ text: UnsafeBufferPointer<UInt8>) -> Found? {
        var found = Found()
        var at = 0
        for part in parts {
            switch part {
            case .literal(let byte):
                guard at < text.count, text[at] == byte else { return nil }
                at += 1
            case .blanks: while at < text.count, text[at] == 32 { at += 1 }
            case .dayName: guard Self.name(text, &at, Self.dayNames, shortest: 3) != nil else { return nil }
            case .monthName:
                guard let month = Self.name(text, &at, Self.monthNames, shortest: 3) else { return nil }
                found.month = month + 1
            case .halfDay:
                guard let half = Self.name(text, &at, Self.halves, shortest: 2) else { return nil }
                found.isAfternoon = half == 1
            case .offset:
                guard let offset = Self.offset(text, &at) else { return nil }
                found.offset = offset
            case .fraction:
                guard let micros = Self.fraction(text, &at) else { return nil }
                found.micros = micros
            case .year:
                guard let year = Self.digits(text, &at, 4...4) else { return nil }
                found.year = year
            case .shortYear:
                guard let year = Self.digits(text, &at, 2...2) else { return nil }
                found.year = year + (year < 69 ? 2000 : 1900)
            case .month, .day, .hour, .halfDayHour, .minute, .second:
                guard let number = Self.digits(text, &at, 1...2) else { return nil }
                switch part {
                case .month: found.month = number
                case .day: found.day = number
                case .minute: found.minute = number
                case .second: found.second = number
                default: found.hour = number
                }
            }
        }
        return at == text.count ? found : nil
    }

    private static func digits(_ text: UnsafeBufferPointer<UInt8>, _ at: inout Int, _ count: ClosedRange<Int>) -> Int? {
        var value = 0
        let start = at
        while at < text.count, at - start < count.upperBound, text[at] &- 48 < 10 {
            value = value * 10 + Int(text[at] &- 48)
            at += 1
        }
        return at - start >= count.lowerBound ? value : nil
    }

    /// Up to nine digits, of which those beyond the sixth are zeros.
    private static func fraction(_ text: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Int64? {
        var unit: Int64 = 100_000
        var micros: Int64 = 0
        let start = at
        while at < text.count, at - start < 9, text[at] &- 48 < 10 {
            let digit = Int64(text[at] &- 48)
            if unit == 0, digit != 0 { return nil }
            micros += digit * unit
            unit /= 10
            at += 1
        }
        return at > start ? micros : nil
    }

    /// `Z`, `UTC`, `GMT`, `±HH`, `±HHMM` or `±HH:MM`, in microseconds.
    static func offset(_ text: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Int64? {
        if name(text, &at, zones, shortest: 1) != nil { return 0 }
        guard at < text.count, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") else { return nil }
        let isNegative = text[at] == UInt8(ascii: "-")
        at += 1
        guard let hours = digits(text, &at, 2...2), hours <= 15 else { return nil }
        var minutes = 0
        if at < text.count, text[at] == UInt8(ascii: ":") { at += 1 }
        if at < text.count, text[at] &- 48 < 10 {
            guard let found = digits(text, &at, 2...2), found < 60 else { return nil }
            minutes = found
        } else if text[at - 1] == UInt8(ascii: ":") {
            return nil
        }
        let micros = Int64(hours * 60 + minutes) * 60_000_000
        return isNegative ? -micros : micros
    }

    /// A fixed zone as people name it: `UTC`, `Z`, `+01:00`; nil for anything else.
    package static func zone(named text: String) -> Int64? {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            var at = 0
            guard let offset = offset(bytes, &at), at == bytes.count else { return nil }
            return offset
        }
    }

    private static let zones = ["utc", "gmt", "z"].map { Array($0.utf8) }
    private static let halves = ["am", "pm"].map { Array($0.utf8) }
    private static let monthNames = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    ].map { Array($0.utf8) }
    private static let dayNames = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].map { Array($0.utf8) }

    /// Which of some names stands here in any case, whole or its first `shortest` letters; moves behind it.
    private static func name(_ text: UnsafeBufferPointer<UInt8>, _ at: inout Int, _ names: [[UInt8]], shortest: Int) -> Int? {
        var end = at
        while end < text.count, text[end] | 0x20 >= 97, text[end] | 0x20 <= 122 { end += 1 }
        let letters = text[at..<end].map { $0 | 0x20 }
        guard
            let index = names.firstIndex(where: { $0 == letters || (shortest > 2 && letters.count == shortest && $0.starts(with: letters)) }
            )
        else { return nil }
        at = end
        return index
    }
}
