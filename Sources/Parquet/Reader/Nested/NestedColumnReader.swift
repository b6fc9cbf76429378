import Columns

/// Reads a list, a map or a structure as JSON text, one value a row.
///
/// How this works: each leaf below has a queue of entries with definition and repetition levels. The shape of the column
/// is walked once a row; at every place the next entry of the place's first leaf tells whether something is there, and
/// after an element whether another one follows (README, "Nested Encoding"). That all leaves tell the same is checked.
final class NestedColumnReader: ColumnSource {
    private let shape: NestedShape
    /// By the leaves' order; the first is that of the shape's first leaf.
    private let leaves: [NestedEntries]
    private let firstLeaf: Int
    private var pending = PendingValues(.json)

    /// - Parameter leaves: the entries of all leaves below the shape, in order.
    init(_ shape: NestedShape, _ leaves: [NestedEntries]) {
        self.shape = shape
        self.leaves = leaves
        firstLeaf = shape.leaves.lowerBound
    }

    var pendingRows: Int { pending.count }

    func fill(_ rows: Int) throws {
        while pending.count < rows, pending.bytes.bytes.count < ParquetLimits.maxBatchColumnBytes {
            var complete = rows - pending.count
            for leaf in leaves {
                try leaf.fill(complete)
                complete = min(complete, leaf.completeRows)
            }
            guard complete > 0 else { return }
            do {
                for _ in 0..<complete where pending.bytes.bytes.count < ParquetLimits.maxBatchColumnBytes { try appendRow() }
            } catch let error as ParquetError {
                throw error.at(leaves[0].place)
            }
        }
    }

    func take(_ rows: Int) -> ColumnVector {
        pending.take(rows)
    }

    func skip(_ rows: Int64) throws {
        var left = rows
        if pending.count > 0 {
            let count = Int(min(left, Int64(pending.count)))
            _ = pending.take(count)
            left -= Int64(count)
        }
        for leaf in leaves {
            var leafLeft = left
            while leafLeft > 0 {
                try leaf.fill(Int(min(leafLeft, Int64(PageCursor.stepRows))))
                let complete = Int(min(Int64(leaf.completeRows), leafLeft))
                guard complete > 0 else { break }
                for _ in 0..<complete { try leaf.skipRow() }
                leafLeft -= Int64(complete)
            }
        }
    }

    private func appendRow() throws {
        for leaf in leaves { leaf.beginRow() }
        let start = pending.bytes.bytes.count
        let isThere = try append(shape)
        if !isThere {
            pending.bytes.bytes.removeLast(pending.bytes.bytes.count - start)
            pending.nullCount += 1
        }
        pending.valid.append(isThere)
        pending.bytes.offsets.append(UInt32(pending.bytes.bytes.count))
        for leaf in leaves { try leaf.endRow() }
        let size = pending.bytes.bytes.count - start
        guard size <= ParquetLimits.maxJSONBytes else {
            throw ParquetError.limit("the JSON text of one row, in bytes,", size, max: ParquetLimits.maxJSONBytes)
        }
    }

    /// Appends what stands at a place of the shape.
    ///
    /// - Returns: false where that is null.
    @discardableResult
    private func append(_ shape: NestedShape) throws -> Bool {
        let first = leaves[shape.leaves.lowerBound - firstLeaf]
        let definition = try first.definition()
        guard definition >= shape.definition else {
            try takeAbsent(shape, below: shape.definition)
            pending.bytes.bytes.append(contentsOf: "null".utf8)
            return false
        }
        switch shape.kind {
        case .value:
            let row = try first.takeValue()
            first.values.appendJSON(row, to: &pending.bytes.bytes)
        case .structure(let members):
            try enclosed("{", "}") {
                for (index, member) in members.enumerated() {
                    if index > 0 { pending.bytes.bytes.append(UInt8(ascii: ",")) }
                    NestedText.appendString(Array(member.name.utf8)[...], to: &pending.bytes.bytes)
                    pending.bytes.bytes.append(UInt8(ascii: ":"))
                    try append(member.shape)
                }
            }
        case .list(let element, let level, let repetition):
            try enclosed("[", "]") {
                try forEachElement(shape, definition, level, repetition, first) { try append(element) }
            }
        case .map(let key, let value, let level, let repetition):
            try enclosed("{", "}") {
                try forEachElement(shape, definition, level, repetition, first) {
                    try appendKey(key)
                    pending.bytes.bytes.append(UInt8(ascii: ":"))
                    try append(value)
                }
            }
        }
        return true
    }

    private func enclosed(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: () throws -> Void) rethrows {
        pending.bytes.bytes.append(UInt8(ascii: open))
        try body()
        pending.bytes.bytes.append(UInt8(ascii: close))
    }

    private func forEachElement(
        _ shape: NestedShape, _ definition: Int, _ level: Int, _ repetition: Int, _ first: NestedEntries,
        _ body: () throws -> Void
    ) throws {
        guard definition >= level else { return try takeAbsent(shape, below: level) }
        try body()
        while first.repetition == repetition {
            pending.bytes.bytes.append(UInt8(ascii: ","))
            try body()
        }
    }

    /// Every leaf below has one entry where something is null or empty.
    private func takeAbsent(_ shape: NestedShape, below level: Int) throws {
        for index in shape.leaves { try leaves[index - firstLeaf].takeAbsent(below: level) }
    }

    /// JSON's keys are strings: what is none stands as its text.
    private func appendKey(_ key: NestedShape) throws {
        let start = pending.bytes.bytes.count
        try append(key)
        guard pending.bytes.bytes[start] != UInt8(ascii: "\"") else { return }
        let text = Array(pending.bytes.bytes[start...])
        pending.bytes.bytes.removeLast(text.count)
        NestedText.appendString(text[...], to: &pending.bytes.bytes)
    }
}
