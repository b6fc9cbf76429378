/// What a part of the schema's tree means: a value, a structure, a list or a map
/// (apache/parquet-format, LogicalTypes.md, "Nested Types").
final class NestedShape: Sendable {
    enum Kind: Sendable {
        /// The leaf, as an index into the leaves of the whole schema.
        case value(Int)
        case structure([(name: String, shape: NestedShape)])
        /// Elements are there from the definition level `definition` on; their repetition level is `repetition`.
        case list(NestedShape, definition: Int, repetition: Int)
        case map(key: NestedShape, value: NestedShape, definition: Int, repetition: Int)
    }

    let kind: Kind
    /// The definition level below which this is null, or a part above it is.
    let definition: Int
    /// The leaves below.
    let leaves: Range<Int>

    private init(_ kind: Kind, definition: Int, leaves: Range<Int>) {
        self.kind = kind
        self.definition = definition
        self.leaves = leaves
    }

    /// Reads a node, by the rules for files of old writers too: lists of two levels, groups that are repeated without any
    /// annotation, maps annotated as MAP_KEY_VALUE (LogicalTypes.md, "Backward-compatibility rules").
    convenience init(_ node: SchemaNode) {
        self.init(node, isElement: false)
    }

    private convenience init(_ node: SchemaNode, isElement: Bool) {
        if node.isRepeated, !isElement {
            // Repeated without a list around it: a list that is always there.
            let element = NestedShape(node, isElement: true)
            self.init(
                .list(element, definition: node.definition, repetition: node.repetition),
                definition: node.definition - 1, leaves: node.leaves)
        } else if node.isLeaf {
            self.init(.value(node.leaves.lowerBound), definition: node.definition, leaves: node.leaves)
        } else if let repeated = node.listChild {
            let element = repeated.isListElement(of: node) ? repeated : repeated.children[0]
            self.init(
                .list(
                    NestedShape(element, isElement: element.isRepeated),
                    definition: repeated.definition, repetition: repeated.repetition),
                definition: node.definition, leaves: node.leaves)
        } else if let repeated = node.mapChild {
            // A map without values is a list of its keys.
            let key = NestedShape(repeated.children[0], isElement: false)
            let kind: Kind =
                repeated.children.count == 1
                ? .list(key, definition: repeated.definition, repetition: repeated.repetition)
                : .map(
                    key: key, value: NestedShape(repeated.children[1], isElement: false),
                    definition: repeated.definition, repetition: repeated.repetition)
            self.init(kind, definition: node.definition, leaves: node.leaves)
        } else {
            // A group without any leaf has nothing in the file that could be read.
            let members = node.children.filter { !$0.leaves.isEmpty }.map { ($0.name, NestedShape($0)) }
            self.init(.structure(members), definition: node.definition, leaves: node.leaves)
        }
    }
}

extension SchemaNode {
    /// Whether the node is a structure of named members, and not a value, a list or a map.
    var isStructure: Bool { !isLeaf && !isRepeated && listChild == nil && mapChild == nil }

    /// The repeated child of a group that is annotated as a list.
    fileprivate var listChild: SchemaNode? {
        guard element.isList, children.count == 1, children[0].isRepeated else { return nil }
        return children[0]
    }

    /// The repeated key and value of a group that is annotated as a map.
    fileprivate var mapChild: SchemaNode? {
        guard element.isMap, children.count == 1, children[0].isRepeated, 1...2 ~= children[0].children.count,
            children[0].children.allSatisfy({ !$0.leaves.isEmpty })
        else { return nil }
        return children[0]
    }

    /// Whether a list's repeated child is the element itself, as in lists of two levels, and not a group around it.
    fileprivate func isListElement(of list: SchemaNode) -> Bool {
        isLeaf || children.count != 1 || children[0].isRepeated || element.isList || element.isMap || name == "array"
            || name == list.name + "_tuple"
    }
}

extension SchemaElement {
    fileprivate var isList: Bool { logical == .list || (logical == nil && converted == .list) }
    fileprivate var isMap: Bool { logical == .map || (logical == nil && (converted == .map || converted == .mapKeyValue)) }
}
