import Columns
import Compression
import Parquet
import Tabular

/// How one particular file is read: found from its options, its first bytes and, where types are inferred, all of it.
package struct InputPlan: Sendable {
    package var path: String
    /// What messages call the file.
    package var sourceName: String
    package var format: DataFormat
    /// How the file is wrapped, and which members of it are read.
    package var packed: PackedFile
    /// Set for CSV.
    package var dialect: Dialect?
    /// CSV and JSON lines: the text's encoding.
    package var encoding: TextEncoding? { text?.encoding }
    private var text: InputText?
    /// CSV: how many threads read at a time.
    private let threads: Int
    /// The columns of the result.
    package var schema: Schema
    /// The columns of rejects: the source's fields.
    package var rejectFields: [String]
    /// Records in the file, where the whole file was read to plan.
    package var records: Int64?
    /// CSV: why the dialect was taken for what it is.
    package var reasons = DialectReasons()
    /// CSV: whether all columns are text as it is written.
    private(set) var keepsText = false
    /// CSV: what stands above the columns in the file, where they are kept as they are written.
    package var headerAsWritten: [String]?
    /// CSV: how each member is spelled.
    private var memberDialects: [Dialect] = []
    /// For each column the index of its field (CSV).
    private var fields: [Int] = []
    /// For each column how its values are spelled; nil: our own way.
    private var formats: [ValueFormat?] = []
    /// For each column what the source calls it (Parquet).
    private var sourceNames: [String] = []
    /// For each column the keys that lead to it (JSON), and how each member is laid out.
    private var paths: [[[String]]] = []
    private var layouts: [JSONLayout] = []
    /// Set where the file holds rows that were set aside: it, and their numbers in their source.
    private var rejected: (file: RejectsFile, numbers: [Int64], done: Set<Int64>)?

    /// Plans how to read the file at `path`. `sourceName` is what messages call it; left out: its path. `packed`: what is known
    /// already of how it is wrapped, perhaps with one of its members only.
    package init(path: String, options: InputOptions, sourceName: String? = nil, packed known: PackedFile? = nil) throws {
        self.path = path
        self.sourceName = sourceName ?? path
        guard !DataFormat.isPipeOrDevice(path) else {
            throw TabularError("input.not_a_file", "\(path) is no regular file. Files are read more than once: save it first.")
        }
        threads = options.threads
        packed = try known ?? options.packedFile(path: path)
        if let replay = options.replay {
            (format, schema, rejectFields) = (.csv, Schema([]), [])
            try planReplay(options, replay)
            return
        }
        let detected = try DataFormat.detected(packed)
        let format = options.format ?? detected
        self.format = format
        guard (format == .parquet) == (detected == .parquet) else {
            throw TabularError(
                "input.wrong_format",
                "\(path) \(detected == .parquet ? "is" : "is not") a Parquet file, but \(format.rawValue) was declared.")
        }
        if format != .parquet { text = try InputText(packed, options: options, guesses: format == .csv) }
        schema = Schema([])
        rejectFields = []
        do {
            switch format {
            case .csv: try planCSV(options)
            case .json, .jsonl: try planJSON(options)
            case .parquet: try planParquet(options)
            }
        } catch let error as TabularError {
            throw error.naming(self.sourceName)
        }
    }

    /// Opens the file at its first record.
    package func open() throws -> any BatchSource {
        if let rejected {
            let text: any ByteSource = try rejected.file.isJSON ? RejectedJSONSource(rejected.file) : packed.reader().open()
            return ReplaySource(try open(text, 0), numbers: rejected.numbers, done: rejected.done)
        }
        let reader = packed.reader()
        guard let members = packed.members, members.count > 1 else { return try openMember(0, reader) }
        let plan = self
        return MembersSource(schema: schema, members: members.map(\.name)) { try plan.openMember($0, reader) }
    }

    private func openMember(_ member: Int, _ reader: PackedReader) throws -> any BatchSource {
        guard let text else { return try ParquetSource(path: path, schema: schema, columns: sourceNames) }
        return try open(try text.open(reader, member), member)
    }

    private func open(_ text: any ByteSource, _ member: Int) throws -> any BatchSource {
        switch format {
        case .csv:
            let mapping = FieldMapping(columns: schema.columns, fields: fields, fieldNames: rejectFields, formats: formats)
            return try CSVReader(
                source: text, dialect: memberDialects.indices.contains(member) ? memberDialects[member] : dialect ?? Dialect(),
                mapping: mapping, threads: threads)
        case .json, .jsonl: return try JSONReader(source: text, schema: schema, paths: paths, formats: formats, layout: layouts[member])
        case .parquet: return try ParquetSource(path: path, schema: schema, columns: sourceNames)
        }
    }

    // MARK: Formats

    private mutating func planCSV(_ options: InputOptions) throws {
        let inspectors = csvInspectors(options)
        let inspector = inspectors[0]
        let head: CSVInspector.Head
        do {
            head = try inspector.head()
        } catch let error as TabularError where error.code == "input.empty" && options.allowsEmpty {
            records = 0
            return
        }
        reasons = head.reasons
        var dialects = [head.dialect]
        var inferred: [Column] = []
        var inferredFormats: [ValueFormat?] = []
        if options.keepsText {
            inferred = head.names.map { Column(name: $0, type: .text, reason: "kept as it is written") }
            headerAsWritten = head.namesAsWritten
            keepsText = true
            dialects += try otherDialects(inspectors, head)
        } else if options.needsInference(of: head.names) {
            var inspection = try inspector.inspect()
            reasons.notes += inspection.adjustments.notes
            for (index, other) in inspectors.enumerated().dropFirst() {
                let next = try other.inspect()
                try checkSameColumns(head.names, next.columns.map(\.name), index)
                inspection.merge(next, source: memberName(index))
                dialects.append(next.dialect)
            }
            (inferred, inferredFormats, records) = (inspection.columns, inspection.formats, inspection.records)
        } else {
            inferred = head.names.map { Column(name: $0, type: .text) }
            dialects += try otherDialects(inspectors, head)
        }
        dialect = head.dialect
        memberDialects = dialects
        rejectFields = head.names
        // Without names in the file or its layout, declared columns go by position.
        let names =
            head.dialect.header || options.columns.isEmpty || options.layout?.hasNames ?? false
            ? head.names
            : head.names.indices.map { $0 < options.columns.count ? options.columns[$0].sourceName : head.names[$0] }
        rejectFields = names
        let resolved = try options.resolve(inferred: inferred, names: names)
        schema = Schema(resolved.map(\.column))
        fields = resolved.map(\.index)
        formats = options.formats(of: resolved, names: names, inferred: inferredFormats)
    }

    /// How the members behind the first are spelled; they must have its columns.
    private func otherDialects(_ inspectors: [CSVInspector], _ head: CSVInspector.Head) throws -> [Dialect] {
        try inspectors.enumerated().dropFirst().map { index, other in
            let next = try other.head()
            try checkSameColumns(head.names, next.names, index)
            return next.dialect
        }
    }

    /// One inspector for each member that is read, or for the whole file.
    private func csvInspectors(_ options: InputOptions) -> [CSVInspector] {
        let (packed, text) = (self.packed, self.text)
        var hints = options.hints
        hints.isStrict = hints.isStrict || !options.columns.isEmpty
        hints.keepsOpenQuotes = options.keepsText
        return (0..<(packed.members?.count ?? 1)).map { [hints] index in
            CSVInspector(hints: hints) { try text?.open(packed.reader(), index) ?? packed.reader().open(index) }
        }
    }

    private func memberName(_ index: Int) -> String { packed.members?[index].name ?? path }

    private func checkSameColumns(_ names: [String], _ others: [String], _ index: Int) throws(TabularError) {
        guard names != others else { return }
        throw TabularError(
            "archive.members_differ",
            "\(memberName(index)) has other columns than \(memberName(0)): \(others.prefix(5).joined(separator: ", ")) instead of "
                + "\(names.prefix(5).joined(separator: ", ")). Choose members that are alike (--member, input.member).")
    }

    /// The file has the source's columns, whatever format that had, and tells where each row stood.
    private mutating func planReplay(_ options: InputOptions, _ replay: ReplayedRows) throws {
        let file = try RejectsFile(path: path)
        rejected = (file, try file.numbers(), replay.done)
        var options = options
        // What a column is was said by the pipeline, or by the table that holds the first load's rows.
        options.unknown = options.unknown == .reject ? .drop : options.unknown
        if file.isJSON {
            format = .jsonl
            rejectFields = [JSONReader.rejectColumn]
            layouts = [.lines]
            try planJSONRecords(options, [{ (try RejectedJSONSource(file), .lines) }])
        } else {
            let open = { try openByteSource(path: file.path).source }
            let hints = DialectHints(
                delimiter: file.dialect.delimiter, quote: file.dialect.quote, header: true, nullMarkers: options.hints.nullMarkers)
            let inspection = try CSVInspector(hints: hints, open: open).inspect()
            dialect = inspection.dialect
            rejectFields = inspection.columns.map(\.name)
            records = inspection.records
            let resolved = try options.resolve(inferred: inspection.columns, names: rejectFields).filter { $0.index < file.names.count }
            schema = Schema(resolved.map(\.column))
            fields = resolved.map(\.index)
            formats = options.formats(of: resolved, names: rejectFields, inferred: inspection.formats)
        }
    }

    private mutating func planJSON(_ options: InputOptions) throws {
        rejectFields = [JSONReader.rejectColumn]
        let (packed, text) = (self.packed, self.text)
        let reader = packed.reader()
        layouts = try (0..<reader.count).map { index in
            try options.path.map { .array(path: $0) } ?? JSONLayout.detect(try text?.open(reader, index) ?? reader.open(index))
        }
        format = layouts.allSatisfy { $0 == .lines } ? .jsonl : .json
        let texts = zip(layouts.indices, layouts).map { index, layout in
            { () throws -> (any ByteSource, JSONLayout) in (try text?.open(packed.reader(), index) ?? packed.reader().open(index), layout) }
        }
        try planJSONRecords(options, texts)
    }

    private mutating func planJSONRecords(_ options: InputOptions, _ texts: [() throws -> (any ByteSource, JSONLayout)]) throws {
        if !options.columns.isEmpty, options.unknown == .drop, options.columns.allSatisfy({ $0.type != nil }) {
            schema = Schema(options.columns.map { $0.column(inferred: nil) })
            paths = options.columns.map { [[$0.sourceName], JSONLayout.path($0.sourceName)] }
            formats = options.columns.map(\.format)
            return
        }
        let kept = Set(options.columns.filter { $0.type == .json }.map(\.sourceName))
        let inspection = try JSONInspector(nesting: options.keepsNested ? .json : .columns(kept: kept), texts).inspect()
        records = inspection.records
        let resolved = try options.resolve(inferred: inspection.columns, names: inspection.columns.map(\.name))
        schema = Schema(resolved.map(\.column))
        paths = resolved.map { [inspection.paths[$0.index]] }
        formats = options.formats(of: resolved, names: inspection.columns.map(\.name), inferred: [])
    }

    private mutating func planParquet(_ options: InputOptions) throws {
        let reader = try ParquetReader(path: path)
        records = reader.metadata.rows
        let resolved = try options.resolve(inferred: reader.schema.columns, names: reader.schema.names)
        for (column, index) in resolved where column.type != reader.schema.columns[index].type {
            throw TabularError(
                "schema.type_mismatch",
                "Column \"\(column.name)\": declared as \(column.type), but the Parquet file has "
                    + "\(reader.schema.columns[index].type). Casts come with a later version.")
        }
        schema = Schema(resolved.map(\.column))
        sourceNames = resolved.map { reader.schema.columns[$0.index].name }
        rejectFields = schema.names
    }
}

