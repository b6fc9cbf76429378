/// Finds how a CSV file is spelled from its first bytes, or from all of them.
///
/// How this works: each delimiter that may be meant cuts the sample into records, quotes read leniently. The delimiter
/// with which the largest share of records has the same number of fields, more than one, is taken; the first of
/// `, ; TAB | ^A` where several do equally well (a consistency measure in the spirit of van den Burg et al., "Wrangling
/// messy CSV files by detecting row and type patterns", 2019). A blank delimits only where numbers or quoted fields show
/// that it does. The same bytes always give the same answer.
struct DialectDetection {
    /// How much of the text is looked at, unless the whole file is asked for.
    static let sampleBytes = 256 << 10
    /// How much of it is looked at where the whole file is asked for.
    static let maxWholeBytes = 256 << 20
    static let delimiters: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|"), 1]

    let sample: SampleText
    let hints: DialectHints

    /// What was found, and why.
    struct Finding {
        var dialect: Dialect
        /// The number of fields that most records have.
        var fields: Int
        var reasons: DialectReasons
    }

    static func dialect(of sample: [UInt8], hints: DialectHints) throws(TabularError) -> Dialect {
        try DialectDetection(sample: SampleText(text: sample, isWhole: sample.count < sampleBytes), hints: hints).finding().dialect
    }

    func finding() throws(TabularError) -> Finding {
        if sample.text.starts(with: [0xFF, 0xFE]) || sample.text.starts(with: [0xFE, 0xFF]) {
            throw TabularError(
                "encoding.unsupported", "The file begins with a UTF-16 byte order mark; only UTF-8 is read so far.")
        }
        let zeros = sample.text.count { $0 == 0 }
        guard zeros * Self.textBytesPerZero <= sample.text.count || Self.isText(besides: zeros, sample.text) else {
            throw TabularError(
                "input.not_text",
                "The file holds \(zeros) NUL bytes near its beginning: it is no text file, or its encoding has to be declared (--encoding, "
                    + "input.encoding).")
        }
        let quote = hints.quote ?? UInt8(ascii: "\"")
        var dialect = Dialect(
            quote: quote, escape: hints.escape ?? quote,
            nullMarkers: hints.nullMarkers.filter { !$0.isEmpty }.map { Array($0.utf8) })
        dialect.recordSuffix = hints.recordSuffix
        dialect.comment = hints.comment
        dialect.fit.fewestFields = hints.fewestFields
        if !hints.hasQuotes { (dialect.quote, dialect.escape) = (nil, nil) }
        if hints.isAutomatic {
            dialect.fit.isLenient = true
            // The sample is read as far as it can be, whatever is made of an open quote later.
            dialect.fit.keepsOpenQuotes = true
        }
        var reasons = DialectReasons()
        setNewline(&dialect, &reasons)
        if let delimiter = hints.delimiter {
            dialect.delimiter = delimiter
            dialect.delimiterTail = hints.delimiterTail
            reasons.delimiter = "declared"
        }
        if hints.quote != nil { reasons.quote = "declared" }
        if hints.escape != nil { reasons.escape = "declared" }

        var best = agreement(of: dialect)
        if hints.delimiter == nil {
            best = choose(dialect, &reasons)
            dialect = best.dialect
        }
        if hints.isAutomatic { best = refined(best, &reasons) }
        best.dialect.fit.keepsOpenQuotes = hints.isAutomatic && hints.keepsOpenQuotes
        return Finding(dialect: best.dialect, fields: best.fields, reasons: reasons)
    }

    /// A zero byte in this many others may be dirt; of more of them the rest tells whether it is text.
    private static let textBytesPerZero = 50

