/// Finds separators byte by byte, for text whose quotes do not follow RFC 4180, and for dialects with an escape.
///
/// What it allows: a quote within an unquoted field is text (`5" pipe`); text behind a closing quote belongs to the
/// field, and the field's decoder refuses it. What it finds in regular text is what ``FastScan`` finds.
enum ExactScan {
    private enum State {
        case fieldStart, unquoted, quoted, closed
    }

    /// As ``FastScan``: `positions` has room for `length` entries.
    static func run(
        text: UnsafePointer<UInt8>, length: Int, dialect: Dialect, positions: UnsafeMutablePointer<UInt32>
    ) -> Separators {
        var result = Separators()
        let (delimiter, newline) = (dialect.delimiter, dialect.newline)
        let quote = dialect.quote.map(Int.init) ?? -1
        let escape = dialect.doublesQuotes ? -1 : dialect.escape.map(Int.init) ?? -1
        var state = State.fieldStart
        var at = 0
        var high: UInt8 = 0
        while at < length {
            let byte = text[at]
            high |= byte
            if byte == newline { result.rawNewlines += 1 }
            if Int(byte) == escape, at + 1 < length {
                // The next byte is literal, whatever it is; only its newline counts as a line.
                if state == .fieldStart || state == .closed { state = .unquoted }
                if text[at + 1] == newline { result.rawNewlines += 1 }
                high |= text[at + 1]
                at += 2
                continue
            }
            if state == .quoted {
                if Int(byte) == quote { state = .closed }
            } else if byte == delimiter || byte == newline {
                positions[result.count] = UInt32(truncatingIfNeeded: at)
                result.count += 1
                if byte == newline { result.newlines += 1 }
                state = .fieldStart
            } else if Int(byte) == quote, state != .unquoted {
                state = .quoted
            } else {
                state = .unquoted
            }
            at += 1
        }
        result.endsInsideQuotes = state == .quoted
        result.hasNonASCII = high >= 0x80
        return result
    }
}
