import Columns

/// What PostgreSQL's date and time types can hold.
///
/// Source: `src/include/datatype/timestamp.h` of PostgreSQL 15 (Julian day 0 to 5874897 AD; timestamps up to 294276 AD,
/// which is further than 64 bits of microseconds since 1970 reach).
enum PostgresRange {
    /// Days since 1970-01-01: 4714-11-24 BC ... 5874897-12-31.
    static let days: ClosedRange<Int64> = -2_440_588...2_145_042_905
    /// Microseconds since 1970-01-01T00:00:00, from 4714-11-24 BC on.
    static let timestampMicros: ClosedRange<Int64> = -210_866_803_200_000_000 ... .max
    static let timeMicros: ClosedRange<Int64> = 0...86_399_999_999

    /// The values that a column of a type can hold; nil where all can be held.
    static func limits(of type: ColumnType) -> ClosedRange<Int64>? {
        switch type {
        case .date: days
        case .timestamp, .timestamptz: timestampMicros
        case .time: timeMicros
        default: nil
        }
    }
}
