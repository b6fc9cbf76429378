import Columns
import Compression

/// What a CSV file is: how it is spelled, which columns it has, and of which types, over the whole file.
package struct CSVInspection: Sendable {
    package var head: CSVInspector.Head
    /// All fields of the file as columns; `nullable` says whether nulls were seen.
    package var columns: [Column]
    /// How the columns' values are spelled; nil: our own way.
    package var formats: [ValueFormat?]
    private var evidence: [TypeEvidence]
    /// Records in the file; those with the wrong number of fields are counted in `irregular` too.
    package var records: Int64
    package var irregular: Int64
    /// What was done to make records fit.
    package var adjustments: Adjustments

    package var dialect: Dialect { head.dialect }

    init(head: CSVInspector.Head, evidence: [TypeEvidence], records: Int64, irregular: Int64, adjustments: Adjustments) {
        (self.head, self.evidence, self.records) = (head, evidence, records)
        (self.irregular, self.adjustments) = (irregular, adjustments)
        (columns, formats) = ([], [])
        judge()
    }

    private mutating func judge() {
        columns = zip(head.names, evidence).map { name, evidence in
            let (type, reason) = evidence.verdict()
            let nulls = evidence.nulls + (type == .text ? 0 : evidence.quotedEmpties + evidence.nullWordRows)
            return Column(name: name, type: type, nullable: nulls > 0, reason: reason)
        }
        formats = evidence.map(\.format)
    }

    /// Takes in another file with the same columns, which follows this one; `source` is what messages call it. The types are those
    /// that the values of both have in common.
    package mutating func merge(_ other: CSVInspection, source: String) {
        for (index, theirs) in other.evidence.enumerated() where index < evidence.count { evidence[index].merge(theirs, source: source) }
        records += other.records
        irregular += other.irregular
        judge()
    }
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

    /// How a file is spelled and what its columns are called.
    package struct Head: Sendable {
        package var dialect: Dialect
        /// Fit to be column names: none empty, none twice.
        package var names: [String]
        /// As the file has them, where it has any: perhaps empty, perhaps twice.
        package var namesAsWritten: [String]?
        package var reasons: DialectReasons
    }

    /// How the file is spelled and what its columns are called, from the beginning of the file only (or from all of it, if
    /// the hints say so).
    package func head() throws -> Head {
        let sample = try sampleText()
        let finding = try DialectDetection(sample: sample, hints: hints).finding()
        if hints.isAutomatic, let head = try automaticHead(finding, sample) { return head }
        var dialect = finding.dialect
        var reasons = finding.reasons
        var shapes = sample.shapes(dialect)[...]
        if hints.skipLines > 0 || hints.comment != nil {
            let behind = hints.skipLines > 0 ? Self.offset(ofLine: hints.skipLines, in: sample.text) : 0
            shapes = shapes.drop { $0.start < behind }
            dialect.dataStart = shapes.first?.start ?? behind
        }
        guard let first = try firstRecord(dialect) else {
            throw TabularError("input.empty", "The file holds no records, not even a header.")
        }
        if let header = hints.header {
            dialect.header = header
            reasons.header = "declared"
        } else {
            dialect.header = try looksLikeHeader(first, dialect)
            reasons.header = dialect.header ? "the first record names the columns" : "the first record looks like data"
        }
        guard dialect.header else {
            return Head(dialect: dialect, names: hints.names ?? Self.numbered(first.count), namesAsWritten: nil, reasons: reasons)
        }
        if dialect.dataStart != nil, let header = shapes.first { dialect.dataStart = header.end }
        let fields = Self.fitted(first, to: Array(shapes.dropFirst()))
        return Head(dialect: dialect, names: try names(fields), namesAsWritten: fields.map(Self.text), reasons: reasons)
    }

    private static func numbered(_ count: Int) -> [String] { (0..<count).map { "column_\($0 + 1)" } }

    private static func text(_ field: [UInt8]?) -> String { String(decoding: field ?? [], as: UTF8.self) }

    private static func offset(ofLine lines: Int, in text: [UInt8]) -> Int {
        var left = lines
        for at in text.indices {
            let isEnd = text[at] == 10 || (text[at] == 13 && (at + 1 == text.count || text[at + 1] != 10))
            if isEnd {
                left -= 1
                if left == 0 { return at + 1 }
            }
        }
        return text.count
    }

    /// The head of a file of which nothing was declared; nil where the sample does not show it.
    private func automaticHead(_ finding: DialectDetection.Finding, _ sample: SampleText) throws -> Head? {
        var (dialect, reasons) = (finding.dialect, finding.reasons)
        var reading = dialect
        reading.fit.keepsOpenQuotes = true
        let records = sample.records(reading, expectedFields: finding.fields, limit: HeaderDetection.maxRecords * 4)
        guard !records.isEmpty else {
            guard sample.isWhole, let end = sample.text.firstIndex(of: dialect.newline) else { return nil }
            // Blank lines alone are a column without a name.
            dialect.dataStart = end + 1
            reasons.header = "the first of the blank lines, which are all there is"
            return Head(dialect: dialect, names: Self.numbered(1), namesAsWritten: [""], reasons: reasons)
        }
        guard finding.fields > 1 else { return nil }
        let header = HeaderDetection(records: records, width: finding.fields, quote: dialect.quote).header()
        reasons.header = header.reason
        reasons.notes += header.notes
        dialect.fit.fewestFields = header.fewestFields
        dialect.fit.mostFields = header.mostFields
        dialect.header = !header.rows.isEmpty
        guard let last = header.rows.last else {
            dialect.dataStart = 0
            return Head(dialect: dialect, names: Self.numbered(header.names.count), namesAsWritten: nil, reasons: reasons)
        }
        dialect.dataStart = records[last].end
        return Head(
            dialect: dialect, names: try names(header.names), namesAsWritten: header.names.map(Self.text), reasons: reasons)
    }

    /// A header that lacks the trailing delimiter of all records, or has one that they lack, gets or loses an empty field.
    /// Any other difference between header and records is left for the records to be rejected by.
    private static func fitted(_ header: [[UInt8]?], to records: [SampleText.Shape]) -> [[UInt8]?] {
        guard let fields = records.first?.fields, records.allSatisfy({ $0.fields == fields }) else { return header }
        if fields == header.count + 1, records.allSatisfy(\.endsEmpty) { return header + [nil] }
        if fields == header.count - 1, let last = header.last, last == nil { return header.dropLast() }
        return header
    }

    /// The types of all columns, from every record of the file.
    package func inspect() throws -> CSVInspection {
        let head = try head()
        let dialect = head.dialect
        let evidence = try observe(dialect, fieldCount: head.names.count, limit: .max)
        return CSVInspection(
            head: head, evidence: evidence.columns, records: evidence.records, irregular: evidence.irregular,
            adjustments: evidence.adjustments)
    }

    // MARK: The beginning

    private func sampleText() throws -> SampleText {
        let source = try open()
        let limit = hints.usesWholeFile ? DialectDetection.maxWholeBytes : DialectDetection.sampleBytes
        var sample = [UInt8](repeating: 0, count: DialectDetection.sampleBytes)
        var filled = 0
        var isWhole = false
        while filled < limit {
            if filled == sample.count { sample.append(contentsOf: repeatElement(0, count: min(filled, limit - filled))) }
            let count = try sample.withUnsafeMutableBytes { bytes in
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]))
            }
            if count == 0 {
                isWhole = true
                break
            }
            filled += count
        }
        sample.removeLast(sample.count - filled)
        if sample.starts(with: [0xEF, 0xBB, 0xBF]) { sample.removeFirst(3) }
        return SampleText(text: sample, isWhole: isWhole)
    }

    private func firstRecord(_ dialect: Dialect) throws -> [[UInt8]?]? {
        let chunker = try RecordChunker(source: try open(), dialect: dialect)
        if dialect.dataStart != nil { try chunker.skipHeader() }
        try chunker.skipBlankLines()
        while let chunk = try chunker.next(fieldsPerRecord: 0, maxRecords: 1) {
            if chunk.isBlank(0) || chunk.isComment(0) { continue }
            let grid = chunk.grid
            return (0..<chunk.fieldCount(0)).map { grid.lenientText(chunk.field(0, $0)) }
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
        return !words.isEmpty && words.allSatisfy { CellKind($0) == .word } && Set(words).count == words.count
    }

    private static func evidence(of field: [UInt8]) -> TypeEvidence {
        var evidence = TypeEvidence()
        field.withUnsafeBufferPointer { evidence.observe($0, record: 0, isQuoted: true) }
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
                    "encoding.invalid_utf8",
                    "Header, column \(index + 1): the name is not UTF-8. Declare the file's encoding (--encoding, input.encoding).")
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
        var adjustments = Adjustments()
    }

    private func observe(_ dialect: Dialect, fieldCount: Int, limit: Int64) throws -> Observation {
        let chunker = try RecordChunker(source: try open(), dialect: dialect)
        var seen = Observation(columns: Array(repeating: TypeEvidence(), count: fieldCount))
        var rows = ChunkRows()
        try chunker.skipHeader()
        while seen.records < limit,
            let chunk = try chunker.next(
                fieldsPerRecord: fieldCount, maxRecords: Int(min(limit - seen.records, Int64(Int.max))))
        {
            try Task.checkCancellation()
            observe(chunk, &rows, &seen)
        }
        return seen
    }

    private func observe(_ chunk: RecordChunk, _ rows: inout ChunkRows, _ seen: inout Observation) {
        let first = seen.records + 1
        if ChunkRows.areAll(of: chunk) {
            Self.observe(chunk.grid, chunk.dialect, &seen.columns) { first &+ Int64($0) }
            seen.records += Int64(chunk.recordCount)
            return
        }
        rows.sort(chunk, first: first)
        seen.records += Int64(rows.count)
        seen.irregular += Int64(rows.misfits.count)
        seen.adjustments.add(rows.adjustments)
        let records = rows.records
        _ = rows.withGrid(of: chunk) { Self.observe($0, chunk.dialect, &seen.columns) { records[$0].number } }
    }

    @inline(__always)
    private static func observe(
        _ grid: CellGrid, _ dialect: Dialect, _ columns: inout [TypeEvidence], number: (Int) -> Int64
    ) {
        let quote = grid.quote.map(Int.init) ?? -1
        let hasMarkers = !dialect.nullMarkers.isEmpty
        for column in columns.indices {
            let cells = grid.column(column)
            // Taken out, so that the loop has it to itself.
            var evidence = columns[column]
            columns[column] = TypeEvidence()
            for row in 0..<grid.rowCount {
                let raw = cells.raw(row)
                guard let first = raw.first else {
                    evidence.observeNull()
                    continue
                }
                if Int(first) != quote, !hasMarkers {
                    evidence.observe(raw, record: number(row))
                } else {
                    observe(raw, grid, dialect, record: number(row), &evidence)
                }
            }
            columns[column] = evidence
        }
    }

    private static func observe(
        _ raw: UnsafeBufferPointer<UInt8>, _ grid: CellGrid, _ dialect: Dialect, record: Int64,
        _ evidence: inout TypeEvidence
    ) {
        switch grid.cell(raw) {
        case .plain(let text):
            if dialect.nullMarkers.contains(where: { $0.elementsEqual(text) }) {
                evidence.observeNull()
            } else {
                evidence.observe(text, record: record)
            }
        case .quoted(let inner):
            if inner.isEmpty { evidence.observeQuotedEmpty() } else { evidence.observe(inner, record: record, isQuoted: true) }
        case .broken: break
        }
    }
}
