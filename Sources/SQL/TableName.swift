/// A table, by schema and name.
package struct TableName: Hashable, Sendable, CustomStringConvertible {
    package let schema: String
    package let name: String

    /// Both parts exactly as the database spells them. Throws the codes of ``Identifier/quoted(_:)``.
    package init(schema: String = "public", name: String) throws(SQLError) {
        try Identifier.check(schema)
        try Identifier.check(name)
        self.schema = schema
        self.name = name
    }

    /// Reads `orders` or `sales.orders`; a part with a dot or quote in it stands in double quotes.
    ///
    /// Case is kept: `Sales` is not `sales`. Throws `sql.bad_table_name` or the codes of ``Identifier/quoted(_:)``.
    package init(parsing text: String) throws(SQLError) {
        guard let parts = Self.parts(of: text), (1...2).contains(parts.count) else {
            throw SQLError(
                code: "sql.bad_table_name",
                message: "The table name `\(Identifier.printable(text))` is not `table` or `schema.table`. "
                    + "Put a part that contains a dot or a quote between double quotes.")
        }
        if parts.count == 2 {
            try self.init(schema: parts[0], name: parts[1])
        } else {
            try self.init(name: parts[0])
        }
    }

    /// As SQL: `"sales"."orders"`.
    package var quoted: String { "\(Identifier.quotedUnchecked(schema)).\(Identifier.quotedUnchecked(name))" }

    package var description: String { "\(schema).\(name)" }

    /// The parts between dots, unquoted; nil where the quotes do not fit.
    private static func parts(of text: String) -> [String]? {
        var parts: [String] = []
        var rest = text.unicodeScalars[...]
        while true {
            guard let part = rest.first == "\"" ? quotedPart(&rest) : plainPart(&rest) else { return nil }
            parts.append(part)
            guard let dot = rest.first else { return parts }
            guard dot == "." else { return nil }
            rest.removeFirst()
        }
    }

    private static func plainPart(_ rest: inout String.UnicodeScalarView.SubSequence) -> String? {
        let part = rest.prefix { $0 != "." && $0 != "\"" }
        guard let first = part.first, let last = part.last, !first.properties.isWhitespace,
            !last.properties.isWhitespace
        else { return nil }
        rest = rest[part.endIndex...]
        return String(part)
    }

    private static func quotedPart(_ rest: inout String.UnicodeScalarView.SubSequence) -> String? {
        var part = String.UnicodeScalarView()
        rest.removeFirst()
        while let scalar = rest.popFirst() {
            if scalar == "\"" {
                guard rest.first == "\"" else { return String(part) }
                rest.removeFirst()
            }
            part.append(scalar)
        }
        return nil
    }
}
