/// Finds separators record by record, for text whose quotes do not follow RFC 4180, and for every dialect that the fast
/// scan does not understand.
///
/// What it allows: a quote within an unquoted field is text (`5" pipe`); text behind a closing quote belongs to the
/// field, and the field's decoder refuses it. What it finds in regular text is what ``FastScan`` finds.
///
/// How a lenient reading works: a record whose quotes break the rules is read again, first with every quote that is not
/// closed before a separator as text, then with every quote that does not stand before a separator as text. The first
/// reading that gives the expected number of fields is taken; the first of both where none does.
struct ExactScan {
    private let text: UnsafePointer<UInt8>
    private let length: Int
    private let delimiter: UInt8
    private let tail: [UInt8]
    private let newline: UInt8
    private let suffix: [UInt8]
    private let endsAtReturns: Bool
    private let quote: Int
    private let escape: Int
    private let escapesQuotesOnly: Bool
    private let comment: Int
    private let isLenient: Bool
    private let keepsOpenQuotes: Bool
    private let expectedFields: Int
    /// Whether no text comes behind this one.
    private let isFinal: Bool
    private let positions: UnsafeMutablePointer<UInt32>
    private var count = 0

    /// The farthest that a closing quote is looked for.
    static let maxQuotedBytes = RecordChunker.maxRecordBytes

    /// As ``FastScan``: `positions` has room for `length` entries. `expectedFields` is how many fields a record should have
    /// (0: not known); `isFinal` says that the text ends the file, and with a newline.
    static func run(
        text: UnsafePointer<UInt8>, length: Int, dialect: Dialect, expectedFields: Int = 0, isFinal: Bool = true,
        positions: UnsafeMutablePointer<UInt32>
    ) -> Separators {
        var scan = ExactScan(
            text: text, length: length, delimiter: dialect.delimiter, tail: dialect.delimiterTail, newline: dialect.newline,
            suffix: dialect.recordSuffix, endsAtReturns: dialect.endsAtReturns, quote: dialect.quote.map(Int.init) ?? -1,
            escape: dialect.doublesQuotes ? -1 : dialect.escape.map(Int.init) ?? -1,
            escapesQuotesOnly: dialect.escapesQuotesOnly, comment: dialect.comment.map(Int.init) ?? -1, isLenient: dialect.fit.isLenient,
            keepsOpenQuotes: dialect.fit.keepsOpenQuotes, expectedFields: expectedFields,
            isFinal: isFinal, positions: positions)
        return scan.run()
    }

    private mutating func run() -> Separators {
        var result = Separators()
        var at = 0
        while at < length {
            let before = count
            let found = record(from: at)
            guard case .complete(let end) = found else {
                if case .open = found { result.endsInsideQuotes = true }
                if isLenient { count = before }
                break
            }
            result.newlines += 1
            at = end
        }
        result.count = count
        var high: UInt8 = 0
        for at in 0..<length {
            high |= text[at]
            if text[at] == newline { result.rawNewlines += 1 }
        }
        result.hasNonASCII = high >= 0x80
        result.mayBreakUTF8 = result.hasNonASCII
        return result
    }

    private enum Ending {
        /// The record ends; what follows begins here.
        case complete(Int)
        /// The text ends inside quotes.
        case open
        /// The text ends within the record.
        case cut
        /// Text stands behind a closing quote (strict reading of a lenient scan only).
        case broken
    }

    private mutating func record(from start: Int) -> Ending {
        if Int(text[start]) == comment { return line(from: start) }
        guard isLenient, quote >= 0 else { return strict(from: start, stopsWhereBroken: false) }
        let before = count
        let found = strict(from: start, stopsWhereBroken: true)
        switch found {
        case .complete: return found
        case .cut: return found
        case .open: if !keepsOpenQuotes || (!isFinal && length - start <= Self.maxQuotedBytes) { return found }
        case .broken: break
        }
        count = before
        let first = lenient(from: start, innerQuotesAreText: false)
        guard case .complete = first else { return first }
        if expectedFields == 0 || count - before == expectedFields { return first }
        let firstCount = count
        count = before
        let second = lenient(from: start, innerQuotesAreText: true)
        if case .complete = second, count - before == expectedFields { return second }
        if case .cut = second, !isFinal, length - start <= Self.maxQuotedBytes { return second }
        count = before
        let again = lenient(from: start, innerQuotesAreText: false)
        assert(count == firstCount)
        return again
    }

    /// A comment: everything up to the newline is one field.
    private mutating func line(from start: Int) -> Ending {
        var at = start
        while at < length {
            if text[at] == newline || (endsAtReturns && isLoneReturn(at)) {
                add(at)
                return .complete(at + 1)
            }
            at += 1
        }
        return .cut
    }

    // MARK: Separators

    @inline(__always)
    private mutating func add(_ at: Int) {
        positions[count] = UInt32(truncatingIfNeeded: at)
        count &+= 1
    }

    /// Whether a carriage return stands alone. At the end of a text that goes on nobody knows: the caller waits for more.
    private func isLoneReturn(_ at: Int) -> Bool {
        text[at] == 13 && (at + 1 < length ? text[at + 1] != 10 : isFinal)
    }

