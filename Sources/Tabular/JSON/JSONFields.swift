/// The keys that lead to columns, as a tree that a reader walks along with each record.
///
/// A field's children lie next to each other, in the order of the columns: records mostly have their keys in one order, so
/// that the next key is the next child.
final class JSONFields {
    struct Field {
        /// Where its key lies in `keys`, with the closing quote behind it, so that one comparison shows where it ends.
        var keyStart = 0
        var keyCount = 0
        var firstChild = 0
        var childCount = 0
        /// The column that takes the value; -1 where there is none.
        var column = -1
        /// The row in which the key was met last, to find keys that are named twice.
        var lastRow = -1
    }

    /// The most levels of objects that are taken apart; what lies deeper is kept as JSON.
    static let maxDepth = 32

    let fields: UnsafeMutablePointer<Field>
    let count: Int
    let keys: UnsafeMutablePointer<UInt8>
    /// For each field its children by key.
    private let children: [[[UInt8]: Int]]

    /// `paths` has for each column the paths of keys that lead to it. An empty path takes the whole record.
    init(paths: [[[String]]]) {
        final class Node {
            var key: [UInt8] = []
            var column = -1
            var children: [Node] = []
            var childByKey: [[UInt8]: Node] = [:]
        }
        let root = Node()
        for (column, alternatives) in paths.enumerated() {
            for path in alternatives {
                var node = root
                for part in path {
                    let key = Array(part.utf8)
                    if let known = node.childByKey[key] {
                        node = known
                        continue
                    }
                    let child = Node()
                    child.key = key
                    node.children.append(child)
                    node.childByKey[key] = child
                    node = child
                }
                if node.column < 0 { node.column = column }
            }
        }
        var nodes = [root]
        var at = 0
        var laid: [Field] = [Field()]
        var text: [UInt8] = []
        var lookups: [[[UInt8]: Int]] = []
        while at < nodes.count {
            let node = nodes[at]
            laid[at].column = node.column
            laid[at].firstChild = nodes.count
            laid[at].childCount = node.children.count
            var lookup: [[UInt8]: Int] = [:]
            for child in node.children {
                lookup[child.key] = nodes.count
                // A key that is spelled with escapes must not be found by its bytes: a NUL stands in no string.
                let isPlain = child.key.allSatisfy { $0 >= 32 && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"") }
                let spelled = isPlain ? child.key + [UInt8(ascii: "\"")] : [0]
                laid.append(Field(keyStart: text.count, keyCount: spelled.count))
                text += spelled
                nodes.append(child)
            }
            lookups.append(lookup)
            at += 1
        }
        count = laid.count
        fields = .allocate(capacity: count)
        fields.initialize(from: laid, count: count)
        keys = .allocate(capacity: max(1, text.count))
        keys.initialize(from: text, count: text.count)
        children = lookups
    }

    deinit {
        fields.deallocate()
        keys.deallocate()
    }

    /// Makes ready for the rows of a new batch.
    func forgetRows() {
        for field in 0..<count { fields[field].lastRow = -1 }
    }

    /// The child of a field whose key is spelled as it stands in the text.
    func child(of field: Int, named key: [UInt8]) -> Int? { children[field][key] }
}
