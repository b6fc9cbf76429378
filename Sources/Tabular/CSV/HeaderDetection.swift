/// Finds where a file's table begins, and which records name its columns, where nothing of that was declared.
///
/// How this works: most records have `width` fields. The table begins with the first record of that width that has more
/// than half as many filled fields as the fullest one; records above it are a preamble if it, or a row right above it,
/// names the columns. Cells are compared by their kind (``CellKind``): words that stand over numbers are names.
struct HeaderDetection {
    let records: [SampleText.Record]
    /// The number of fields that most records have; more than one.
    let width: Int
    let quote: UInt8?

    /// The records of the header, and what the columns are called.
    struct Header {
        /// Indices into `records`; empty where the file has no header.
        var rows: Range<Int>
        /// As the file has them; as many as the table has columns.
        var names: [[UInt8]?]
        /// The fewest fields that a record must have, where that is not all.
        var fewestFields: Int?
        /// The most fields that a record may have, the surplus empty, where that is more than there are columns.
        var mostFields: Int?
        var reason: String
        var notes: [String] = []
    }

    /// How many records are looked at.
    static let maxRecords = 1000
    /// The most line breaks that a name has.
    private static let maxNameBreaks = 4

    func header() -> Header {
        let tables = records.indices.filter { records[$0].fields.count == width }
        guard let first = tables.first else { return headless("no record is like the others") }
        let fullest = tables.prefix(Self.maxRecords).map { records[$0].filled }.max() ?? 0
        for candidate in candidates(from: first, fullest: fullest) {
            if let header = named(by: candidate) { return header }
        }
        if first > 0, let header = otherLength(above: first) { return header }
        return headless(
            kinds(from: first).contains { $0 != nil }
                ? "the first record has values of the columns' own kinds" : "the first record does not look like names")
    }

    /// Where the header may be: behind titles and the names of groups, the first record that is well filled, the first that
    /// has more than one field filled, and the first of all.
    private func candidates(from first: Int, fullest: Int) -> [Int] {
        var wellFilled: Int?
        var several: Int?
        for record in first..<records.count where records[record].fields.count == width {
            let filled = records[record].filled
            if filled > 1, several == nil { several = record }
            if filled * 2 > fullest, width > 2 || filled > 1 || fullest < 2 {
                wellFilled = record
                break
            }
            guard filled < 2 || (isGroupRow(record) && record - (several ?? record) < Self.maxHeaderRows) else { break }
        }
        var found: [Int] = []
        for candidate in [wellFilled, several, first].compactMap({ $0 }) where !found.contains(candidate) { found.append(candidate) }
        return found
    }

    /// Whether the records above a header are titles and notes, not data.
    private func areTitles(_ above: Range<Int>) -> Bool {
        above.allSatisfy { records[$0].fields.count != width || records[$0].filled < 2 }
    }

    private func headless(_ why: String) -> Header {
        Header(rows: 0..<0, names: Array(repeating: nil, count: width), reason: "no header: \(why)")
    }

    // MARK: Evidence

    /// For each column the kind that nearly all of its cells have, from a record on; nil where they are words or mixed.
    private func kinds(from start: Int) -> [CellKind?] {
        var counts = [(number: Int, moment: Int, flag: Int, all: Int)](repeating: (0, 0, 0, 0), count: width)
        for record in records[min(start, records.count)...].prefix(Self.maxRecords) where record.fields.count == width {
            for (column, field) in record.fields.enumerated() {
                switch CellKind(field) {
                case .empty: continue
                case .number: counts[column].number += 1
                case .moment: counts[column].moment += 1
                case .flag: counts[column].flag += 1
                case .word: break
                }
                counts[column].all += 1
            }
        }
        return counts.map { count in
            guard count.all > 0 else { return nil }
            if count.number * 10 >= count.all * 8 { return .number }
            if count.moment * 10 >= count.all * 8 { return .moment }
            if count.flag == count.all { return .flag }
            return count.number + count.moment == count.all ? .number : nil
        }
    }

    private struct Votes {
        /// Columns of numbers or dates over which a word stands.
        var words = 0
        /// Columns of numbers or dates over which such a value stands.
        var values = 0
        /// The same, where the value looks like a year.
        var years = 0
        var typedColumns = 0
    }

