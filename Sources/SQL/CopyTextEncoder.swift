import Columns

/// Turns column batches into the lines of COPY's text format.
///
/// How this works: a block of rows is first encoded column by column, each with one tight loop for its type, into
/// `cells`, cell after cell; `ends` says where each cell ends. Then the cells are laid out row by row into `lines`,
/// with tabs, the lineage fields and line ends. Text without bytes to escape is copied in one piece for the whole
/// block. A value is touched twice, and the first time it stays in the cache.
///
/// Source: PostgreSQL 15 manual, `COPY`, "Text Format".
final class CopyTextEncoder {
    typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// Rows encoded together: few enough that their cells stay in the processor's cache.
    static let blockRows = 1024
    /// Lines are handed to the sink when they reach this size.
    static let flushBytes = 1 << 20

    /// What follows a row's own fields, before the record number: `\t<load id>\t<source>`.
    private let lineage: [UInt8]
    private let writesRecordNumber: Bool
    private let cells = GrowingBytes()
    private let lines = GrowingBytes(capacity: CopyTextEncoder.flushBytes)
    /// `ends[column * blockRows + row]`: where a cell ends in `cells`.
    private var ends: [Int] = []

    /// - Parameters:
    ///   - constants: fields added to every row.
    ///   - writesRecordNumber: whether the row's record number follows them.
    init(constants: [String], writesRecordNumber: Bool) {
        lineage = constants.flatMap { [UInt8(ascii: "\t")] + CopyField.text($0) }
        self.writesRecordNumber = writesRecordNumber
    }

    /// Writes one line a row. Throws ``SQLError`` with a code of ``UnstorableCell`` for a value that PostgreSQL cannot
    /// hold; some lines before it may have been written.
    func encode(_ batch: ColumnBatch, to sink: Sink) throws {
        let columnCount = batch.columns.count
        if ends.count < columnCount * Self.blockRows {
            ends = [Int](repeating: 0, count: columnCount * Self.blockRows)
        }
        var start = 0
        while start < batch.rowCount {
            let rows = start..<min(start + Self.blockRows, batch.rowCount)
            cells.count = 0
            for (index, column) in batch.columns.enumerated() {
                try encode(column, index: index, rows: rows, batch: batch)
            }
            layOut(rows: rows, columnCount: columnCount, recordNumbers: batch.recordNumbers)
            if lines.count >= Self.flushBytes { try flush(to: sink) }
            start = rows.upperBound
        }
        try flush(to: sink)
    }

    private func flush(to sink: Sink) throws {
        guard lines.count > 0 else { return }
        defer { lines.count = 0 }
        try sink(UnsafeRawBufferPointer(start: lines.base, count: lines.count))
    }

    // MARK: Columns

    private func encode(_ column: ColumnVector, index: Int, rows: Range<Int>, batch: ColumnBatch) throws {
        var bad: Int?
        column.valid.withUnsafeBufferPointer { valid in
            ends.withUnsafeMutableBufferPointer { ends in
                let block = Block(
                    rows: rows, valid: valid,
                    ends: UnsafeMutableBufferPointer(rebasing: ends[(index * Self.blockRows)...]))
                switch column.values {
                case .int64(let values):
                    values.withUnsafeBufferPointer { bad = encode(column.type, $0, block) }
                case .int128(let values):
                    values.withUnsafeBufferPointer { encode(column.type, $0, block) }
                case .float64(let values):
                    values.withUnsafeBufferPointer { encode(single: column.type == .float32, $0, block) }
                case .bytes(let values):
                    values.offsets.withUnsafeBufferPointer { offsets in
                        values.bytes.withUnsafeBufferPointer { bad = encode(column.type, offsets, $0, block) }
                    }
                }
            }
        }
        guard let bad else { return }
        throw error(row: bad, column: index, batch: batch)
    }

    /// The rows being encoded, their validity, and where the ends of their cells go.
    private struct Block {
        var rows: Range<Int>
        var valid: UnsafeBufferPointer<Bool>
        var ends: UnsafeMutableBufferPointer<Int>
    }

