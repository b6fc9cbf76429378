import Columns
import Tabular

/// Why a conversion is not proven.
struct NotProven: Error {
    /// In words, without a full stop.
    var reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

/// A value that is not in the output as it was in the source.
struct Difference: Hashable {
    /// How many differences a message shows.
    static let maxShown = 10

    /// Of the source, from 1; of a row that the source does not have, its place in the file.
    var row: Int64
    var column: String
    /// As messages show values; nil: there is no such row.
    var expected: String?
    var found: String?

    /// `column "amount", row 7: expected "1.50", found "1.51"`.
    var text: String {
        "column \"\(column)\", row \(row): expected \(expected ?? "no row"), found \(found ?? "no row")"
    }
}

/// Finds the first values that differ between the source's rows and those that were read back: slow, for when it is known
/// that there are some.
struct DifferenceSearch {
    /// The rows as they should be, those of the file in question and no others; nil at the end.
    let expected: () throws -> ColumnBatch?
    let found: () throws -> ColumnBatch?
    /// The columns that are known to differ.
    let columns: [Int]

    /// How much of what two long values have in common is shown before their difference.
    private static let shownBefore = 10

    /// At most ``Difference/maxShown``. What cannot be read any more ends the search.
    func first() -> [Difference] {
        var differences: [Difference] = []
        var (left, right) = (Rows(next: expected), Rows(next: found))
        var place: Int64 = 0
        while differences.count < Difference.maxShown {
            left.advance()
            right.advance()
            place += 1
            guard left.batch != nil || right.batch != nil else { break }
            for column in columns where differences.count < Difference.maxShown {
                if let difference = difference(left, right, column, place) { differences.append(difference) }
            }
            // Of rows that only one side has, the first tells enough.
            if left.batch == nil || right.batch == nil { break }
        }
        return differences
    }

    private func difference(_ left: Rows, _ right: Rows, _ column: Int, _ place: Int64) -> Difference? {
        let (expected, found) = (left.text(column), right.text(column))
        guard expected != found, left.facts(column) != right.facts(column) else { return nil }
        var (shownExpected, shownFound) = (expected.map(Self.shown), found.map(Self.shown))
        if let expected = expected ?? nil, let found = found ?? nil {
            let common = zip(expected.utf8, found.utf8).prefix { $0 == $1 }.count
            if common > maxShownBytes / 2 {
                shownExpected = "…" + Self.shown(expected, from: common)
                shownFound = "…" + Self.shown(found, from: common)
            }
        }
        return Difference(
            row: left.batch.map { $0.recordNumbers[left.row] } ?? place,
            column: (left.batch ?? right.batch)?.schema.names[column] ?? "", expected: shownExpected, found: shownFound)
    }

    private static func shown(_ text: String?) -> String { text.map { Tabular.shown($0.utf8) } ?? "null" }

    private static func shown(_ text: String, from start: Int) -> String {
        Tabular.shown(text.utf8.dropFirst(start - shownBefore))
    }

    /// A walk over the rows of batches.
    private struct Rows {
        let next: () throws -> ColumnBatch?
        /// That of the row; nil behind the last one.
        private(set) var batch: ColumnBatch?
        private(set) var row = 0
        private var isAtEnd = false

        init(next: @escaping () throws -> ColumnBatch?) {
            self.next = next
        }

        mutating func advance() {
            guard !isAtEnd else { return }
            row += 1
            while batch.map({ row >= $0.rowCount }) ?? true {
                batch = (try? next()) ?? nil
                row = 0
                isAtEnd = batch == nil
                if isAtEnd { return }
            }
        }

        /// Nil where there is no row, and within that, where the value is null.
        func text(_ column: Int) -> String?? {
            batch.map { $0.columns[column].text(row: row) }
        }

        /// What the proof makes of the value: all NaN are one, and the like.
        func facts(_ column: Int) -> ColumnFacts? {
            guard let batch else { return nil }
            var digest = ColumnDigest()
            digest.add(batch.columns[column].gathered([row]))
            return digest.facts
        }
    }
}
