import Columns

/// A cell that PostgreSQL cannot hold; its row has to be rejected before the batch is copied.
package struct UnstorableCell: Hashable, Sendable {
    /// 0-based in the batch.
    package var row: Int
    /// 0-based in the schema.
    package var column: Int
    /// `value.nul_byte`, `value.date_out_of_range`, `value.time_out_of_range`, `value.bad_json`, `value.bad_uuid`.
    package var code: String
    /// One sentence.
    package var reason: String

    /// The cells of a batch that PostgreSQL cannot hold, by row, then by column. Cheap where there are none.
    package static func all(in batch: ColumnBatch) -> [UnstorableCell] {
        var cells: [UnstorableCell] = []
        for (index, column) in batch.columns.enumerated() {
            switch column.values {
            case .int64(let values):
                guard let limits = PostgresRange.limits(of: column.type) else { continue }
                for row in values.indices where column.valid[row] && !limits.contains(values[row]) {
                    cells.append(outOfRange(row: row, column: index, type: column.type))
                }
            case .bytes(let values):
                guard mayFail(column.type, values.bytes) else { continue }
                for row in 0..<column.count where column.valid[row] {
                    if let cell = check(values[row], row: row, column: index, type: column.type) { cells.append(cell) }
                }
            case .int128, .float64: continue
            }
        }
        return cells.sorted { ($0.row, $0.column) < ($1.row, $1.column) }
    }

    private static func mayFail(_ type: ColumnType, _ bytes: [UInt8]) -> Bool {
        switch type {
        case .text: bytes.withUnsafeBufferPointer { ByteScan.containsZero($0) }
        case .json: bytes.withUnsafeBufferPointer { ByteScan.containsSpecial($0) }
        case .uuid: true
        default: false
        }
    }

    static func check(_ bytes: ArraySlice<UInt8>, row: Int, column: Int, type: ColumnType) -> UnstorableCell? {
        switch type {
        case .uuid where bytes.count != 16:
            UnstorableCell(
                row: row, column: column, code: "value.bad_uuid",
                reason: "A UUID has 16 bytes; this has \(bytes.count).")
        case .text where bytes.contains(0): nulByte(row: row, column: column)
        case .json: checkJSON(bytes, row: row, column: column)
        default: nil
        }
    }

    /// jsonb refuses U+0000 and halves of surrogate pairs (PostgreSQL 15 manual, section 8.14).
    private static func checkJSON(_ bytes: ArraySlice<UInt8>, row: Int, column: Int) -> UnstorableCell? {
        var at = bytes.startIndex
        var highPending = false
        while at < bytes.endIndex {
            let byte = bytes[at]
            if byte == 0 { return nulByte(row: row, column: column) }
            guard byte == UInt8(ascii: "\\") else {
                if highPending { return loneSurrogate(row: row, column: column) }
                at += 1
                continue
            }
            guard at + 5 < bytes.endIndex, bytes[at + 1] == UInt8(ascii: "u"),
                let unit = UInt16(String(decoding: bytes[at + 2..<at + 6], as: UTF8.self), radix: 16)
            else {
                if highPending { return loneSurrogate(row: row, column: column) }
                at += 2
                continue
            }
            let isLow = (0xDC00...0xDFFF).contains(unit)
            if unit == 0 { return nulByte(row: row, column: column) }
            if isLow != highPending { return loneSurrogate(row: row, column: column) }
            highPending = (0xD800...0xDBFF).contains(unit)
            at += 6
        }
        return nil
    }

    static func outOfRange(row: Int, column: Int, type: ColumnType) -> UnstorableCell {
        type == .time
            ? UnstorableCell(
                row: row, column: column, code: "value.time_out_of_range",
                reason: "The time of day is not between 00:00 and 24:00.")
            : UnstorableCell(
                row: row, column: column, code: "value.date_out_of_range",
                reason: type == .date
                    ? "PostgreSQL holds dates from 4714-11-24 BC to 5874897-12-31 only."
                    : "PostgreSQL holds timestamps from 4714-11-24 BC on only.")
    }

    static func nulByte(row: Int, column: Int) -> UnstorableCell {
        UnstorableCell(
            row: row, column: column, code: "value.nul_byte",
            reason: "The text contains a NUL character, which PostgreSQL cannot store.")
    }

    private static func loneSurrogate(row: Int, column: Int) -> UnstorableCell {
        UnstorableCell(
            row: row, column: column, code: "value.bad_json",
            reason: "The JSON text contains half of a surrogate pair, which PostgreSQL cannot store.")
    }
}
