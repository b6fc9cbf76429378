import Columns
import Testing

@Suite("Digests of columns")
struct ColumnDigestTests {
    static let columns: [ColumnVector] = [
        ColumnVector(type: .int64, values: .int64([5, 0, 0, .min, .max, 5, -1]), valid: [true, true, false, true, true, true, true]),
        ColumnVector(
            type: .decimal(precision: 38, scale: 0), values: .int128([5, 0, 0, 1 << 64, 1, -5, 1 << 100]),
            valid: [true, true, false, true, true, true, true]),
        ColumnVector(
            type: .float64, values: .float64([0, -0.0, 0, .nan, .infinity, 0.1, 1]), valid: [true, true, false, true, true, true, true]),
        ColumnVector(
            type: .text, values: bytes(["a", "", "", "12345678", "123456789", "é", "\0"]),
            valid: [true, true, false, true, true, true, true]),
        ColumnVector(
            type: .json, values: bytes(["{}", "[]", "", "[1, 2]", "\"x\"", "1", "2"]), valid: [true, true, false, true, true, true, true]),
    ]

    private static func bytes(_ values: [String]) -> ColumnValues {
        var bytes = ByteValues()
        for value in values { bytes.append(value) }
        return .bytes(bytes)
    }

    private static func digest(_ columns: ColumnVector...) -> ColumnDigest {
        var digest = ColumnDigest()
        for column in columns { digest.add(column) }
        return digest
    }

    private static func rows(_ column: ColumnVector, _ order: [Int]) -> ColumnVector {
        let values: ColumnValues
        switch column.values {
        case .int64(let all): values = .int64(order.map { all[$0] })
        case .int128(let all): values = .int128(order.map { all[$0] })
        case .float64(let all): values = .float64(order.map { all[$0] })
        case .bytes(let all):
            var kept = ByteValues()
            for row in order { kept.append(all[row]) }
            values = .bytes(kept)
        }
        return ColumnVector(type: column.type, values: values, valid: order.map { column.valid[$0] })
    }

    @Test("they do not depend on how rows are cut into batches", arguments: columns)
    func cuts(_ column: ColumnVector) {
        let whole = Self.digest(column)
        for cut in 0...column.count {
            #expect(Self.digest(Self.rows(column, Array(0..<cut)), Self.rows(column, Array(cut..<column.count))) == whole)
        }
        #expect(whole.rows == 7 && whole.nulls == 1)
        #expect(whole.checksum.count == 16)
    }

    @Test("another order of rows changes the ordered part only", arguments: columns)
    func order(_ column: ColumnVector) {
        let whole = Self.digest(column)
        for row in 0..<(column.count - 1) {
            var order = Array(0..<column.count)
            order.swapAt(row, row + 1)
            let swapped = Self.digest(Self.rows(column, order))
            #expect(swapped.unordered == whole.unordered && swapped.checksum == whole.checksum)
            #expect(swapped.ordered != whole.ordered, "rows \(row) and \(row + 1)")
        }
    }

    @Test("any changed value or null changes them", arguments: columns)
    func changes(_ column: ColumnVector) {
        let whole = Self.digest(column)
        for row in 0..<column.count {
            var nulled = column
            nulled.valid[row].toggle()
            nulled = ColumnVector(type: column.type, values: nulled.values, valid: nulled.valid)
            #expect(Self.digest(nulled).unordered != whole.unordered, "null in row \(row)")
            // A null's value does not count.
            if !column.valid[row] { continue }
            for other in 0..<column.count where column.valid[other] && other != row {
                var order = Array(0..<column.count)
                order[row] = other
                let replaced = Self.rows(column, order)
                if replaced == column { continue }
                #expect(Self.digest(replaced).unordered != whole.unordered, "row \(row) as \(other)")
                #expect(Self.digest(replaced).ordered != whole.ordered, "row \(row) as \(other)")
            }
        }
    }

    @Test("a row more or less changes them", arguments: columns)
    func count(_ column: ColumnVector) {
        for row in 0..<column.count {
            #expect(Self.digest(column, Self.rows(column, [row])) != Self.digest(column))
        }
        #expect(Self.digest(Self.rows(column, Array(0..<6))) != Self.digest(column))
    }

    @Test("what stands in a null's place does not count")
    func nullValues() {
        let one = ColumnVector(type: .int64, values: .int64([1, 7]), valid: [true, false])
        let two = ColumnVector(type: .int64, values: .int64([1, 0]), valid: [true, false])
        #expect(Self.digest(one) == Self.digest(two))
    }

