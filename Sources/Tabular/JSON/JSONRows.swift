import Columns
import Glibc

/// Reads records into columns: the typed parse.
struct JSONRows: JSONRecordVisitor {
    let fields: JSONFields
    let columns: UnsafeMutablePointer<JSONColumn>
    let columnCount: Int
    /// The rows taken so far, without the one at hand.
    private(set) var rowCount = 0
    /// Columns that have a value, or a null, of the row at hand.
    private var filled = 0
    private let tree: UnsafeMutablePointer<JSONFields.Field>
    private let keys: UnsafeMutablePointer<UInt8>
    private let isLeaf: Bool
    private var recordStart = 0

    /// Whoever makes it calls ``deallocate()``.
    init(columns: [Column], paths: [[[String]]], formats: [ValueFormat?] = []) {
        fields = JSONFields(paths: paths)
        tree = fields.fields
        keys = fields.keys
        isLeaf = tree[0].column >= 0
        columnCount = columns.count
        self.columns = .allocate(capacity: max(1, columns.count))
        for (index, column) in columns.enumerated() {
            (self.columns + index).initialize(to: JSONColumn(column, format: index < formats.count ? formats[index] : nil))
        }
    }

    func deallocate() {
        for index in 0..<columnCount { columns[index].deallocate() }
        columns.deinitialize(count: columnCount)
        columns.deallocate()
    }

    /// Keeps the row at hand.
    mutating func keep() { rowCount &+= 1 }

    mutating func takeBack() {
        for index in 0..<columnCount { columns[index].takeBack(toRow: rowCount) }
        for field in 0..<fields.count where tree[field].lastRow == rowCount { tree[field].lastRow = -1 }
    }

    mutating func finish() -> [ColumnVector] {
        fields.forgetRows()
        rowCount = 0
        return (0..<columnCount).map { columns[$0].finish() }
    }

    // MARK: Records

    @inline(__always)
    mutating func take(_ scanner: inout JSONScanner) throws(JSONFault) {
        recordStart = scanner.at
        filled = 0
        if isLeaf {
            try leaf(0, &scanner)
        } else {
            guard scanner.peek() == UInt8(ascii: "{") else { throw notAnObject(&scanner) }
            try object(0, &scanner, depth: 0)
        }
        if filled != columnCount { try fillUp() }
    }

    private func notAnObject(_ scanner: inout JSONScanner) -> JSONFault {
        let start = scanner.at
        if scanner.isLine {
            let line = UnsafeBufferPointer(start: scanner.text + start, count: scanner.end - start).prefix { $0 != 10 && $0 != 13 }
            scanner.move(to: start + line.count)
            return .notAnObject(line)
        }
        guard scanner.value() != nil else { return .malformed(scanner, from: start) }
        return .notAnObject(scanner.bytes(from: start))
    }

    /// Columns without a value are null.
    private mutating func fillUp() throws(JSONFault) {
        for index in 0..<columnCount where columns[index].count == rowCount {
            guard columns[index].column.nullable else {
                throw JSONFault(code: "value.missing", reason: "a value is required, found none", column: columns[index].column.name)
            }
            columns[index].appendNull()
        }
    }

    private mutating func object(_ field: Int, _ scanner: inout JSONScanner, depth: Int) throws(JSONFault) {
        scanner.move(to: scanner.at &+ 1)
        if scanner.peek() == UInt8(ascii: "}") {
            scanner.move(to: scanner.at &+ 1)
            return
        }
        let first = tree[field].firstChild
        let last = first &+ tree[field].childCount
        var expected = first
        while true {
            let child = try key(field, &scanner, first, last, expected)
            guard scanner.take(UInt8(ascii: ":"), "':'") else { throw .malformed(scanner, from: recordStart) }
            if child >= 0 {
                expected = child &+ 1
                if tree[child].lastRow == rowCount {
                    try repeated(child, &scanner)
                } else {
                    tree[child].lastRow = rowCount
                    try member(child, &scanner, depth: depth)
                }
            } else if scanner.value(depth: depth + 1) == nil {
                throw .malformed(scanner, from: recordStart)
            }
            let byte = scanner.peek()
            if byte == UInt8(ascii: ",") {
                scanner.move(to: scanner.at &+ 1)
                continue
            }
            guard byte == UInt8(ascii: "}") else {
                scanner.fail(depth == 0 ? "'}'" : "',' or '}'")
                throw .malformed(scanner, from: recordStart)
            }
            scanner.move(to: scanner.at &+ 1)
            return
        }
    }