    /// Whether a whole delimiter stands here.
    @inline(__always)
    private func isDelimiter(_ at: Int) -> Bool {
        guard text[at] == delimiter else { return false }
        if tail.isEmpty { return true }
        guard at + tail.count < length else { return false }
        for index in 0..<tail.count where text[at + 1 + index] != tail[index] { return false }
        return true
    }

    /// Whether the newline that stands here ends a record that began at `start`.
    @inline(__always)
    private func isRecordEnd(_ at: Int, from start: Int) -> Bool {
        if text[at] != newline { return endsAtReturns && isLoneReturn(at) }
        if suffix.isEmpty || (isFinal && at == length - 1) { return true }
        var at = at
        if at > start, newline == 10, text[at - 1] == 13 { at -= 1 }
        guard at - start >= suffix.count else { return false }
        for index in 0..<suffix.count where text[at - suffix.count + index] != suffix[index] { return false }
        return true
    }

    /// Whether a closing quote may stand before this place.
    private func isBoundary(_ at: Int, from start: Int) -> Bool {
        guard at < length else { return isFinal }
        if isDelimiter(at) || isRecordEnd(at, from: start) { return true }
        if text[at] == 13, newline == 10, at + 1 < length, text[at + 1] == 10 { return suffix.isEmpty }
        guard !suffix.isEmpty, at + suffix.count < length else { return false }
        for index in 0..<suffix.count where text[at + index] != suffix[index] { return false }
        return true
    }

    /// Whether an escape takes effect before a byte.
    @inline(__always)
    private func isEscaped(_ byte: UInt8) -> Bool {
        !escapesQuotesOnly || Int(byte) == quote || Int(byte) == escape
    }

    // MARK: Readings

    private enum State {
        case fieldStart, unquoted, quoted, closed
    }

    private mutating func strict(from start: Int, stopsWhereBroken: Bool) -> Ending {
        var state = State.fieldStart
        var at = start
        while at < length {
            let byte = text[at]
            if Int(byte) == escape, at + 1 < length, isEscaped(text[at + 1]) {
                // The next byte is literal, whatever it is.
                if state == .fieldStart || state == .closed { state = .unquoted }
                at += 2
                continue
            }
            if state == .quoted {
                if Int(byte) == quote { state = .closed }
            } else if byte == newline || byte == 13, isRecordEnd(at, from: start) {
                add(at)
                return .complete(at + 1)
            } else if byte == delimiter, isDelimiter(at) {
                add(at)
                at += tail.count
                state = .fieldStart
            } else if Int(byte) == quote, state != .unquoted {
                state = .quoted
            } else {
                if state == .closed, stopsWhereBroken, !mayFollowQuote(at, from: start) { return .broken }
                state = .unquoted
            }
            at += 1
        }
        return state == .quoted ? .open : .cut
    }

    /// Whether a byte behind a closing quote belongs to the record's end.
    private func mayFollowQuote(_ at: Int, from start: Int) -> Bool {
        if text[at] == 13, newline == 10 { return at + 1 >= length || text[at + 1] == 10 }
        return !suffix.isEmpty && (at + suffix.count >= length || isBoundary(at, from: start))
    }

    private mutating func lenient(from start: Int, innerQuotesAreText: Bool) -> Ending {
        var at = start
        var isFieldStart = true
        while at < length {
            let byte = text[at]
            if isFieldStart, Int(byte) == quote {
                switch closing(from: at, innerQuotesAreText: innerQuotesAreText, recordStart: start) {
                case .found(let end): at = end + 1
                case .none: at += 1
                case .unknown: return .cut
                }
                isFieldStart = false
                continue
            }
            if Int(byte) == escape, at + 1 < length, isEscaped(text[at + 1]) {
                at += 2
                isFieldStart = false
                continue
            }
            if byte == delimiter, isDelimiter(at) {
                add(at)
                at += tail.count
                isFieldStart = true
            } else if byte == newline || byte == 13, isRecordEnd(at, from: start) {
                add(at)
                return .complete(at + 1)
            } else {
                isFieldStart = false
            }
            at += 1
        }
        return .cut
    }

    private enum Closing {
        case found(Int)
        case none
        /// It may stand in text that is not here yet.
        case unknown
    }

    /// Looks for the quote that closes the one at `open` and stands before a separator.
    private func closing(from open: Int, innerQuotesAreText: Bool, recordStart: Int) -> Closing {
        var at = open + 1
        let end = min(length, open + Self.maxQuotedBytes)
        while at < end {
            if Int(text[at]) == escape, at + 1 < length, isEscaped(text[at + 1]) {
                at += 2
                continue
            }
            guard Int(text[at]) == quote else {
                at += 1
                continue
            }
            if escape < 0, at + 1 < length, Int(text[at + 1]) == quote {
                at += 2
                continue
            }
            if at + 2 >= length, !isFinal { return .unknown }
            if isBoundary(at + 1, from: recordStart) { return .found(at) }
            if !innerQuotesAreText { return .none }
            at += 1
        }
        return end == length && !isFinal ? .unknown : .none
    }
}
