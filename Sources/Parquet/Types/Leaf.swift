/// A column of a Parquet schema that holds values: a leaf of its tree (apache/parquet-format, README, "Nested Encoding").
struct Leaf: Sendable {
    /// The names from the root's child down to the leaf.
    var path: [String]
    var element: SchemaElement
    /// 0 where all of the path is required.
    var maxDefinitionLevel: Int
    /// 0 where nothing on the path is repeated.
    var maxRepetitionLevel: Int

    var name: String { path.joined(separator: ".") }
}