    /// The value of a key that stands twice: the same once more, or the record is no row.
    @inline(never)
    private func repeated(_ child: Int, _ scanner: inout JSONScanner) throws(JSONFault) {
        guard tree[child].childCount == 0, tree[child].column >= 0 else { throw .duplicateKey(name(of: child)) }
        let column = columns + tree[child].column
        try slowLeaf(column, &scanner)
        guard column.pointee.repeatsItself else { throw .duplicateKey(name(of: child)) }
        column.pointee.takeBack(toRow: rowCount + 1)
    }

    /// The child whose key comes next, -1 for one that leads to no column; the scanner stands behind the key then.
    @inline(__always)
    private func key(
        _ field: Int, _ scanner: inout JSONScanner, _ first: Int, _ last: Int, _ expected: Int
    ) throws(JSONFault) -> Int {
        if expected < last, scanner.peek() == UInt8(ascii: "\""), matches(expected, scanner) {
            scanner.move(to: scanner.at &+ 1 &+ tree[expected].keyCount)
            return expected
        }
        guard let start = scanner.key() else { throw .malformed(scanner, from: recordStart) }
        let quoted = scanner.bytes(from: start)
        if scanner.hasEscape { return fields.child(of: field, named: try JSONString.decoded(quoted)) ?? -1 }
        // A key left out is the most usual reason for another one than was expected.
        for child in expected..<min(last, expected &+ 4) where tree[child].keyCount == quoted.count &- 1 {
            if memcmp(keys + tree[child].keyStart, scanner.text + start + 1, quoted.count &- 2) == 0 { return child }
        }
        return fields.child(of: field, named: Array(quoted[1..<(quoted.count - 1)])) ?? -1
    }

    /// Whether a child's key, and its closing quote, stand behind the quote at hand.
    @inline(__always)
    private func matches(_ child: Int, _ scanner: JSONScanner) -> Bool {
        let count = tree[child].keyCount
        guard scanner.at &+ 1 &+ count <= scanner.end else { return false }
        let key = keys + tree[child].keyStart
        let text = scanner.text + (scanner.at &+ 1)
        var at = 0
        while at &+ 8 <= count {
            let (one, other) = (UnsafeRawPointer(key + at), UnsafeRawPointer(text + at))
            if one.loadUnaligned(as: UInt64.self) != other.loadUnaligned(as: UInt64.self) { return false }
            at &+= 8
        }
        while at < count {
            if key[at] != text[at] { return false }
            at &+= 1
        }
        return true
    }

    private func name(of field: Int) -> String {
        var field = field
        while tree[field].column < 0, tree[field].childCount > 0 { field = tree[field].firstChild }
        return tree[field].column >= 0 ? columns[tree[field].column].column.name : ""
    }

    // MARK: Values

    @inline(__always)
    private mutating func member(_ field: Int, _ scanner: inout JSONScanner, depth: Int) throws(JSONFault) {
        if tree[field].childCount == 0 { return try leaf(field, &scanner) }
        let byte = scanner.peek()
        if byte == UInt8(ascii: "{"), depth < JSONFields.maxDepth {
            let start = scanner.at
            try object(field, &scanner, depth: depth + 1)
            if tree[field].column < 0 { return }
            scanner.move(to: start)
        } else if tree[field].column < 0 {
            guard let (kind, start) = scanner.value(depth: depth + 1) else { throw .malformed(scanner, from: recordStart) }
            if kind == .null { return }
            throw JSONFault(
                code: "json.not_an_object", reason: "expected an object, found \(shown(scanner.bytes(from: start)))",
                column: name(of: field))
        }
        try leaf(field, &scanner)
    }

    @inline(__always)
    private mutating func leaf(_ field: Int, _ scanner: inout JSONScanner) throws(JSONFault) {
        let index = tree[field].column
        let column = columns + index
        guard column.pointee.count == rowCount else { throw .duplicateKey(column.pointee.column.name) }
        filled &+= 1
        let byte = scanner.peek()
        if byte &- 48 < 10 || byte == UInt8(ascii: "-") {
            switch column.pointee.parsing {
            case .integer:
                if let (value, end) = Self.integer(scanner) {
                    column.pointee.append(value)
                    scanner.move(to: end)
                    return
                }
            case .decimal(let scale, let wholeDigits):
                if let (value, end) = Self.decimal(scanner, scale: scale, wholeDigits: wholeDigits) {
                    column.pointee.append(value)
                    scanner.move(to: end)
                    return
                }
            default: break
            }
        } else if byte == UInt8(ascii: "\""), case .text = column.pointee.parsing {
            let start = scanner.at
            guard scanner.string() else { throw .malformed(scanner, from: recordStart) }
            if !scanner.hasEscape {
                let size = scanner.at &- start &- 2
                column.pointee.append(bytes: UnsafeBufferPointer(start: scanner.text + start + 1, count: size))
                return
            }
            scanner.move(to: start)
        }
        try slowLeaf(column, &scanner)
    }