    /// Whether a sample of which up to a third are zero bytes is a text otherwise: UTF-8, and no control characters that texts do
    /// not have.
    private static func isText(besides zeros: Int, _ text: [UInt8]) -> Bool {
        // Tab, LF, VT, FF, CR, ^A and its like as delimiters, ^Z, ESC.
        func isForeign(_ byte: UInt8) -> Bool { byte < 32 && byte > 4 && !(9...13).contains(byte) && byte != 26 && byte != 27 }
        guard zeros * 3 <= text.count, !text.contains(where: isForeign) else { return false }
        return text.withUnsafeBufferPointer { bytes in
            guard let invalid = UTF8Check.firstInvalid(bytes) else { return true }
            return invalid + 4 > bytes.count
        }
    }

    // MARK: Row ends

    /// LF ends records, or CR where no LF stands outside quotes; where both do, a lone CR ends records too.
    private func setNewline(_ dialect: inout Dialect, _ reasons: inout DialectReasons) {
        guard sample.text.contains(13) else { return }
        let quote = dialect.quote
        var loneReturns = 0
        var feeds = 0
        var isInside = false
        let text = sample.text
        for at in text.indices {
            let byte = text[at]
            if byte == quote {
                isInside.toggle()
            } else if isInside {
                continue
            } else if byte == 10 {
                feeds += 1
            } else if byte == 13, at + 1 < text.count, text[at + 1] != 10, text[at + 1] != 13 {
                loneReturns += 1
            } else if byte == 13, at + 1 == text.count, sample.isWhole {
                loneReturns += 1
            }
        }
        if isInside, !text.contains(10) { loneReturns = max(1, loneReturns) }
        guard loneReturns > 0 else { return }
        if feeds == 0 {
            dialect.newline = 13
            reasons.newline = "CR ends \(loneReturns) records, and no LF does"
        } else if hints.isAutomatic, loneReturns * Self.mixedShare > feeds {
            dialect.endsAtReturns = true
            reasons.newline = "LF ends \(feeds) records and CR alone \(loneReturns)"
        }
    }

    /// A CR alone is taken for a record's end in a file with LF where there is one for this many LF.
    private static let mixedShare = 20

    // MARK: Delimiters

    /// How well one spelling explains the sample.
    private struct Agreement {
        var dialect: Dialect
        var fields = 1
        /// The share of records that have this number of fields.
        var share = 0.0
        var records = 0
    }

