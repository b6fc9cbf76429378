import Compression

/// Finds how a CSV file is spelled from its first bytes.
///
/// The delimiter is the one that gives the most records the same number of fields, more than one; the first of
/// `, ; TAB |` where several do equally well. The same bytes always give the same answer.
enum DialectDetection {
    /// How much of the text is looked at.
    static let sampleBytes = 256 << 10
    static let delimiters: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|")]

    static func dialect(of sample: [UInt8], hints: DialectHints) throws(TabularError) -> Dialect {
        if sample.starts(with: [0xFF, 0xFE]) || sample.starts(with: [0xFE, 0xFF]) {
            throw TabularError(
                "encoding.unsupported", "The file begins with a UTF-16 byte order mark; only UTF-8 is read so far.")
        }
        if sample.prefix(sampleBytes).contains(0) {
            throw TabularError(
                "input.not_text", "The file holds NUL bytes near its beginning: it is no text file in UTF-8.")
        }
        let quote = hints.quote ?? UInt8(ascii: "\"")
        var dialect = Dialect(
            quote: quote, escape: hints.escape ?? quote,
            nullMarkers: hints.nullMarkers.filter { !$0.isEmpty }.map { Array($0.utf8) })
        if !sample.contains(UInt8(ascii: "\n")), sample.contains(UInt8(ascii: "\r")) {
            dialect.newline = UInt8(ascii: "\r")
        }
        dialect.delimiter = hints.delimiter ?? delimiter(of: sample, dialect: dialect)
        return dialect
    }

    private static func delimiter(of sample: [UInt8], dialect: Dialect) -> UInt8 {
        var best = (delimiter: delimiters[0], agreement: 0.0)
        for delimiter in delimiters {
            var candidate = dialect
            candidate.delimiter = delimiter
            let counts = shapes(of: sample, dialect: candidate).map(\.fields)
            let tally = counts.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            // More fields break ties between equally common counts, so that the order of a dictionary does not show.
            guard let mode = tally.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), mode.key > 1 else { continue }
            let agreement = Double(mode.value) / Double(counts.count)
            if agreement > best.agreement { best = (delimiter, agreement) }
        }
        return best.delimiter
    }

    /// How many fields a record has, and whether the last of them is empty.
    struct RecordShape {
        var fields: Int
        var endsEmpty: Bool
    }

    /// The shapes of the sample's records, blank lines left out. The last may be cut short by the sample's end.
    static func shapes(of sample: [UInt8], dialect: Dialect) -> [RecordShape] {
        var text = sample
        if text.last != dialect.newline { text.append(dialect.newline) }
        let positions = UnsafeMutablePointer<UInt32>.allocate(capacity: text.count)
        defer { positions.deallocate() }
        return text.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return [] }
            let scan = ExactScan.run(text: base, length: bytes.count, dialect: dialect, positions: positions)
            var shapes: [RecordShape] = []
            var fields = 0
            var fieldStart = 0
            for index in 0..<scan.count {
                let at = Int(positions[index])
                fields += 1
                defer { fieldStart = at + 1 }
                guard bytes[at] == dialect.newline else { continue }
                let isEmpty = at == fieldStart || (at == fieldStart + 1 && bytes[fieldStart] == UInt8(ascii: "\r"))
                if fields > 1 || !isEmpty { shapes.append(RecordShape(fields: fields, endsEmpty: isEmpty)) }
                fields = 0
            }
            return shapes
        }
    }
}
