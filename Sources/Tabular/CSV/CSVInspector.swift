import Columns
import Compression

/// What a CSV file is: how it is spelled, which columns it has, and of which types, over the whole file.
package struct CSVInspection: Sendable {
    package var dialect: Dialect
    /// All fields of the file as columns; `nullable` says whether nulls were seen.
    package var columns: [Column]
    /// Records in the file; those with the wrong number of fields are counted in `irregular` too.
    package var records: Int64
    package var irregular: Int64
}

/// Reads a CSV file once, as text, to learn its columns and types.
package struct CSVInspector {
    private let open: () throws -> any ByteSource
    private let hints: DialectHints

    /// `open` gives the text from its beginning, each time it is called.
    package init(hints: DialectHints, open: @escaping () throws -> any ByteSource) {
        self.open = open
        self.hints = hints
    }

    /// How the file is spelled and what its columns are called, from the beginning of the file only.
    package func head() throws -> (dialect: Dialect, names: [String]) {
        let sample = try sampleText()
        var dialect = try DialectDetection.dialect(of: sample, hints: hints)
        guard let first = try firstRecord(dialect) else {
            throw TabularError("input.empty", "The file holds no records, not even a header.")
        }
        if let header = hints.header {
            dialect.header = header
        } else {
            dialect.header = try looksLikeHeader(first, dialect)
        }
        guard dialect.header else { return (dialect, first.indices.map { "column_\($0 + 1)" }) }
        var records = DialectDetection.shapes(of: sample, dialect: dialect).dropFirst()
        if sample.count == DialectDetection.sampleBytes { records = records.dropLast() }
        return (dialect, try names(Self.fitted(first, to: Array(records))))
    }

    /// A header that lacks the trailing delimiter of all records, or has one that they lack, gets or loses an empty field.
    /// Any other difference between header and records is left for the records to be rejected by.
    private static func fitted(_ header: [[UInt8]?], to records: [DialectDetection.RecordShape]) -> [[UInt8]?] {
        guard let fields = records.first?.fields, records.allSatisfy({ $0.fields == fields }) else { return header }
        if fields == header.count + 1, records.allSatisfy(\.endsEmpty) { return header + [nil] }
        if fields == header.count - 1, let last = header.last, last == nil { return header.dropLast() }
        return header
    }

    /// The types of all columns, from every record of the file.
    package func inspect() throws -> CSVInspection {
        let (dialect, names) = try head()
        let evidence = try observe(dialect, fieldCount: names.count, limit: .max)
        let columns = zip(names, evidence.columns).map { name, evidence in
            let (type, reason) = evidence.verdict()
            let nulls = evidence.nulls + (type == .text ? 0 : evidence.quotedEmpties)
            return Column(name: name, type: type, nullable: nulls > 0, reason: reason)
        }
        return CSVInspection(dialect: dialect, columns: columns, records: evidence.records, irregular: evidence.irregular)
    }

    // MARK: The beginning

    private func sampleText() throws -> [UInt8] {
        let source = try open()
        var sample = [UInt8](repeating: 0, count: DialectDetection.sampleBytes)
        var filled = 0
        while filled < sample.count {
            let count = try sample.withUnsafeMutableBytes { bytes in
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]))
            }
            if count == 0 { break }
            filled += count
        }
        sample.removeLast(sample.count - filled)
        return sample
    }

    private func firstRecord(_ dialect: Dialect) throws -> [[UInt8]?]? {
        let chunker = try RecordChunker(source: try open(), dialect: dialect)
        try chunker.skipBlankLines()
        while let chunk = try chunker.next(fieldsPerRecord: 0, maxRecords: 1) {
            if chunk.isBlank(0, newline: dialect.newline) { continue }
            let grid = CellGrid(
                text: chunk.text, starts: chunk.starts, ends: chunk.ends, columnCount: 1, rowCount: 0,
                quote: dialect.quote, escape: dialect.doublesQuotes ? nil : dialect.escape, newline: dialect.newline)
            return (0..<chunk.fieldCount(0)).map { grid.lenientText(chunk.field(0, $0, newline: dialect.newline)) }
        }
        return nil
    }

    /// Whether the first record names the columns.
    ///
    /// It does where a column that is otherwise of one kind has something else there: a word over numbers, a date over
    /// numbers. It does not where numbers, dates or the like stand over their own kind, unless all of them look like years.
    /// Where every column is text it does if its fields are words, all of them different; the first may be empty (an index).
    private func looksLikeHeader(_ first: [[UInt8]?], _ dialect: Dialect) throws -> Bool {
        var rest = dialect
        rest.header = true
        let sample = try observe(rest, fieldCount: first.count, limit: Self.headerSampleRecords)
        var ownKind: [[UInt8]] = []
        for (field, column) in zip(first, sample.columns) {
            guard let field, !field.isEmpty else { continue }
            let (type, _) = column.verdict()
            let own = Self.evidence(of: field)
            if type == .text {
                if !own.isText { ownKind.append(field) }
            } else if own.isText || !Self.fits(own.verdict().type, type) {
                return true
            } else {
                ownKind.append(field)
            }
        }
        guard ownKind.isEmpty else {
            return ownKind.allSatisfy(Self.looksLikeYear) && Set(ownKind).count == ownKind.count && sample.records > 0
                && !zip(first, sample.columns).contains { $1.looksLikeYears }
        }
        let words = first.dropFirst().map { $0 ?? [] } + [first.first.flatMap { $0 } ?? []].filter { !$0.isEmpty }
        return !words.isEmpty && words.allSatisfy { !$0.isEmpty } && Set(words).count == words.count
    }

    private static func evidence(of field: [UInt8]) -> TypeEvidence {
        var evidence = TypeEvidence()
        field.withUnsafeBufferPointer { evidence.observe($0, record: 0) }
        return evidence
    }

    /// Whether a value of one type may stand in a column of another.
    private static func fits(_ value: ColumnType, _ column: ColumnType) -> Bool {
        func isNumber(_ type: ColumnType) -> Bool {
            if case .decimal = type { return true }
            return type == .int64 || type == .float64
        }
        return value == column || (isNumber(value) && isNumber(column))
    }

    private static func looksLikeYear(_ field: [UInt8]) -> Bool {
        field.count == 4 && (field.starts(with: "19".utf8) || field.starts(with: "20".utf8)) && field.allSatisfy { $0 &- 48 < 10 }
    }

    private static let headerSampleRecords: Int64 = 1000

    /// The longest column name, in bytes; a longer one is most often not a name.
    static let maxNameBytes = 1024
    static let maxColumns = 100_000

    private func names(_ fields: [[UInt8]?]) throws(TabularError) -> [String] {
        guard fields.count <= Self.maxColumns else {
            throw TabularError(
                "csv.too_many_columns", "The header has \(fields.count) columns; at most \(Self.maxColumns) are read.")
        }
        var names: [String] = []
        for (index, field) in fields.enumerated() {
            let bytes = field ?? []
            guard bytes.count <= Self.maxNameBytes else {
                throw TabularError(
                    "csv.name_too_long",
                    "Header, column \(index + 1): the name has \(bytes.count) bytes, at most \(Self.maxNameBytes) are "
                        + "read. It begins \(shown(bytes)). Is the first record really a header?")
            }
            guard let name = String(validating: bytes, as: UTF8.self) else {
                throw TabularError(
                    "encoding.invalid_utf8", "Header, column \(index + 1): the name is not UTF-8. Only UTF-8 is read so far.")
            }
            names.append(name)
        }
        return ColumnNames.unique(names)
    }

    // MARK: All records

    private struct Observation {
        var columns: [TypeEvidence]
        var records: Int64 = 0
        var irregular: Int64 = 0
    }

    private func observe(_ dialect: Dialect, fieldCount: Int, limit: Int64) throws -> Observation {
        let chunker = try RecordChunker(source: try open(), dialect: dialect)
        var seen = Observation(columns: Array(repeating: TypeEvidence(), count: fieldCount))
        if dialect.header { try chunker.skipHeader() }
        while seen.records < limit,
            let chunk = try chunker.next(
                fieldsPerRecord: fieldCount, maxRecords: Int(min(limit - seen.records, Int64(Int.max))))
        {
            try Task.checkCancellation()
            observe(chunk, dialect, &seen)
        }
        return seen
    }

    private func observe(_ chunk: RecordChunk, _ dialect: Dialect, _ seen: inout Observation) {
        let grid = CellGrid(
            text: chunk.text, starts: chunk.starts, ends: chunk.ends, columnCount: chunk.fieldsPerRecord,
            rowCount: chunk.recordCount, quote: dialect.quote, escape: dialect.doublesQuotes ? nil : dialect.escape,
            newline: dialect.newline)
        let first = seen.records
        if chunk.isRegular {
            for column in seen.columns.indices {
                for row in 0..<chunk.recordCount {
                    Self.observe(
                        grid.raw(row, column), grid, dialect, record: first &+ Int64(row) &+ 1, &seen.columns[column])
                }
            }
            seen.records += Int64(chunk.recordCount)
            return
        }
        for record in 0..<chunk.recordCount {
            if seen.columns.count > 1, chunk.isBlank(record, newline: dialect.newline) { continue }
            seen.records += 1
            guard chunk.fieldCount(record) == seen.columns.count else {
                seen.irregular += 1
                continue
            }
            for column in seen.columns.indices {
                Self.observe(
                    chunk.field(record, column, newline: dialect.newline), grid, dialect, record: seen.records,
                    &seen.columns[column])
            }
        }
    }

    @inline(__always)
    private static func observe(
        _ raw: UnsafeBufferPointer<UInt8>, _ grid: CellGrid, _ dialect: Dialect, record: Int64,
        _ evidence: inout TypeEvidence
    ) {
        switch grid.cell(raw) {
        case .plain(let text):
            if text.isEmpty || dialect.nullMarkers.contains(where: { $0.elementsEqual(text) }) {
                evidence.observeNull()
            } else {
                evidence.observe(text, record: record)
            }
        case .quoted(let inner):
            if inner.isEmpty { evidence.observeQuotedEmpty() } else { evidence.observe(inner, record: record) }
        case .broken: break
        }
    }
}