    private func agreement(of dialect: Dialect) -> Agreement {
        let shapes = sample.shapes(dialect).filter { !dialect.fit.isLenient || !$0.isEmpty || $0.fields == 1 }
        let tally = shapes.reduce(into: [Int: Int]()) { $0[$1.fields, default: 0] += 1 }
        // More fields break ties between equally common counts, so that the order of a dictionary does not show.
        guard let mode = tally.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }) else { return Agreement(dialect: dialect) }
        return Agreement(
            dialect: dialect, fields: mode.key, share: Double(mode.value) / Double(shapes.count), records: shapes.count)
    }

    private func choose(_ dialect: Dialect, _ reasons: inout DialectReasons) -> Agreement {
        var best: Agreement?
        let quote = dialect.quote.flatMap { sample.text.contains($0) ? $0 : nil }
        for candidate in Self.delimiters.filter(sample.text.contains).flatMap({ spellings($0, dialect) }) {
            let found = agreement(of: candidate)
            guard found.fields > 1 else { continue }
            guard let other = best else {
                best = found
                continue
            }
            guard found.share >= other.share else { continue }
            // Of two that explain the records equally well, the one that leaves more quotes in order, or makes far more fields.
            let order = quote.map { wellQuoted(found.dialect, $0) - wellQuoted(other.dialect, $0) } ?? 0
            if found.share > other.share || order > 0 || (order == 0 && found.fields > 2 * other.fields) { best = found }
        }
        if hints.isAutomatic, let several = severalBytes(dialect, best?.share ?? 0) { best = several }
        if hints.isAutomatic, best?.share ?? 0 < Self.doubtfulShare, let blank = blankDelimited(dialect) { best = blank }
        guard let best else {
            reasons.delimiter = "no delimiter gives records more than one field"
            var single = agreement(of: dialect)
            if single.records == 0 { single.fields = 1 }
            return single
        }
        reasons.delimiter =
            "gives \(percent(best.share)) of \(best.records) records \(best.fields) fields"
        return best
    }

    /// The ways in which one delimiter may be meant: by itself; with a blank behind it, where quotes stand behind the blank;
    /// taken off its meaning by a backslash.
    private func spellings(_ delimiter: UInt8, _ dialect: Dialect) -> [Dialect] {
        var plain = dialect
        plain.delimiter = delimiter
        guard hints.isAutomatic else { return [plain] }
        var spellings = [plain]
        if let quote = dialect.quote, contains([delimiter, 32, quote]) {
            var spaced = plain
            spaced.delimiterTail = [32]
            spellings.append(spaced)
        }
        if contains([UInt8(ascii: "\\"), delimiter]) {
            var escaped = plain
            escaped.escape = UInt8(ascii: "\\")
            spellings.append(escaped)
        }
        return spellings
    }

    private func contains(_ bytes: [UInt8]) -> Bool {
        sample.text.withUnsafeBufferPointer { text in
            guard text.count >= bytes.count else { return false }
            return (0...(text.count - bytes.count)).contains { at in
                text[at] == bytes[0] && (1..<bytes.count).allSatisfy { text[at + $0] == bytes[$0] }
            }
        }
    }

    /// A delimiter of two bytes, where one of the usual ones always has the same company: `||`, `+|`, `~|`; perhaps with two
    /// bytes of the same kind before every newline (`&|`).
    private func severalBytes(_ dialect: Dialect, _ share: Double) -> Agreement? {
        let text = sample.text
        for delimiter in Self.delimiters where text.contains(delimiter) {
            var companies: [UInt8: Int] = [:]
            var endings: [UInt8: Int] = [:]
            var doubled = 0
            var runs = 0
            var at = 0
            while at < text.count {
                guard text[at] == delimiter else {
                    at += 1
                    continue
                }
                var end = at
                while end < text.count, text[end] == delimiter { end += 1 }
                let before = at > 0 ? text[at - 1] : 10
                let isReturn = end + 1 < text.count && text[end] == 13 && text[end + 1] == 10
                if end < text.count, text[end] == 10 || isReturn, end - at == 1 {
                    endings[before, default: 0] += 1
                } else {
                    companies[before, default: 0] += 1
                    runs += 1
                    if (end - at).isMultiple(of: 2) { doubled += 1 }
                }
                at = end
            }
            guard runs > 1 else { continue }
            var candidate = dialect
            candidate.delimiter = delimiter
            if doubled == runs {
                candidate.delimiterTail = [delimiter]
            } else if let (company, count) = companies.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), count == runs,
                Self.isPunctuation(company)
            {
                candidate.delimiter = company
                candidate.delimiterTail = [delimiter]
                if endings.count == 1, let ending = endings.keys.first, Self.isPunctuation(ending), ending != company {
                    candidate.recordSuffix = [ending, delimiter]
                }
            } else {
                continue
            }
            let found = agreement(of: candidate)
            if found.fields > 1, found.records > 1, found.share >= max(share, 0.9) { return found }
        }
        return nil
    }

    private static func isPunctuation(_ byte: UInt8) -> Bool {
        "!#$%&*+/:<=>?@\\^`~|".utf8.contains(byte)
    }

    /// Below this share a delimiter is doubted, and a blank is tried.
    private static let doubtfulShare = 0.5

    /// A blank as delimiter, where it is one: numbers in several columns, or quoted fields between blanks.
    private func blankDelimited(_ dialect: Dialect) -> Agreement? {
        var candidate = dialect
        candidate.delimiter = 32
        let found = agreement(of: candidate)
        guard found.fields > 2, found.records > 1 else { return nil }
        let records = sample.records(candidate, expectedFields: found.fields, limit: 200)
        if found.share >= 0.9 {
            let body = records.filter { $0.fields.count == found.fields }.dropFirst()
            let numeric = (0..<found.fields).count { column in
                !body.isEmpty && body.allSatisfy { CellKind($0.fields[column]) == .number }
            }
            return numeric >= 2 ? found : nil
        }
        guard let quote = dialect.quote, records.first?.fields.count == found.fields, found.share >= 0.35 else { return nil }
        return wellQuoted(candidate, quote) >= records.count ? found : nil
    }

    // MARK: Quotes, escapes and what else shows only once the delimiter is known

    private func refined(_ found: Agreement, _ reasons: inout DialectReasons) -> Agreement {
        var best = found
        let text = sample.text
        if let quote = best.dialect.quote, quote == UInt8(ascii: "\""), text.contains(UInt8(ascii: "'")) {
            let (double, single) = (wellQuoted(best.dialect, quote), wellQuoted(best.dialect, UInt8(ascii: "'")))
            if double == 0, single > 0 {
                var candidate = best.dialect
                candidate.quote = UInt8(ascii: "'")
                candidate.escape = candidate.quote
                let other = agreement(of: candidate)
                if other.share >= best.share || (other.fields > 1 && other.share >= Self.doubtfulShare) {
                    best = other
                    reasons.quote = "\(single) fields stand in single quotes, none in double ones"
                }
            }
        }
        if best.dialect.delimiterTail == [32] { reasons.delimiter += "; quoted fields stand behind a blank" }
        if !best.dialect.doublesQuotes {
            reasons.escape = "delimiters stand behind a backslash in some fields: read so, more records agree"
        } else if let quote = best.dialect.quote, escapesByBackslash(best.dialect, quote) {
            best.dialect.escape = UInt8(ascii: "\\")
            best.dialect.escapesQuotesOnly = true
            reasons.escape = "quotes within quoted fields stand behind a backslash, and none is doubled"
        }
        return best
    }

    /// How many fields stand in a pair of quotes, from separator to separator.
    private func wellQuoted(_ dialect: Dialect, _ quote: UInt8) -> Int {
        let text = sample.text
        let lastByte = dialect.delimiterTail.last ?? dialect.delimiter
        func isSeparator(_ at: Int) -> Bool {
            at < 0 || at >= text.count || text[at] == dialect.delimiter || text[at] == lastByte || text[at] == 10 || text[at] == 13
        }
        var count = 0
        var isOpen = false
        for at in text.indices where text[at] == quote {
            if !isOpen, isSeparator(at - 1), at + 1 < text.count {
                isOpen = true
            } else if isOpen, isSeparator(at + 1) {
                isOpen = false
                count += 1
            }
        }
        return count
    }

    /// Whether backslashes stand before quotes that do not end their field, and no quote is doubled within one.
    private func escapesByBackslash(_ dialect: Dialect, _ quote: UInt8) -> Bool {
        let text = sample.text
        var escaped = 0
        for at in text.indices where text[at] == quote && at > 0 && text[at - 1] == UInt8(ascii: "\\") {
            let next = at + 1 < text.count ? text[at + 1] : 10
            if next != dialect.delimiter, next != 10, next != 13 { escaped += 1 }
            if next == quote { escaped += 1 }
        }
        guard escaped > 0 else { return false }
        var at = 1
        while at + 2 < text.count {
            if text[at] == quote, text[at + 1] == quote, text[at - 1] != UInt8(ascii: "\\") {
                let before = text[at - 1]
                let after = text[at + 2]
                func isSeparator(_ byte: UInt8) -> Bool { byte == dialect.delimiter || byte == 10 || byte == 13 }
                if !isSeparator(before), !isSeparator(after), after != quote { return false }
                at += 1
            }
            at += 1
        }
        return true
    }

    private func percent(_ share: Double) -> String {
        "\(Int((share * 1000).rounded(.down)) / 10) %"
    }
}

/// Why a dialect was taken for what it is, in words; empty where nothing had to be decided.
package struct DialectReasons: Hashable, Sendable {
    package var delimiter = ""
    package var quote = ""
    package var escape = ""
    package var newline = ""
    package var header = ""
    /// What else was noticed: a preamble that was skipped, records that will be filled up.
    package var notes: [String] = []

    package init() {}
}
