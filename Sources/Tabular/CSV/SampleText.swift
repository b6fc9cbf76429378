/// The beginning of a file (or all of it), cut into records in one of the ways it may be spelled.
struct SampleText {
    /// Without a byte order mark; ends in a newline where it is the whole file.
    let text: [UInt8]
    /// Whether the file ends where the text does.
    let isWhole: Bool

    /// One record of the sample.
    struct Record {
        /// Where it begins, and where the next one does, in bytes.
        var start: Int
        var end: Int
        var fields: [[UInt8]?]

        var filled: Int { fields.count { !($0 ?? []).isEmpty } }
    }

    /// How many fields a record has, and what of it counts for the choice of a dialect.
    struct Shape {
        var start: Int
        var end: Int
        var fields: Int
        var endsEmpty: Bool
        /// Whether there is nothing but delimiters in it.
        var isEmpty: Bool
    }

    /// The shapes of all records, blank lines and comments left out.
    func shapes(_ dialect: Dialect, expectedFields: Int = 0, limit: Int = .max) -> [Shape] {
        scan(dialect, expectedFields) { base, positions, count in
            var shapes: [Shape] = []
            var fields = 0
            var start = 0
            var fieldStart = 0
            for index in 0..<count {
                let at = Int(positions[index])
                fields += 1
                defer { fieldStart = at + dialect.delimiterBytes }
                guard Self.isEnd(base[at], dialect) else { continue }
                var end = at
                if end > fieldStart, base[at] == 10, base[end - 1] == 13 { end -= 1 }
                end = CellGrid.withoutSuffix(base, fieldStart, end, dialect.recordSuffix)
                let isBlank = fields == 1 && end == fieldStart
                if !isBlank, dialect.comment.map({ $0 != base[start] }) ?? true {
                    shapes.append(
                        Shape(
                            start: start, end: at + 1, fields: fields, endsEmpty: end == fieldStart,
                            isEmpty: end - start == (fields - 1) * dialect.delimiterBytes))
                    if shapes.count == limit { break }
                }
                fields = 0
                start = at + 1
            }
            return shapes
        }
    }

    /// The records with their cells, at most `limit`, blank lines, comments and (in a lenient dialect) records of nothing
    /// but delimiters left out.
    func records(_ dialect: Dialect, expectedFields: Int = 0, limit: Int = .max) -> [Record] {
        scan(dialect, expectedFields) { base, positions, count in
            var records: [Record] = []
            var fields: [[UInt8]?] = []
            let decoder = CellGrid(text: base, starts: positions, ends: positions, columnCount: 1, rowCount: 0, dialect: dialect)
            var start = 0
            var fieldStart = 0
            for index in 0..<count {
                let at = Int(positions[index])
                let isEnd = Self.isEnd(base[at], dialect)
                var end = at
                if isEnd {
                    if end > fieldStart, base[at] == 10, base[end - 1] == 13 { end -= 1 }
                    end = CellGrid.withoutSuffix(base, fieldStart, end, dialect.recordSuffix)
                }
                fields.append(decoder.lenientText(UnsafeBufferPointer(start: base + fieldStart, count: end - fieldStart)))
                fieldStart = at + dialect.delimiterBytes
                guard isEnd else { continue }
                fieldStart = at + 1
                let isBlank = fields.allSatisfy { $0 == nil } && (fields.count == 1 || dialect.fit.isLenient)
                if !isBlank, dialect.comment.map({ $0 != base[start] }) ?? true {
                    records.append(Record(start: start, end: at + 1, fields: fields))
                    if records.count == limit { break }
                }
                fields.removeAll(keepingCapacity: true)
                start = at + 1
            }
            return records
        }
    }

    private static func isEnd(_ byte: UInt8, _ dialect: Dialect) -> Bool {
        byte == dialect.newline || (dialect.endsAtReturns && byte == 13)
    }

    private func scan<Result>(
        _ dialect: Dialect, _ expectedFields: Int, _ body: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt32>, Int) -> [Result]
    ) -> [Result] {
        var text = text
        if isWhole, text.last != dialect.newline { text.append(dialect.newline) }
        let positions = UnsafeMutablePointer<UInt32>.allocate(capacity: text.count + 1)
        defer { positions.deallocate() }
        return text.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress, !bytes.isEmpty else { return [] }
            let found = ExactScan.run(
                text: base, length: bytes.count, dialect: dialect, expectedFields: expectedFields, isFinal: isWhole,
                positions: positions)
            return body(base, positions, found.count)
        }
    }
}
