import Columns

/// What becomes of a part of a file's schema: one column of ours.
struct ColumnPlan: Sendable {
    enum Source: Sendable {
        /// A leaf that has one value a row at most, as an index into the leaves of the whole schema.
        case leaf(Int)
        /// Everything below a node, as JSON text.
        case json(NestedShape)
    }

    var name: String
    var source: Source
    var nullable: Bool

    /// The columns of a schema: structures are taken apart into columns with dotted names, or become JSON as a whole;
    /// lists and maps become JSON.
    static func columns(_ roots: [SchemaNode], structures: ParquetReadOptions.Structures) -> [ColumnPlan] {
        var plans: [ColumnPlan] = []
        for root in roots { add(root, prefix: "", structures, to: &plans) }
        makeUnique(&plans)
        return plans
    }

    private static func add(
        _ node: SchemaNode, prefix: String, _ structures: ParquetReadOptions.Structures, to plans: inout [ColumnPlan]
    ) {
        guard !node.leaves.isEmpty else { return }
        let name = prefix + node.name
        if node.isLeaf, !node.isRepeated {
            plans.append(ColumnPlan(name: name, source: .leaf(node.leaves.lowerBound), nullable: node.definition > 0))
        } else if node.isStructure, structures == .columns {
            for child in node.children { add(child, prefix: name + ".", structures, to: &plans) }
        } else {
            let shape = NestedShape(node)
            plans.append(ColumnPlan(name: name, source: .json(shape), nullable: shape.definition > 0))
        }
    }

    /// Gives a name that stands twice a number, and an empty one its place, as names of a schema are unique.
    private static func makeUnique(_ plans: inout [ColumnPlan]) {
        for index in plans.indices where plans[index].name.isEmpty { plans[index].name = "column_\(index + 1)" }
        var taken = Set(plans.map(\.name))
        guard taken.count < plans.count else { return }
        var seen: Set<String> = []
        var numbers: [String: Int] = [:]
        for index in plans.indices where !seen.insert(plans[index].name).inserted {
            let base = plans[index].name
            repeat {
                numbers[base, default: 1] += 1
                plans[index].name = "\(base)_\(numbers[base, default: 2])"
            } while !taken.insert(plans[index].name).inserted
        }
    }

    /// Those of some names, in the order wanted. The name of a structure stands for all of its columns.
    static func choose(_ names: [String], from plans: [ColumnPlan]) throws -> [ColumnPlan] {
        let byName = Dictionary(plans.map { ($0.name, $0) }) { first, _ in first }
        return try names.flatMap { name in
            if let plan = byName[name] { return [plan] }
            let parts = plans.filter { $0.name.hasPrefix(name + ".") }
            guard !parts.isEmpty else {
                throw ParquetError(code: "parquet.unknown_column", message: "There is no column \"\(name)\".")
            }
            return parts
        }
    }
}
