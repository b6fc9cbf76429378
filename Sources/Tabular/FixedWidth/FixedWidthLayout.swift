/// Where the fields of a fixed-width text stand in each line.
package struct FixedWidthLayout: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        /// Nil where only widths were declared.
        package var name: String?
        /// Characters, from 0.
        package var range: Range<Int>
    }

    package let fields: [Field]

    package static let maxFields = 10_000
    package static let maxLineCharacters = 1 << 20

    /// Reads a declaration: widths (`8,22,10`), or positions from 1, both ends included, perhaps with names
    /// (`id:1-8,name:9-30`). Fields may leave gaps between them, but must not overlap or stand in another order. Throws
    /// `fixed.layout`.
    package init(_ text: String) throws(TabularError) {
        var fields: [Field] = []
        for part in text.split(separator: ",", maxSplits: Self.maxFields, omittingEmptySubsequences: false) {
            let field = try Self.field(part, after: fields.last?.range.upperBound ?? 0)
            guard field.range.lowerBound >= fields.last?.range.upperBound ?? 0, field.range.upperBound <= Self.maxLineCharacters else {
                throw Self.wrong(part, "stands before the end of the one in front of it, or beyond \(Self.maxLineCharacters) characters")
            }
            fields.append(field)
        }
        guard fields.count <= Self.maxFields else {
            throw TabularError("fixed.layout", "A fixed-width layout has at most \(Self.maxFields) fields.")
        }
        self.fields = fields
    }

    private static func field(_ part: Substring, after end: Int) throws(TabularError) -> Field {
        func trimmed(_ text: Substring) -> Substring {
            var text = text
            while text.first == " " { text.removeFirst() }
            while text.last == " " { text.removeLast() }
            return text
        }
        var name: String?
        var rest = trimmed(part)
        if let colon = rest.lastIndex(of: ":") {
            name = String(trimmed(rest[..<colon]))
            rest = trimmed(rest[rest.index(after: colon)...])
        }
        let numbers = rest.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        if numbers.count == 1, let width = numbers[0], (1...maxLineCharacters).contains(width) {
            return Field(name: name, range: end..<(end + width))
        }
        if numbers.count == 2, let first = numbers[0], let last = numbers[1], first >= 1, last >= first, last <= maxLineCharacters {
            return Field(name: name, range: (first - 1)..<last)
        }
        throw wrong(part, "is neither a width (8) nor a pair of positions from 1 (1-8), perhaps with a name (id:1-8)")
    }

    private static func wrong(_ part: Substring, _ why: String) -> TabularError {
        TabularError("fixed.layout", "In the fixed-width layout, \(shown(Array(part.utf8))) \(why).")
    }

    package var hasNames: Bool { fields.contains { $0.name != nil } }

    /// What the fields are called: their names, or their places.
    package var names: [String] {
        ColumnNames.unique(fields.enumerated().map { $1.name ?? "column_\($0 + 1)" })
    }

    /// How the text that ``FixedWidthByteSource`` makes is spelled.
    package static let delimiter: UInt8 = 0x1F
}