extension InputOptions {
    fileprivate func needsInference(of names: [String]) -> Bool {
        guard !columns.isEmpty, columns.allSatisfy({ $0.type != nil }) else { return true }
        return unknown == .add && names.count > columns.count
    }

    /// Holds the declared columns against those that are there: the result's columns, in the source's order.
    fileprivate func resolve(inferred: [Column], names: [String]) throws(TabularError) -> [(column: Column, index: Int)] {
        if columns.isEmpty { return zip(inferred, inferred.indices).map { ($0, $1) } }
        for declaration in columns where !names.contains(declaration.sourceName) {
            throw TabularError(
                "schema.missing_column",
                "The file has no column \"\(declaration.sourceName)\", which the pipeline declares. It has: "
                    + names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "") + ".")
        }
        var resolved: [(column: Column, index: Int)] = []
        for (index, name) in names.enumerated() {
            if let declaration = columns.first(where: { $0.sourceName == name }) {
                resolved.append((declaration.column(inferred: inferred[index]), index))
            } else if unknown == .add {
                var column = inferred[index]
                column.name = name
                resolved.append((column, index))
            } else if unknown == .reject {
                throw TabularError(
                    "schema.unknown_column",
                    "The file has a column \"\(name)\" that the pipeline does not declare, and schema.unknown is reject.")
            }
        }
        return resolved
    }
}

