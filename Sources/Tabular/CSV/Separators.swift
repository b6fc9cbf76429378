import CScan

/// What a scan for separators has found in a text.
struct Separators {
    /// Delimiters and record ends outside quotes.
    var count = 0
    /// Of these, record ends.
    var newlines = 0
    /// Newline bytes in all, those inside quotes too.
    var rawNewlines = 0
    /// Quotes break RFC 4180's rules: only ``ExactScan`` can read the text.
    var isIrregular = false
    var endsInsideQuotes = false
    /// Some byte is 0x80 or above.
    var hasNonASCII = false
    /// Some field may not be UTF-8; a character that the text's end cuts off is not counted.
    var mayBreakUTF8 = false
}

/// Finds separators 64 bytes at a time (`Sources/CScan/include/scan.h` explains how).
enum FastScan {
    /// How many entries beyond the text's length a scan may write to.
    static let sparePositions = Int(CSV_SCAN_SPARE_POSITIONS)

    /// The text must begin at a record's start and be readable up to 64 bytes beyond `length`; `positions` has room for
    /// `length` entries and ``sparePositions`` more.
    static func run(
        text: UnsafePointer<UInt8>, length: Int, dialect: Dialect, positions: UnsafeMutablePointer<UInt32>
    ) -> Separators {
        let found = csv_scan(
            text, length, dialect.delimiter, dialect.quote.map { Int32($0) } ?? -1, dialect.newline, positions)
        // Where only ASCII separates, fields of a text that is UTF-8 are UTF-8.
        let separatesByASCII = dialect.delimiter < 0x80 && (dialect.quote ?? 0) < 0x80
        return Separators(
            count: found.count, newlines: found.newlines, rawNewlines: found.raw_newlines,
            isIrregular: found.irregular != 0, endsInsideQuotes: found.inside_quotes != 0,
            hasNonASCII: found.non_ascii != 0,
            mayBreakUTF8: found.non_ascii != 0 && (found.not_utf8 != 0 || !separatesByASCII))
    }
}