    private func votes(_ record: Int, over kinds: [CellKind?]) -> Votes {
        var votes = Votes()
        for (field, kind) in zip(records[record].fields, kinds) {
            guard kind != nil else { continue }
            votes.typedColumns += 1
            switch CellKind(field) {
            case .empty: continue
            case .word: votes.words += 1
            case .number where Self.looksLikeYear(field ?? []): votes.years += 1
            case .number, .moment, .flag: votes.values += 1
            }
        }
        return votes
    }

    static func looksLikeYear(_ field: [UInt8]) -> Bool {
        field.count == 4 && (field.starts(with: "19".utf8) || field.starts(with: "20".utf8)) && field.allSatisfy { $0 &- 48 < 10 }
    }

    /// Whether fields are names by themselves: words, most of them there, all different.
    private func areNames(_ fields: [[UInt8]?], isFirst: Bool) -> Bool {
        let filled = fields.compactMap { $0 }.filter { !$0.isEmpty }
        guard !filled.isEmpty, filled.allSatisfy({ CellKind($0) == .word }), Set(filled).count == filled.count else { return false }
        if filled.contains(where: { $0.count { $0 == 10 } > Self.maxNameBreaks }) { return false }
        // The first may be empty (an index), and so may the last ones; gaps between names are for files with a title.
        var named = fields.dropFirst()
        while let last = named.last, (last ?? []).isEmpty { named = named.dropLast() }
        if named.contains(where: { ($0 ?? []).isEmpty }) { return false }
        return filled.count * 2 > fields.count || !isFirst
    }

    // MARK: Headers

    /// The header that a record of the table's width makes; nil where it is data.
    private func named(by record: Int) -> Header? {
        let isRepeated = record + 1 < records.count && records[record + 1].fields == records[record].fields
        let kinds = kinds(from: record + (isRepeated ? 2 : 1))
        let votes = votes(record, over: kinds)
        let hasTitle = record > 0
        var reason: String
        if votes.words > 0, votes.words >= votes.values {
            reason = "\(votes.words) of \(votes.typedColumns) columns of numbers or dates have a word there"
        } else if votes.typedColumns > 0, votes.values + votes.words == 0, votes.years > 1, bodyHasNoYears(record, kinds) {
            reason = "years stand over columns of other numbers"
        } else if votes.values == 0, votes.years == 0, areNames(records[record].fields, isFirst: !hasTitle),
            !hasTitle || width > 2
        {
            reason = "its fields are words, all different"
        } else {
            return nil
        }
        var rows = record..<(record + 1)
        // Names may go on in the rows below, where these have words over numbers too, and none of their own kind.
        while votes.words > 0, rows.upperBound < records.count, records[rows.upperBound].fields.count == width {
            let next = rows.upperBound
            let rest = self.kinds(from: next + 1)
            let more = self.votes(next, over: rest)
            let same = records[next].fields == records[record].fields
            guard same || more.words > 1, more.values + more.years == 0, rest.count(where: { $0 != nil }) > 1 || same,
                rows.count < Self.maxHeaderRows, !same || more.words > 0
            else { break }
            if !same, hasTypedCell(next) { break }
            rows = rows.lowerBound..<(next + 1)
        }
        // Rows above may name groups of columns.
        while votes.words > 0, rows.lowerBound > 0, records[rows.lowerBound - 1].fields.count == width, isGroupRow(rows.lowerBound - 1),
            rows.count < Self.maxHeaderRows
        {
            rows = (rows.lowerBound - 1)..<rows.upperBound
        }
        guard areTitles(0..<rows.lowerBound) else { return nil }
        if rows.count > 1 { reason += "; \(rows.count) rows of names are joined" }
        var notes: [String] = []
        if rows.lowerBound > 0 {
            notes.append("\(rows.lowerBound) \(rows.lowerBound == 1 ? "record" : "records") above the header skipped as a preamble")
        }
        return Header(rows: rows, names: joined(rows), reason: reason, notes: notes)
    }

    /// The most rows that names are spread over.
    private static let maxHeaderRows = 5

    private func hasTypedCell(_ record: Int) -> Bool {
        records[record].fields.contains { CellKind($0).isTyped }
    }

    private func bodyHasNoYears(_ record: Int, _ kinds: [CellKind?]) -> Bool {
        !records[(record + 1)...].prefix(Self.maxRecords).contains { row in
            row.fields.count == width
                && zip(row.fields, kinds).contains { $1 != nil && Self.looksLikeYear($0 ?? []) }
        }
    }

    /// Whether a row has names of groups: at least two, with gaps behind them.
    private func isGroupRow(_ record: Int) -> Bool {
        let fields = records[record].fields
        let filled = records[record].filled
        return filled >= 2 && filled < fields.count && !fields.contains { CellKind($0) == .moment }
    }

