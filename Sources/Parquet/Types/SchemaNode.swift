/// A node of a schema's tree with the levels at which it is there (apache/parquet-format, README, "Nested Encoding").
struct SchemaNode: Sendable {
    var element: SchemaElement
    /// The definition level from which on the node is there: for a repeated one, at least once.
    var definition: Int
    /// How many of the nodes on the path down to this one, itself included, are repeated.
    var repetition: Int
    var children: [SchemaNode] = []
    /// The leaves below, as indices into the leaves of the whole schema; its own for a leaf.
    var leaves: Range<Int>

    var name: String { element.name }
    var isLeaf: Bool { element.type != nil && children.isEmpty }
    var isRepeated: Bool { element.repetition == .repeated }

    /// The root's children, and all leaves in the order of the column chunks.
    static func tree(of schema: [SchemaElement]) throws -> (roots: [SchemaNode], leaves: [Leaf]) {
        guard let root = schema.first else { throw ParquetError.schema("the schema is empty") }
        var builder = Builder(schema: schema)
        var roots: [SchemaNode] = []
        for _ in 0..<max(0, root.childCount ?? 0) {
            roots.append(try builder.descend(path: [], definition: 0, repetition: 0))
        }
        guard builder.next == schema.count else {
            throw ParquetError.schema("the schema has \(schema.count) elements, of which its tree takes \(builder.next)")
        }
        return (roots, builder.leaves)
    }

    private struct Builder {
        let schema: [SchemaElement]
        var next = 1
        var leaves: [Leaf] = []

        mutating func descend(path: [String], definition: Int, repetition: Int) throws -> SchemaNode {
            guard next < schema.count else { throw ParquetError.schema("the schema's tree lacks elements") }
            guard path.count < ParquetLimits.maxSchemaDepth else {
                throw ParquetError.limit("groups inside each other", path.count + 1, max: ParquetLimits.maxSchemaDepth)
            }
            let element = schema[next]
            next += 1
            let path = path + [element.name]
            let definition = definition + (element.repetition == .optional || element.repetition == .repeated ? 1 : 0)
            let repetition = repetition + (element.repetition == .repeated ? 1 : 0)
            let firstLeaf = leaves.count
            var children: [SchemaNode] = []
            if let childCount = element.childCount, childCount != 0 || element.type == nil {
                guard childCount >= 0 else { throw ParquetError.schema("the group \(element.name) has \(childCount) children") }
                for _ in 0..<childCount {
                    children.append(try descend(path: path, definition: definition, repetition: repetition))
                }
            } else {
                guard element.type != nil else { throw ParquetError.schema("the column \(element.name) has no type") }
                leaves.append(
                    Leaf(path: path, element: element, maxDefinitionLevel: definition, maxRepetitionLevel: repetition))
            }
            return SchemaNode(
                element: element, definition: definition, repetition: repetition, children: children,
                leaves: firstLeaf..<leaves.count)
        }
    }
}
