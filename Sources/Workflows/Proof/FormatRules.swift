import Columns

/// What a format keeps apart by a rule, and what it cannot keep: for receipts, in words.
struct FormatRules {
    let source: DataFormat
    let target: DataFormat
    let columns: [Column]
    /// Whether cells are text as the source wrote it.
    var keepsSpelling = false

    private func has(_ types: (ColumnType) -> Bool) -> Bool { columns.contains { types($0.type) } }

    private var hasFloats: Bool { has { $0 == .float32 || $0 == .float64 } }

    /// By which rules values are told apart that the format could confuse.
    var rules: [String] {
        var rules: [String] = []
        switch target {
        case .csv:
            rules.append("null is an empty field without quotes; empty text is \"\"")
            if hasFloats { rules.append("NaN, Infinity and -Infinity stand as these words") }
            if has({ $0 == .bytes }) { rules.append("bytes are \\x and two hexadecimal digits each") }
            if has({ $0 == .timestamptz }) { rules.append("instants are in UTC, with Z") }
        case .json, .jsonl:
            rules.append("null is null; empty text is \"\"")
            if hasFloats { rules.append("NaN, Infinity and -Infinity are strings") }
            if has({ $0 == .bytes }) { rules.append("bytes are strings of \\x and two hexadecimal digits each") }
            if has(\.isSpelledAsString) { rules.append("dates, times and UUIDs are strings") }
        case .parquet:
            if has({ $0 == .time || $0 == .timestamp || $0 == .timestamptz }) { rules.append("times are in microseconds") }
        }
        return rules
    }

    /// What the target cannot hold, or the types in between do not.
    var lost: [String] {
        var lost: [String] = []
        switch target {
        case .csv: if !keepsSpelling { lost.append("types: CSV has none; they are found again by inference, or declared") }
        case .json, .jsonl:
            if has(\.isSpelledAsString) || has({ $0 == .bytes }) {
                lost.append("types that JSON does not have: they are found again by inference, or declared")
            }
            if has(\.isExactNumber) {
                lost.append("exactness in readers that take every number for a double; the digits are all there")
            }
        case .parquet: break
        }
        if hasFloats { lost.append("which of the many NaN a NaN is") }
        if has({ $0 == .json }) {
            lost.append("blanks and line ends around JSON values; the difference between the JSON value null and null")
        }
        switch source {
        case .csv:
            lost.append(
                keepsSpelling
                    ? "which cells were quoted that need not be, and how lines ended"
                    : "how values were spelled (1.50e3, +1, quotes); the text is kept in columns of type text")
        case .json, .jsonl: lost.append("the order of members and the spelling of their values; whether a member was null or not there")
        case .parquet: lost.append("row groups, pages, encodings and the file's own metadata")
        }
        return lost
    }
}

extension ColumnType {
    fileprivate var isSpelledAsString: Bool {
        switch self {
        case .date, .time, .timestamp, .timestamptz, .uuid: true
        default: false
        }
    }

    /// Whether there are values that a double does not hold.
    fileprivate var isExactNumber: Bool {
        if case .decimal = self { return true }
        return self == .int64
    }
}
