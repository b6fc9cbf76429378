import Columns
import Compression

/// What a JSON text is: the columns of its records, over all of it.
package struct JSONInspection: Sendable {
    package var columns: [Column]
    /// For each column the keys that lead to it; its name is made of them.
    package var paths: [[String]]
    package var records: Int64
}

/// What becomes of objects within records.
package enum JSONNesting: Hashable, Sendable {
    /// A column for each of their members, named with dots; but the members of records that are named here stay whole.
    case columns(kept: Set<String>)
    /// One column of type json.
    case json
}

/// Reads JSON once to learn its columns, in the order in which keys first appear, and their types.
package struct JSONInspector {
    private let nesting: JSONNesting
    private let sources: [() throws -> (any ByteSource, JSONLayout)]

    /// One data set in several texts; each closure opens one of them.
    package init(nesting: JSONNesting = .columns(kept: []), _ sources: [() throws -> (any ByteSource, JSONLayout)]) {
        self.nesting = nesting
        self.sources = sources
    }

    package init(source: any ByteSource, layout: JSONLayout = .lines, nesting: JSONNesting = .columns(kept: [])) {
        self.init(nesting: nesting, [{ (source, layout) }])
    }

    package func inspect() throws -> JSONInspection {
        var tree = MemberTree(nesting: nesting)
        var records: Int64 = 0
        var isArray = false
        /// The first record that is none, where no other is.
        var firstFault: TabularError?
        var good: Int64 = 0
        for open in sources {
            let (source, layout) = try open()
            if case .array = layout { isArray = true }
            let reader = JSONRecords(window: try JSONWindow(source: source), layout: layout)
            while let outcome = try reader.next(&tree) {
                records += 1
                if records % 4096 == 0 { try Task.checkCancellation() }
                switch outcome {
                case .taken:
                    tree.keep(records)
                    good += 1
                case .rejected(let fault, let at, _):
                    guard good == 0, firstFault == nil else { continue }
                    let window = reader.window
                    firstFault = TabularError(
                        fault.code,
                        "Line \(window.line(at: at)) (byte \(window.position(at))): \(fault.reason). No record before it is sound.")
                }
                guard tree.count <= MemberTree.maxMembers else {
                    throw TabularError(
                        "json.too_many_columns",
                        "Record \(records): the objects have more than \(MemberTree.maxMembers) different keys so far. Are they "
                            + "maps? Keep them as JSON (--nested json).")
                }
            }
        }
        if good == 0, let firstFault { throw firstFault }
        guard records > 0 || isArray else { throw TabularError("input.empty", "The file holds no records.") }
        return inspection(tree.leaves(records: records), records)
    }

    private func inspection(_ leaves: [MemberTree.Leaf], _ records: Int64) -> JSONInspection {
        let names = ColumnNames.unique(leaves.map { $0.path.isEmpty ? "value" : $0.path.joined(separator: ".") })
        let columns = zip(names, leaves).map { name, leaf in
            Column(name: name, type: leaf.type, nullable: leaf.nullable, reason: leaf.reason)
        }
        return JSONInspection(columns: columns, paths: leaves.map(\.path), records: records)
    }
}