    @Test("all NaN are one, the zeros are two")
    func floats() {
        func digest(_ value: Double) -> ColumnDigest { Self.digest(ColumnVector(type: .float64, values: .float64([value]), valid: [true])) }
        #expect(digest(.nan) == digest(-.nan) && digest(.nan) == digest(Double(nan: 5, signaling: false)))
        #expect(digest(0) != digest(-0.0))
    }

    @Test("line ends between JSON tokens count as blanks, in text they count as they are")
    func json() {
        func digest(_ text: String, _ type: ColumnType) -> ColumnDigest {
            Self.digest(ColumnVector(type: type, values: Self.bytes([text]), valid: [true]))
        }
        #expect(digest("[1,\n2]", .json) == digest("[1, 2]", .json))
        #expect(digest(" \r\n\t[1, 2]\n", .json) == digest("[1, 2]", .json))
        #expect(digest("[1,2]", .json) != digest("[1, 2]", .json))
        #expect(digest("", .json) == digest(" ", .json))
        #expect(digest("a\nb", .text) != digest("a b", .text))
    }

    @Test("the JSON value null counts as null, and as nothing else does")
    func jsonNull() {
        func column(_ text: String, valid: Bool = true) -> ColumnVector {
            ColumnVector(type: .json, values: Self.bytes([text]), valid: [valid])
        }
        #expect(Self.digest(column("null")) == Self.digest(column("", valid: false)))
        #expect(Self.digest(column("null")).nulls == 1)
        #expect(Self.digest(column("\"null\"")) != Self.digest(column("", valid: false)))
        #expect(Self.digest(column("[null]")) != Self.digest(column("null")))
    }

    @Test("how text is split into values counts")
    func splits() {
        let values: [[String]] = [["ab", "c"], ["a", "bc"], ["abc", ""], ["", "abc"]]
        let digests = values.map { Self.digest(ColumnVector(type: .text, values: Self.bytes($0), valid: [true, true])).ordered }
        #expect(Set(digests).count == 4)
    }

    @Test("a data set's checksum depends on which column holds which values")
    func dataDigest() {
        func checksum(_ order: [Int]) -> String {
            let columns = order.map { Self.columns[$0] }
            let schema = Schema(columns.enumerated().map { Column(name: "c\($0.offset)", type: $0.element.type) })
            var digest = DataDigest(columnCount: columns.count)
            digest.add(ColumnBatch(schema: schema, columns: columns, recordNumbers: Array(1...7)))
            return digest.checksum
        }
        #expect(checksum([0, 1, 2, 3, 4]) == checksum([0, 1, 2, 3, 4]))
        #expect(checksum([0, 1, 2, 3, 4]) != checksum([1, 0, 2, 3, 4]))
        #expect(checksum([0, 1, 2, 3]) != checksum([0, 1, 2, 4]))
    }
}

@Suite("Filtering rows")
struct RowFilterTests {
    @Test("the rows that are kept stay as they are, in order", arguments: ColumnDigestTests.columns)
    func filters(_ column: ColumnVector) {
        for mask in 0..<128 {
            let keep = (0..<7).map { mask >> $0 & 1 == 1 }
            let kept = column.filtered(keep: keep)
            let rows = keep.indices.filter { keep[$0] }
            #expect(kept.type == column.type && kept.count == rows.count && kept.values.count == rows.count)
            #expect(rows.enumerated().allSatisfy { kept.text(row: $0.offset) == column.text(row: $0.element) })
            #expect(kept.nullCount == rows.count { !column.valid[$0] })
        }
    }

    @Test("a batch keeps its records' numbers")
    func batch() {
        let columns = ColumnDigestTests.columns
        let schema = Schema(columns.enumerated().map { Column(name: "c\($0.offset)", type: $0.element.type) })
        let batch = ColumnBatch(schema: schema, columns: columns, recordNumbers: [1, 2, 4, 8, 16, 32, 64])
        let kept = batch.filtered(keep: [false, true, true, false, false, false, true])
        #expect(kept.recordNumbers == [2, 4, 64] && kept.rowCount == 3)
        #expect(kept.columns.map { $0.text(row: 1) } == [nil, nil, nil, nil, nil])
        let all = batch.filtered(keep: Array(repeating: true, count: 7))
        // NaN is not equal to itself.
        for column in [0, 1, 3, 4] { #expect(all.columns[column] == batch.columns[column]) }
        #expect(batch.filtered(keep: Array(repeating: false, count: 7)).rowCount == 0)
    }

    @Test("a schema finds columns by name")
    func index() {
        let schema = Schema([Column(name: "a", type: .text), Column(name: "b", type: .date)])
        #expect(schema.index(of: "b") == 1)
        #expect(schema.index(of: "c") == nil)
        #expect(schema.names == ["a", "b"])
    }
}
