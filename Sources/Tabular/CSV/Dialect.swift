/// How a CSV file is spelled.
package struct Dialect: Hashable, Sendable {
    package var delimiter: UInt8
    /// Nil where nothing quotes.
    package var quote: UInt8?
    /// What makes the next byte literal inside quotes; equal to `quote` where quotes are doubled (RFC 4180).
    package var escape: UInt8?
    /// Ends a record: LF (also after a CR, which then belongs to the record's end), or CR alone.
    package var newline: UInt8
    /// Whether the first record names the columns.
    package var header: Bool
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

    /// Whether quotes are escaped by doubling them, or not at all: what the fast scan understands.
    var doublesQuotes: Bool { escape == nil || escape == quote }
}

/// What a person or a pipeline file says of a dialect; the rest is detected.
package struct DialectHints: Hashable, Sendable {
    package var delimiter: UInt8?
    package var quote: UInt8?
    package var escape: UInt8?
    package var header: Bool?
    package var nullMarkers: [String]

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
}