    /// The names of several rows, joined column by column; a group's name holds until the next one begins.
    private func joined(_ rows: Range<Int>) -> [[UInt8]?] {
        guard rows.count > 1 else { return records[rows.lowerBound].fields }
        var parts = [[UInt8]](repeating: [], count: width)
        var starts = Set<Int>()
        for row in rows {
            let fields = records[row].fields
            let isLast = row == rows.upperBound - 1
            var group: [UInt8] = []
            for column in 0..<width {
                let own = fields[column] ?? []
                if starts.contains(column) { group = [] }
                if !own.isEmpty {
                    group = own
                    if !isLast { starts.insert(column) }
                }
                let name = isLast ? own : belowHasName(column, row, rows) ? group : own
                guard !name.isEmpty else { continue }
                parts[column] += (parts[column].isEmpty ? [] : [32]) + name
            }
        }
        return parts.map { $0.isEmpty ? nil : $0 }
    }

    private func belowHasName(_ column: Int, _ row: Int, _ rows: Range<Int>) -> Bool {
        ((row + 1)..<rows.upperBound).contains { !(records[$0].fields[column] ?? []).isEmpty }
    }

    // MARK: A header of another length

    /// The record right above the table, where it names the columns although it has more or fewer fields.
    private func otherLength(above first: Int) -> Header? {
        let row = first - 1
        var fields = records[row].fields
        var reason = "names stand over numbers or dates, in a record of \(fields.count) fields over records of \(width)"
        if fields.count == 1, let text = fields[0], let respelled = Self.respelled(text, width: width, quote: quote) {
            fields = respelled.fields
            reason = "it names all columns, delimited by \(shown([respelled.delimiter]))"
        }
        guard fields.count > 1, fields.count * 2 >= width, fields.count <= width * 2, !fields.contains(where: { CellKind($0).isTyped }),
            fields.contains(where: { !($0 ?? []).isEmpty })
        else { return nil }
        let kinds = kinds(from: first)
        let typed = kinds.count { $0 != nil }
        guard typed > 0 && votes(first, over: kinds).values > 0 || (row == 0 && areNames(fields, isFirst: true)) else { return nil }
        if typed == 0 { reason = "its fields are words, all different" }
        var header = fitted(Header(rows: row..<(row + 1), names: fields, reason: reason))
        if row > 0 { header.notes.append("\(row) \(row == 1 ? "record" : "records") above the header skipped as a preamble") }
        return header
    }

    /// Makes as many names as there are columns: surplus empty ones go, missing ones are left empty.
    private func fitted(_ header: Header) -> Header {
        var header = header
        let named = header.names.count
        if named > width {
            let surplus = named - width
            let empty = header.names.indices.filter { (header.names[$0] ?? []).isEmpty }
            if empty.count >= surplus {
                for index in empty.suffix(surplus).reversed() { header.names.remove(at: index) }
                header.notes.append("the header has \(named) fields, most records have \(width): empty names were left out")
            } else if records.count > header.rows.upperBound + 1 {
                header.fewestFields = width
                header.notes.append("the header has \(named) fields, most records have \(width): these are filled up with nulls")
            }
        } else if named < width {
            let surplusIsEmpty = records[header.rows.upperBound...].allSatisfy { record in
                record.fields.dropFirst(named).allSatisfy { $0 == nil }
            }
            if surplusIsEmpty {
                header.mostFields = width
                header.notes.append("records have empty fields behind the \(named) columns of the header: they are cut off")
            } else {
                header.names += Array(repeating: nil, count: width - named)
                header.notes.append("the header has \(named) names, most records have \(width) fields: the last columns have no name")
            }
        }
        return header
    }

    /// A header that is delimited by something else than the records: its fields, where that gives as many as there are
    /// columns.
    private static func respelled(_ text: [UInt8], width: Int, quote: UInt8?) -> (delimiter: UInt8, fields: [[UInt8]?])? {
        for delimiter in DialectDetection.delimiters + [32] where text.contains(delimiter) {
            var dialect = Dialect(delimiter: delimiter, quote: quote, escape: quote)
            dialect.fit.isLenient = true
            let records = SampleText(text: text, isWhole: true).records(dialect, expectedFields: width, limit: 2)
            if records.count == 1, records[0].fields.count == width { return (delimiter, records[0].fields) }
        }
        return nil
    }
}
