/// One column of a schema.
package struct Column: Hashable, Sendable, Codable {
    package var name: String
    package var type: ColumnType
    package var nullable: Bool
    /// Why the column has this type, for people: `declared`, or what inference saw.
    package var reason: String?

    /// The reason of a column whose type a person has given.
    package static let declared = "declared"

    /// Whether the type is a promise about all files, not just what one file happens to need.
    package var isDeclared: Bool { reason == Self.declared }

    package init(name: String, type: ColumnType, nullable: Bool = true, reason: String? = nil) {
        self.name = name
        self.type = type
        self.nullable = nullable
        self.reason = reason
    }
}

/// The columns of a data set, in order. Names are unique.
package struct Schema: Hashable, Sendable, Codable {
    package var columns: [Column]

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    package var names: [String] { columns.map(\.name) }

    package func index(of name: String) -> Int? {
        columns.firstIndex { $0.name == name }
    }
}
