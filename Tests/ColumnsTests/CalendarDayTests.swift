import Columns
import Testing

@Suite("Days of the calendar")
struct CalendarDayTests {
    @Test(
        "days and dates",
        arguments: [
            (1970, 1, 1, 0), (1970, 1, 2, 1), (1969, 12, 31, -1), (2000, 2, 29, 11_016), (2000, 3, 1, 11_017), (1900, 3, 1, -25_508),
            (2026, 11, 22, 20_779), (1, 1, 1, -719_162), (9999, 12, 31, 2_932_896), (0, 12, 31, -719_163),
            (0, 1, 1, -719_528), (-1, 12, 31, -719_529), (-400, 1, 1, -865_625), (10_000, 1, 1, 2_932_897),
        ])
    func table(year: Int, month: Int, day: Int, days: Int) {
        #expect(CalendarDay.days(year: year, month: month, day: day) == days)
        #expect(CalendarDay.civil(days: days) == (year, month, day))
    }

    @Test("each day follows the one before, from year 1 to 9999")
    func walk() {
        var (year, month, day) = (1, 1, 1)
        var days = -719_162
        var wrong: [String] = []
        while year < 10_000 {
            // Every day of some years, the ends of months of all: the rest would only cost time.
            if year % 7 == 0 || day == 1 || day >= 28 {
                let found = CalendarDay.civil(days: days)
                if CalendarDay.days(year: year, month: month, day: day) != days || found != (year, month, day)
                    || !CalendarDay.isValid(year: year, month: month, day: day)
                {
                    wrong.append("\(year)-\(month)-\(day)")
                }
            }
            days += 1
            day += 1
            let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        #expect(days == 2_932_897)
    }

    @Test(
        "what is no day is not valid",
        arguments: [
            (2026, 2, 29), (1900, 2, 29), (2026, 4, 31), (2026, 13, 1), (2026, 0, 1), (2026, 1, 0), (2026, 1, 32), (2026, -1, 1),
            (2026, 1, -1),
        ])
    func invalid(year: Int, month: Int, day: Int) {
        #expect(!CalendarDay.isValid(year: year, month: month, day: day))
    }
}
