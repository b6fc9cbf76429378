/// One column of a grid, its addresses worked out so that a loop over the rows has nothing else to do.
struct CellColumn {
    let text: UnsafePointer<UInt8>
    /// Where the separator before each row's cell stands, or the cell itself in the first column.
    let starts: UnsafePointer<UInt32>
    let startStride: Int
    let gap: Int
    let ends: UnsafePointer<UInt32>
    let endStride: Int
    /// Whether a carriage return may stand before the newline behind the cells.
    let endsRecords: Bool
    let suffix: [UInt8]?

    /// A cell's bytes as they stand in the file, quotes included. Eight bytes can be read from every place in them.
    @inline(__always)
    func raw(_ row: Int) -> UnsafeBufferPointer<UInt8> {
        let start = Int(starts[row &* startStride]) &+ gap
        var end = Int(ends[row &* endStride])
        if endsRecords, end > start {
            if text[end &- 1] == UInt8(ascii: "\r") { end &-= 1 }
            if let suffix { end = CellGrid.withoutSuffix(text, start, end, suffix) }
        }
        return UnsafeBufferPointer(start: text + start, count: end &- start)
    }
}

/// Records that all have the same number of fields, as rows and columns of cells.
struct CellGrid {
    let text: UnsafePointer<UInt8>
    let starts: UnsafePointer<UInt32>
    /// Field `c` of row `r` ends at `ends[r * columnCount + c]`.
    let ends: UnsafePointer<UInt32>
    let columnCount: Int
    let rowCount: Int
    let quote: UInt8?
    /// What makes the next byte literal, where that is not a doubled quote.
    let escape: UInt8?
    let escapesQuotesOnly: Bool
    let newline: UInt8
    let recordSuffix: [UInt8]
    /// From a field's end to the next one's start.
    let delimiterBytes: Int
    /// Whether quotes that break the rules are text rather than a fault.
    let isLenient: Bool

    init(
        text: UnsafePointer<UInt8>, starts: UnsafePointer<UInt32>, ends: UnsafePointer<UInt32>, columnCount: Int, rowCount: Int,
        dialect: Dialect
    ) {
        self.text = text
        self.starts = starts
        self.ends = ends
        self.columnCount = columnCount
        self.rowCount = rowCount
        quote = dialect.quote
        escape = dialect.doublesQuotes ? nil : dialect.escape
        escapesQuotesOnly = dialect.escapesQuotesOnly
        newline = dialect.newline
        recordSuffix = dialect.recordSuffix
        delimiterBytes = dialect.delimiterBytes
        isLenient = dialect.fit.isLenient
    }

    /// A cell's bytes as they stand in the file, quotes included.
    func raw(_ row: Int, _ column: Int) -> UnsafeBufferPointer<UInt8> { self.column(column).raw(row) }

    /// The cells of one column, for loops over its rows.
    @inline(__always)
    func column(_ column: Int) -> CellColumn {
        let isLast = column &+ 1 == columnCount && newline == UInt8(ascii: "\n")
        return CellColumn(
            text: text, starts: column == 0 ? starts : ends + (column &- 1), startStride: column == 0 ? 1 : columnCount,
            gap: column == 0 ? 0 : delimiterBytes, ends: ends + column, endStride: columnCount, endsRecords: isLast,
            suffix: isLast && !recordSuffix.isEmpty ? recordSuffix : nil)
    }

    /// The end of a record's last field, where `end` stands before the newline.
    @inline(never)
    static func withoutSuffix(_ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ suffix: [UInt8]) -> Int {
        guard end - start >= suffix.count else { return end }
        for index in 0..<suffix.count where text[end - suffix.count + index] != suffix[index] { return end }
        return end - suffix.count
    }

    /// Takes the quotes off a raw cell.
    @inline(__always)
    func cell(_ raw: UnsafeBufferPointer<UInt8>) -> Cell {
        guard let quote, raw.count > 0, raw[0] == quote else { return .plain(raw) }
        guard raw.count >= 2, raw[raw.count &- 1] == quote else { return isLenient ? .plain(raw) : .broken }
        return .quoted(UnsafeBufferPointer(rebasing: raw[1..<(raw.count &- 1)]))
    }

    enum Cell {
        case plain(UnsafeBufferPointer<UInt8>)
        /// What stands between the quotes; doubled quotes are still doubled.
        case quoted(UnsafeBufferPointer<UInt8>)
        /// A closing quote is missing, or has text behind it.
        case broken
    }

    /// Appends the text of a quoted cell, doubled quotes made one and escapes taken off; false where a quote stands alone
    /// (lenient: it is text).
    func appendUnquoted(_ inner: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) -> Bool {
        var at = 0
        while at < inner.count {
            let byte = inner[at]
            if let escape, byte == escape {
                let isEscape = at + 1 < inner.count && isEscaped(inner[at + 1])
                if isEscape { at += 1 }
                guard isEscape || escapesQuotesOnly || isLenient else { return false }
            } else if byte == quote {
                if at + 1 < inner.count, inner[at + 1] == byte, escape == nil || isLenient {
                    at += 1
                } else if !isLenient {
                    return false
                }
            }
            out.append(inner[at])
            at += 1
        }
        return true
    }

    /// Whether an escape takes effect before a byte.
    private func isEscaped(_ byte: UInt8) -> Bool {
        !escapesQuotesOnly || byte == quote || byte == escape
    }

    /// The decoded bytes of a raw field, as far as they can be made out; nil for an unquoted empty one.
    func lenientText(_ raw: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        switch cell(raw) {
        case .plain(let text): return text.isEmpty ? nil : unescaped(text)
        case .quoted(let inner):
            var out: [UInt8] = []
            return appendUnquoted(inner, to: &out) ? out : Array(raw)
        case .broken: return Array(raw)
        }
    }

    /// An unquoted cell with its escapes taken off.
    func unescaped(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        guard let escape, text.contains(escape) else { return Array(text) }
        var out: [UInt8] = []
        var at = 0
        while at < text.count {
            if text[at] == escape, at + 1 < text.count, isEscaped(text[at + 1]) { at += 1 }
            out.append(text[at])
            at += 1
        }
        return out
    }
}