    /// Calls `write` for every value that is there, with room for `width` bytes.
    @inline(__always)
    private func eachCell(
        _ block: Block, width: Int, _ write: (Int, UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>
    ) {
        let rows = block.rows
        var p = cells.reserve(rows.count * max(width, 2))
        let base = cells.base
        let valid = block.valid
        let ends = block.ends
        var row = rows.lowerBound
        while row < rows.upperBound {
            p = valid[row] ? write(row, p) : CopyField.null(p)
            ends[row &- rows.lowerBound] = p - base
            row &+= 1
        }
        cells.advance(to: p)
    }

    /// Returns the first row whose value cannot be held.
    private func encode(_ type: ColumnType, _ values: UnsafeBufferPointer<Int64>, _ block: Block) -> Int? {
        if let limits = PostgresRange.limits(of: type) {
            if let bad = block.rows.first(where: { block.valid[$0] && !limits.contains(values[$0]) }) { return bad }
        }
        switch type {
        case .bool:
            eachCell(block, width: 1) {
                $1[0] = UInt8(ascii: values[$0] != 0 ? "t" : "f")
                return $1 + 1
            }
        case .decimal(_, let scale):
            let unit = ValueText.powersOfTen[scale]
            eachCell(block, width: CopyField.decimalWidth) {
                CopyField.decimal(values[$0], scale: scale, unit: unit, $1)
            }
        case .date: eachCell(block, width: CopyField.dateWidth) { CopyField.date(values[$0], $1) }
        case .time: eachCell(block, width: CopyField.timeWidth) { CopyField.time(values[$0], $1) }
        case .timestamp:
            eachCell(block, width: CopyField.timestampWidth) { CopyField.timestamp(values[$0], utc: false, $1) }
        case .timestamptz:
            eachCell(block, width: CopyField.timestampWidth) { CopyField.timestamp(values[$0], utc: true, $1) }
        default: eachCell(block, width: CopyField.integerWidth) { CopyField.integer(values[$0], $1) }
        }
        return nil
    }

    private func encode(_ type: ColumnType, _ values: UnsafeBufferPointer<Int128>, _ block: Block) {
        let scale = if case .decimal(_, let scale) = type { scale } else { 0 }
        eachCell(block, width: CopyField.decimalWidth) { CopyField.decimal(values[$0], scale: scale, $1) }
    }

    private func encode(single: Bool, _ values: UnsafeBufferPointer<Double>, _ block: Block) {
        eachCell(block, width: CopyField.floatWidth) { CopyField.float(values[$0], single: single, $1) }
    }

    /// Returns the first row whose value cannot be held.
    private func encode(
        _ type: ColumnType, _ offsets: UnsafeBufferPointer<UInt32>, _ bytes: UnsafeBufferPointer<UInt8>, _ block: Block
    ) -> Int? {
        let rows = block.rows
        let all = Int(offsets[rows.lowerBound])..<Int(offsets[rows.upperBound])
        @inline(__always)
        func value(_ row: Int) -> UnsafeBufferPointer<UInt8> {
            UnsafeBufferPointer(rebasing: bytes[Int(offsets[row])..<Int(offsets[row &+ 1])])
        }
        switch type {
        case .uuid:
            if let bad = rows.first(where: { block.valid[$0] && value($0).count != 16 }) { return bad }
            eachCell(block, width: CopyField.uuidWidth) { CopyField.uuid(value($0), $1) }
        case .bytes:
            _ = cells.reserve(all.count * 2 + rows.count * 3)
            eachCell(block, width: 3) { CopyField.hexBytes(value($0), $1) }
        default:
            let text = UnsafeBufferPointer(rebasing: bytes[all])
            if ByteScan.containsSpecial(text) {
                if let bad = rows.first(where: { block.valid[$0] && ByteScan.containsZero(value($0)) }) { return bad }
                _ = cells.reserve(all.count * 2 + rows.count * 2)
                eachCell(block, width: 2) { CopyField.text(value($0), $1) }
            } else {
                copyPlain(text, offsets, block)
            }
        }
        return nil
    }

    /// Text without anything to escape: in one piece where no row is null.
    private func copyPlain(_ text: UnsafeBufferPointer<UInt8>, _ offsets: UnsafeBufferPointer<UInt32>, _ block: Block) {
        let rows = block.rows
        let first = Int(offsets[rows.lowerBound])
        if rows.allSatisfy({ block.valid[$0] }) {
            let shift = cells.count - first
            let place = cells.reserve(text.count)
            if let source = text.baseAddress { place.update(from: source, count: text.count) }
            cells.count += text.count
            for row in rows { block.ends[row &- rows.lowerBound] = Int(offsets[row &+ 1]) &+ shift }
            return
        }
        _ = cells.reserve(text.count + rows.count * 2)
        eachCell(block, width: 2) { row, p in
            let start = Int(offsets[row]) &- first
            let count = Int(offsets[row &+ 1]) &- first &- start
            if let source = text.baseAddress { p.update(from: source + start, count: count) }
            return p + count
        }
    }

    private func error(row: Int, column: Int, batch: ColumnBatch) -> SQLError {
        let vector = batch.columns[column]
        let cell: UnstorableCell? =
            if case .bytes(let values) = vector.values {
                UnstorableCell.check(values[row], row: row, column: column, type: vector.type)
                    ?? UnstorableCell.nulByte(row: row, column: column)
            } else {
                UnstorableCell.outOfRange(row: row, column: column, type: vector.type)
            }
        let reason = cell?.reason ?? ""
        return SQLError(
            code: cell?.code ?? "value.nul_byte",
            message: "record \(batch.recordNumbers[row]), column \"\(batch.schema.columns[column].name)\": \(reason)")
    }

    // MARK: Rows

    private func layOut(rows: Range<Int>, columnCount: Int, recordNumbers: [Int64]) {
        let perRow = columnCount + lineage.count + CopyField.integerWidth + 2
        var p = lines.reserve(cells.count + rows.count * perRow)
        let source = cells.base
        ends.withUnsafeBufferPointer { ends in
            lineage.withUnsafeBufferPointer { lineage in
                recordNumbers.withUnsafeBufferPointer { recordNumbers in
                    var row = 0
                    while row < rows.count {
                        p = Self.row(row, of: rows.count, columnCount: columnCount, ends: ends, source: source, p)
                        p = Self.copy(UnsafePointer(lineage.baseAddress ?? UnsafePointer(source)), lineage.count, p)
                        if writesRecordNumber {
                            p[0] = UInt8(ascii: "\t")
                            p = CopyField.integer(recordNumbers[rows.lowerBound &+ row], p + 1)
                        }
                        p[0] = UInt8(ascii: "\n")
                        p += 1
                        row &+= 1
                    }
                }
            }
        }
        lines.advance(to: p)
    }

    /// One row's cells with tabs between them. A column's first cell begins where the column before it ends.
    @inline(__always)
    private static func row(
        _ row: Int, of rowCount: Int, columnCount: Int, ends: UnsafeBufferPointer<Int>,
        source: UnsafeMutablePointer<UInt8>,
        _ p: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var p = p
        var column = 0
        while column < columnCount {
            let at = column &* blockRows &+ row
            let start =
                row > 0 ? ends[at &- 1] : column > 0 ? ends[(column &- 1) &* blockRows &+ rowCount &- 1] : 0
            if column > 0 {
                p[0] = UInt8(ascii: "\t")
                p += 1
            }
            p = copyPadded(UnsafePointer(source + start), ends[at] &- start, p)
            column &+= 1
        }
        return p
    }

    /// Copies a cell out of a ``GrowingBytes`` into another; short ones 16 bytes at once, into the padding if need be.
    @inline(__always)
    private static func copyPadded(_ from: UnsafePointer<UInt8>, _ count: Int, _ p: UnsafeMutablePointer<UInt8>)
        -> UnsafeMutablePointer<UInt8>
    {
        guard count <= GrowingBytes.padding else { return copy(from, count, p) }
        let word = UnsafeRawPointer(from).loadUnaligned(as: SIMD16<UInt8>.self)
        UnsafeMutableRawPointer(p).storeBytes(of: word, as: SIMD16<UInt8>.self)
        return p + count
    }

    @inline(__always)
    private static func copy(_ from: UnsafePointer<UInt8>, _ count: Int, _ p: UnsafeMutablePointer<UInt8>)
        -> UnsafeMutablePointer<UInt8>
    {
        p.update(from: from, count: count)
        return p + count
    }
}
