import Columns

/// What the dates of a column that are not ISO 8601 have in common: `31/12/2024`, `12-31-2024`, `2024.12.31`, perhaps with a time.
///
/// How this works: each value leaves the orders of day, month and year in which it is a date. As long as one is left, all values are
/// dates; if in the end it is the only one, the column's type is known. Years have four digits: of two, nobody knows which they are.
struct LocalDates {
    struct Orders: OptionSet, Hashable {
        let rawValue: UInt8
        static let dayFirst = Orders(rawValue: 1)
        static let monthFirst = Orders(rawValue: 2)
        static let yearFirst = Orders(rawValue: 4)
    }

    /// In which orders all values are dates; nil before the first.
    private(set) var orders: Orders?
    private var separator: UInt8 = 0
    private var time = Time.none
    /// The first value that only one order allows, and the first of all.
    private(set) var decisive: [UInt8]?

    enum Time { case none, minutes, seconds, fraction }

    /// Takes a value in; false, and nothing taken, where it is no date, or not like those before it.
    mutating func take(_ text: UnsafeBufferPointer<UInt8>) -> (isTaken: Bool, hasTime: Bool) {
        guard let (found, mark, end) = Self.date(text), let clock = Self.time(text, from: end) else { return (false, false) }
        let left = found.intersection(orders ?? found)
        guard !left.isEmpty, orders == nil || (mark == separator && (clock == .none) == (time == .none)) else { return (false, false) }
        // Times with and without seconds are of two patterns.
        guard orders == nil || clock == time else { return (false, false) }
        if decisive == nil, found == .dayFirst || found == .monthFirst { decisive = Array(text) }
        (orders, separator, time) = (left, mark, clock)
        return (true, clock != .none)
    }

    /// As if the values of another column had been taken in as well; false where they are not alike.
    mutating func merge(_ other: LocalDates) -> Bool {
        guard let theirs = other.orders else { return true }
        guard let ours = orders else {
            self = other
            return true
        }
        let left = ours.intersection(theirs)
        guard !left.isEmpty, separator == other.separator, time == other.time else { return false }
        orders = left
        decisive = decisive ?? other.decisive
        return true
    }

    /// The pattern of all values; nil where two are possible.
    var pattern: MomentPattern? {
        guard let orders, orders == .dayFirst || orders == .monthFirst || orders == .yearFirst else { return nil }
        let mark = String(decoding: [separator], as: UTF8.self)
        let day =
            orders == .dayFirst ? "%d\(mark)%m\(mark)%Y" : orders == .monthFirst ? "%m\(mark)%d\(mark)%Y" : "%Y\(mark)%m\(mark)%d"
        switch time {
        case .none: return MomentPattern(day)
        case .minutes: return MomentPattern(day + " %H:%M")
        case .seconds: return MomentPattern(day + " %H:%M:%S")
        case .fraction: return MomentPattern(day + " %H:%M:%S.%f")
        }
    }

    /// In words.
    var order: String {
        switch orders {
        case .dayFirst: "day first"
        case .monthFirst: "month first"
        default: "year first"
        }
    }

    private static func number(_ text: UnsafeBufferPointer<UInt8>, _ at: inout Int, most: Int) -> (value: Int, digits: Int)? {
        var value = 0
        let start = at
        while at < text.count, at - start < most, text[at] &- 48 < 10 {
            value = value * 10 + Int(text[at] &- 48)
            at += 1
        }
        return at > start ? (value, at - start) : nil
    }

    private static func date(_ text: UnsafeBufferPointer<UInt8>) -> (Orders, UInt8, end: Int)? {
        var at = 0
        guard let first = number(text, &at, most: 4), at < text.count else { return nil }
        let mark = text[at]
        guard mark == UInt8(ascii: "/") || mark == UInt8(ascii: ".") || mark == UInt8(ascii: "-") else { return nil }
        at += 1
        guard let second = number(text, &at, most: 2), at < text.count, text[at] == mark else { return nil }
        at += 1
        guard let third = number(text, &at, most: 4) else { return nil }
        var orders: Orders = []
        if first.digits == 4, third.digits <= 2 {
            // With hyphens this is ISO 8601, or nearly so.
            if mark != UInt8(ascii: "-"), isDay(first.value, second.value, third.value) { orders.insert(.yearFirst) }
        } else if first.digits <= 2, third.digits == 4 {
            if isDay(third.value, second.value, first.value) { orders.insert(.dayFirst) }
            if isDay(third.value, first.value, second.value) { orders.insert(.monthFirst) }
        }
        return orders.isEmpty ? nil : (orders, mark, at)
    }

    private static func isDay(_ year: Int, _ month: Int, _ day: Int) -> Bool {
        CalendarDay.isValid(year: year, month: month, day: day)
    }

    /// The time behind a blank, `H:MM`, `H:MM:SS` or `H:MM:SS.ffffff`; nil for anything else but the text's end.
    private static func time(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Time? {
        if start == text.count { return Time.none }
        var at = start + 1
        guard text[start] == 32, let hour = number(text, &at, most: 2), hour.value < 24, at < text.count, text[at] == 58 else { return nil }
        at += 1
        guard let minute = number(text, &at, most: 2), minute.digits == 2, minute.value < 60 else { return nil }
        if at == text.count { return .minutes }
        guard text[at] == 58 else { return nil }
        at += 1
        guard let second = number(text, &at, most: 2), second.digits == 2, second.value < 60 else { return nil }
        if at == text.count { return .seconds }
        guard text[at] == UInt8(ascii: ".") else { return nil }
        at += 1
        return number(text, &at, most: 6) != nil && at == text.count ? .fraction : nil
    }
}
