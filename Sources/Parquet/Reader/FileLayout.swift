import Columns
import Compression

/// A file's footer, checked, and what its schema means: from here columns are opened.
struct FileLayout {
    let file: RandomAccessFile
    let options: ParquetReadOptions
    let footer: FileMetaData
    let leaves: [Leaf]
    let plans: [ColumnPlan]
    private let footerOffset: Int64

    init(_ file: RandomAccessFile, _ options: ParquetReadOptions) throws {
        self.file = file
        self.options = options
        var (footer, offset) = try Footer.read(file, wantsStatistics: !options.filters.isEmpty)
        let (roots, leaves) = try SchemaNode.tree(of: footer.schema)
        try Footer.check(footer, leaves)
        for group in footer.rowGroups.indices {
            for column in leaves.indices { footer.rowGroups[group].columns[column].groupNumber = group + 1 }
        }
        self.footer = footer
        footerOffset = offset
        self.leaves = leaves
        plans = ColumnPlan.columns(roots, structures: options.structures)
    }

    func leafCount(_ plan: ColumnPlan) -> Int {
        switch plan.source {
        case .leaf: 1
        case .json(let shape): shape.leaves.count
        }
    }

    /// What columns share, where so many of them are read.
    func context(columns: Int) -> ReadContext {
        let share = ParquetLimits.readAheadBytes / max(1, columns)
        let bounds = ParquetLimits.columnReadAheadBytes
        return ReadContext(
            file: file, fileEnd: footerOffset, readAhead: max(bounds.lowerBound, min(bounds.upperBound, share)), options: options)
    }

    // MARK: Rows

    /// The rows that may satisfy all filters.
    func selection(_ filters: [ParquetFilter]) throws -> RowSelection {
        guard !filters.isEmpty else { return RowSelection(footer) }
        var conditions: [Condition] = []
        for filter in filters {
            guard let plan = plans.first(where: { $0.name == filter.column }) else {
                throw ParquetError(code: "parquet.unknown_column", message: "There is no column \"\(filter.column)\".")
            }
            // Lists and maps have statistics of their elements, which tell nothing of rows.
            guard case .leaf(let leaf) = plan.source else { continue }
            let form = try ValueForm(leaves[leaf].element, try type(leaf))
            let order = leaf < footer.columnOrders.count ? footer.columnOrders[leaf] : nil
            conditions.append(Condition(filter: filter, leaf: leaf, reader: BoundsReader(form, order: order), form: form))
        }
        return RowSelection(footer, conditions, file)
    }

    // MARK: Columns

    /// Makes the column of a plan ready to be read.
    func open(
        _ plan: ColumnPlan, _ selection: RowSelection, _ context: ReadContext
    ) throws -> (Column, any ColumnSource) {
        switch plan.source {
        case .leaf(let leaf):
            var type = try type(leaf)
            if type.mayLoseNanoseconds, try !fitsMicroseconds(leaf, type, selection, context) { type = type.keepingNanoseconds }
            let reason = "parquet schema" + (type.note.map { ": \($0)" } ?? "")
            let column = Column(name: plan.name, type: type.column, nullable: plan.nullable, reason: reason)
            return (column, ColumnReader(try cursor(leaf, type, selection, context)))
        case .json(let shape):
            let rows = selection.groups.map { footer.rowGroups[$0].rowCount }
            let entries = try shape.leaves.map { leaf in
                var type = try type(leaf)
                if type.mayLoseNanoseconds { type = type.keepingNanoseconds }
                return NestedEntries(try cursor(leaf, type, selection, context), chunkRows: rows)
            }
            let column = Column(name: plan.name, type: .json, nullable: plan.nullable, reason: "parquet schema: \(shape.words)")
            return (column, NestedColumnReader(shape, entries))
        }
    }

    private func type(_ leaf: Int) throws -> ReadType {
        do { return try ReadType(leaves[leaf].element) } catch let error as ParquetError {
            throw error.at("column \"\(leaves[leaf].name)\"")
        }
    }

    private func cursor(
        _ leaf: Int, _ type: ReadType, _ selection: RowSelection, _ context: ReadContext
    ) throws -> PageCursor {
        try PageCursor(context, leaves[leaf], type, chunks: selection.groups.map { footer.rowGroups[$0].columns[leaf] })
    }

    /// Reads a column of nanoseconds up to the first value that is no whole number of microseconds.
    private func fitsMicroseconds(
        _ leaf: Int, _ type: ReadType, _ selection: RowSelection, _ context: ReadContext
    ) throws -> Bool {
        let column = ColumnReader(try cursor(leaf, type, selection, context))
        do {
            while true {
                try column.fill(ColumnBatch.maxRows)
                guard column.pendingRows > 0 else { return true }
                _ = column.take(column.pendingRows)
            }
        } catch let error as ParquetError {
            // What else is wrong is told when the column is read.
            return error.code != "parquet.nanos"
        }
    }

    var description: ParquetFileDescription {
        var codecs: Set<Int32> = []
        var encodings: Set<Int32> = []
        for chunk in footer.rowGroups.lazy.flatMap(\.columns) {
            codecs.insert(chunk.codec)
            encodings.formUnion(chunk.encodings)
        }
        return ParquetFileDescription(
            rows: footer.rowCount, rowGroups: footer.rowGroups.count, bytes: file.size,
            codecs: codecs.map { CompressionCodec(rawValue: $0)?.name ?? "\($0)" }.sorted(),
            encodings: encodings.map { PageEncoding(rawValue: $0)?.name ?? "\($0)" }.sorted(),
            createdBy: footer.createdBy, keyValueMetadata: footer.keyValueMetadata)
    }
}

extension NestedShape {
    /// What it is, for people.
    fileprivate var words: String {
        switch kind {
        case .value: "a value"
        case .structure: "a structure"
        case .list: "a list"
        case .map: "a map"
        }
    }
}