extension InputOptions {
    /// How the values of each column are spelled: as declared, or as detected where the type was left out.
    fileprivate func formats(
        of resolved: [(column: Column, index: Int)], names: [String], inferred: [ValueFormat?]
    ) -> [ValueFormat?] {
        resolved.map { column, index in
            let detected = inferred.indices.contains(index) ? inferred[index] : nil
            guard let declaration = columns.first(where: { $0.sourceName == names[index] }) else { return detected }
            return declaration.format ?? (declaration.type == nil ? detected : nil)
        }
    }
}

extension ColumnDeclaration {
    fileprivate func column(inferred: Column?) -> Column {
        guard let type else {
            return Column(
                name: name, type: inferred?.type ?? .text, nullable: !required && (inferred?.nullable ?? true),
                reason: inferred?.reason)
        }
        return Column(name: name, type: type, nullable: !required, reason: Column.declared)
    }
}

/// A Parquet file as a source of batches.
private final class ParquetSource: BatchSource {
    /// The most values in a batch: what bounds memory for wide files.
    private static let maxCells = 1 << 20

    let schema: Schema
    private let reader: ParquetReader

    init(path: String, schema: Schema, columns: [String]) throws {
        self.schema = schema
        reader = try ParquetReader(path: path, columns: columns)
    }

    func next() throws -> ReadResult? {
        let rows = max(1, min(ColumnBatch.maxRows, Self.maxCells / max(1, schema.columns.count)))
        guard var batch = try reader.nextBatch(maxRows: rows) else { return nil }
        batch.schema = schema
        return ReadResult(batch: batch, rejects: [])
    }
}
