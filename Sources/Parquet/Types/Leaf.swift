/// A column of a Parquet schema that holds values: a leaf of its tree (apache/parquet-format, README, "Nested Encoding").
struct Leaf: Sendable {
    /// The names from the root's child down to the leaf.
    var path: [String]
    var element: SchemaElement
    /// 0 where all of the path is required.
    var maxDefinitionLevel: Int
    /// 0 where nothing on the path is repeated.
    var maxRepetitionLevel: Int
    /// It stands at the top level and is not repeated.
    var isFlat: Bool { path.count == 1 && maxRepetitionLevel == 0 }

    var name: String { path.joined(separator: ".") }

    /// All leaves of a schema, in the order of the column chunks.
    static func leaves(of schema: [SchemaElement]) throws -> [Leaf] {
        guard let root = schema.first else { throw ParquetError.schema("the schema is empty") }
        var leaves: [Leaf] = []
        var next = 1
        for _ in 0..<max(0, root.childCount ?? 0) {
            try descend(schema, &next, path: [], definition: 0, repetition: 0, into: &leaves)
        }
        guard next == schema.count else {
            throw ParquetError.schema("the schema has \(schema.count) elements, of which its tree takes \(next)")
        }
        return leaves
    }

    private static func descend(
        _ schema: [SchemaElement], _ next: inout Int, path: [String], definition: Int, repetition: Int,
        into leaves: inout [Leaf]
    ) throws {
        guard next < schema.count else { throw ParquetError.schema("the schema's tree lacks elements") }
        guard path.count < ParquetLimits.maxSchemaDepth else {
            throw ParquetError.limit("groups inside each other", path.count + 1, max: ParquetLimits.maxSchemaDepth)
        }
        let element = schema[next]
        next += 1
        let path = path + [element.name]
        let definition = definition + (element.repetition == .optional || element.repetition == .repeated ? 1 : 0)
        let repetition = repetition + (element.repetition == .repeated ? 1 : 0)
        if let childCount = element.childCount, childCount != 0 || element.type == nil {
            guard childCount >= 0 else { throw ParquetError.schema("the group \(element.name) has \(childCount) children") }
            for _ in 0..<childCount {
                try descend(
                    schema, &next, path: path, definition: definition, repetition: repetition, into: &leaves)
            }
        } else {
            guard element.type != nil else { throw ParquetError.schema("the column \(element.name) has no type") }
            leaves.append(
                Leaf(
                    path: path, element: element, maxDefinitionLevel: definition, maxRepetitionLevel: repetition))
        }
    }
}