    private func slowLeaf(_ column: UnsafeMutablePointer<JSONColumn>, _ scanner: inout JSONScanner) throws(JSONFault) {
        guard let (kind, start) = scanner.value() else { throw .malformed(scanner, from: recordStart) }
        let value = scanner.bytes(from: start)
        let fits: Bool
        switch kind {
        case .null where !isLeaf || column.pointee.column.type != .json:
            guard column.pointee.column.nullable else {
                throw JSONFault(code: "value.missing", reason: "a value is required, found null", column: column.pointee.column.name)
            }
            column.pointee.appendNull()
            fits = true
        case .string where column.pointee.format != nil && column.pointee.column.type != .json:
            fits = try formatted(column, value, scanner.hasEscape)
        case .string where column.pointee.column.type != .json:
            if scanner.hasEscape {
                let text = try JSONString.decoded(value)
                fits = text.withUnsafeBufferPointer { column.pointee.append($0) }
            } else {
                fits = column.pointee.append(UnsafeBufferPointer(rebasing: value[1..<(value.count - 1)]))
            }
        default: fits = column.pointee.append(value)
        }
        guard fits else {
            throw JSONFault(
                code: column.pointee.column.type.faultCode,
                reason: "expected \(column.pointee.column.type)\(column.pointee.format?.words ?? ""), found \(shown(value))",
                column: column.pointee.column.name)
        }
    }

    /// A string of a column whose texts are spelled in another way than ours.
    private func formatted(
        _ column: UnsafeMutablePointer<JSONColumn>, _ value: UnsafeBufferPointer<UInt8>, _ hasEscape: Bool
    ) throws(JSONFault) -> Bool {
        let text = hasEscape ? try JSONString.decoded(value) : Array(value[1..<(value.count - 1)])
        let isNull = text.withUnsafeBufferPointer { column.pointee.format?.isNull($0) ?? false }
        guard isNull else { return text.withUnsafeBufferPointer { column.pointee.append($0, isFormatted: true) } }
        guard column.pointee.column.nullable else {
            throw JSONFault(code: "value.missing", reason: "a value is required, found null", column: column.pointee.column.name)
        }
        column.pointee.appendNull()
        return true
    }

    /// A whole number of up to 18 digits that ends as a value must; nil for anything else, which the exact path reads.
    @inline(__always)
    private static func integer(_ scanner: JSONScanner) -> (value: Int64, end: Int)? {
        let text = scanner.text
        var at = scanner.at
        let negative = text[at] == UInt8(ascii: "-")
        if negative { at &+= 1 }
        let start = at
        var value: Int64 = 0
        while at < scanner.end, text[at] &- 48 < 10 {
            value = value &* 10 &+ Int64(text[at] &- 48)
            at &+= 1
        }
        let count = at &- start
        guard count > 0, count <= 18, at < scanner.end, isEnd(text[at]), count == 1 ? value > 0 || !negative : text[start] != 48 else {
            return nil
        }
        return (negative ? 0 &- value : value, at)
    }

    /// A number of up to 18 digits, unscaled, that fits without rounding; nil for anything else.
    @inline(__always)
    private static func decimal(_ scanner: JSONScanner, scale: Int, wholeDigits: Int) -> (value: Int64, end: Int)? {
        let text = scanner.text
        var at = scanner.at
        let negative = text[at] == UInt8(ascii: "-")
        if negative { at &+= 1 }
        let start = at
        var value: Int64 = 0
        while at < scanner.end, text[at] &- 48 < 10 {
            value = value &* 10 &+ Int64(text[at] &- 48)
            at &+= 1
        }
        let whole = at &- start
        guard whole > 0, whole <= max(wholeDigits, 1), whole == 1 || text[start] != 48 else { return nil }
        if wholeDigits == 0, text[start] != 48 { return nil }
        var fraction = 0
        if at < scanner.end, text[at] == UInt8(ascii: ".") {
            at &+= 1
            let point = at
            while at < scanner.end, text[at] &- 48 < 10 {
                value = value &* 10 &+ Int64(text[at] &- 48)
                at &+= 1
            }
            fraction = at &- point
            guard fraction > 0 else { return nil }
        }
        guard fraction <= scale, at < scanner.end, isEnd(text[at]) else { return nil }
        while fraction < scale {
            value = value &* 10
            fraction &+= 1
        }
        return (negative ? 0 &- value : value, at)
    }

    /// What may follow a number.
    @inline(__always)
    private static func isEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || byte == 32 || byte == 10 || byte == 13
            || byte == 9
    }
}
