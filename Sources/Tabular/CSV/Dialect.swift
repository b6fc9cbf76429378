/// How a CSV file is spelled.
package struct Dialect: Hashable, Sendable {
    package var delimiter: UInt8
    /// The bytes of a delimiter behind its first one; empty for the usual delimiter of one byte.
    package var delimiterTail: [UInt8] = []
    /// Nil where nothing quotes.
    package var quote: UInt8?
    /// What makes the next byte literal inside quotes; equal to `quote` where quotes are doubled (RFC 4180).
    package var escape: UInt8?
    /// Whether `escape` only stands for itself before anything but a quote or another escape (`C:\temp` keeps its backslash).
    package var escapesQuotesOnly = false
    /// Ends a record: LF (also after a CR, which then belongs to the record's end), or CR alone.
    package var newline: UInt8
    /// What must stand before `newline` for it to end a record (`&|` of `&|\n`); empty where the newline alone does.
    package var recordSuffix: [UInt8] = []
    /// Whether a CR that no LF follows ends a record too, in a file whose newline is LF.
    package var endsAtReturns = false
    /// A line that begins with this byte, unquoted, is left out.
    package var comment: UInt8?
    /// Whether the first record names the columns.
    package var header: Bool
    /// Where the first data record begins, in bytes behind a byte order mark; nil: behind the header, or at the beginning.
    package var dataStart: Int?
    /// What is made of records that are not as they should be.
    package var fit = RecordFit.strict
    /// Unquoted texts that mean null, besides the empty one, which always does.
    package var nullMarkers: [[UInt8]]

    package init(
        delimiter: UInt8 = UInt8(ascii: ","), quote: UInt8? = UInt8(ascii: "\""), escape: UInt8? = UInt8(ascii: "\""),
        newline: UInt8 = UInt8(ascii: "\n"), header: Bool = true, nullMarkers: [[UInt8]] = []
    ) {
        self.delimiter = delimiter
        self.quote = quote
        self.escape = escape
        self.newline = newline
        self.header = header
        self.nullMarkers = nullMarkers
    }

    /// Whether quotes are escaped by doubling them, or not at all.
    var doublesQuotes: Bool { escape == nil || escape == quote }

    /// Whether the fast scan understands the dialect.
    var isSimple: Bool {
        doublesQuotes && delimiterTail.isEmpty && recordSuffix.isEmpty && comment == nil && !endsAtReturns
    }

    /// How many bytes a delimiter has.
    var delimiterBytes: Int { 1 + delimiterTail.count }
}

/// What is made of records that do not fit the columns.
///
/// Declared files are read strictly: such a record is a reject. Where nothing was declared, and a file's own habit
/// shows in its sample, the habit is followed; what was done is counted (``Adjustments``), and nothing that has
/// something in it is left out.
package struct RecordFit: Hashable, Sendable {
    /// Whether records of nothing but empty fields are left out like blank lines, and quotes that break the rules are read
    /// as text.
    package var isLenient: Bool
    /// Lenient reading only: whether a quote that is never closed is text too. Otherwise it ends the reading, because a file
    /// that ends so was most often cut off.
    package var keepsOpenQuotes = false
    /// A record with at least this many fields is filled up with nulls; nil: it must have them all.
    package var fewestFields: Int?
    /// A record with at most this many fields, the surplus ones empty, loses them; nil: none may have more than there are
    /// columns.
    package var mostFields: Int?

    package static let strict = RecordFit(isLenient: false)
}

/// How often a lenient reading had to do something to make records fit.
package struct Adjustments: Hashable, Sendable {
    /// Records that were filled up with nulls.
    package var filledUp: Int64 = 0
    /// Records whose surplus empty fields were cut off.
    package var cut: Int64 = 0
    /// Records of nothing but delimiters, which were left out.
    package var empty: Int64 = 0
    /// Comment lines, which were left out.
    package var comments: Int64 = 0

    mutating func add(_ other: Adjustments) {
        filledUp += other.filledUp
        cut += other.cut
        empty += other.empty
        comments += other.comments
    }

    /// What was done, in words; none where nothing was.
    package var notes: [String] {
        func note(_ count: Int64, _ what: String) -> String? {
            count == 0 ? nil : "\(count) \(count == 1 ? "record" : "records") \(what)"
        }
        return [
            note(filledUp, "with too few fields filled up with nulls"),
            note(cut, "with surplus empty fields: they were cut off"),
            note(empty, "of nothing but delimiters left out"),
            comments == 0 ? nil : "\(comments) comment \(comments == 1 ? "line" : "lines") left out",
        ].compactMap { $0 }
    }
}

/// What a person or a pipeline file says of a dialect; the rest is detected.
package struct DialectHints: Hashable, Sendable {
    package var delimiter: UInt8?
    /// The rest of a delimiter of several bytes.
    package var delimiterTail: [UInt8] = []
    package var quote: UInt8?
    /// Whether anything quotes at all.
    package var hasQuotes = true
    package var escape: UInt8?
    /// Declared layouts only: the fewest fields that a record must have.
    package var fewestFields: Int?
    /// What stands before the newline at a record's end.
    package var recordSuffix: [UInt8] = []
    package var comment: UInt8?
    /// Lines to leave out at the beginning.
    package var skipLines = 0
    package var header: Bool?
    /// What the columns are called where the file does not say it.
    package var names: [String]?
    package var nullMarkers: [String]
    /// Whether records must fit the columns because somebody has declared them.
    package var isStrict = false
    /// Whether a quote that is never closed is text, where nothing is declared.
    package var keepsOpenQuotes = false
    /// Whether the dialect is detected from the whole file rather than from its beginning.
    package var usesWholeFile = false

    package init(
        delimiter: UInt8? = nil, quote: UInt8? = nil, escape: UInt8? = nil, header: Bool? = nil,
        nullMarkers: [String] = []
    ) {
        self.delimiter = delimiter
        self.quote = quote
        self.escape = escape
        self.header = header
        self.nullMarkers = nullMarkers
    }

    /// The most lines that are skipped at the beginning.
    package static let maxSkipLines = 100_000

    /// Declares a delimiter of one or more bytes.
    package mutating func setDelimiter(_ bytes: [UInt8]) {
        delimiter = bytes.first
        delimiterTail = Array(bytes.dropFirst())
    }

    /// Declares what ends a record, its newline included; false where that is not at the end.
    package mutating func setRowEnd(_ bytes: [UInt8]) -> Bool {
        guard bytes.last == 10 else { return bytes == [13] }
        // A CR before the newline is passed over wherever a record ends.
        recordSuffix = Array(bytes.dropLast(bytes.suffix(2) == [13, 10] ? 2 : 1))
        return true
    }

    /// Whether nothing of the file's shape is declared, so that its own habits are followed.
    var isAutomatic: Bool {
        delimiter == nil && quote == nil && escape == nil && header == nil && recordSuffix.isEmpty && comment == nil
            && skipLines == 0 && !isStrict
    }
}
