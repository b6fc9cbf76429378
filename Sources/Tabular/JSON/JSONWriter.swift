import Columns
import Compression

/// Writes batches as JSON lines, or as one array: one object a row, every column a member, nulls as `null`.
///
/// Numbers and decimals keep their digits; dates, times, uuid and bytes are strings as in ``ValueText``; NaN and the
/// infinities, which JSON lacks, are strings too; a json column's text stands as it is.
package final class JSONWriter: BatchSink {
    private let sink: any ByteSink
    /// For each column `{"name":` or `,"name":`.
    private let prefixes: [[UInt8]]
    private let isArray: Bool
    private var rows: Int64 = 0
    private var out: [UInt8] = []

    /// - Parameter isArray: one JSON array, with an element a line, instead of JSON lines.
    package init(sink: any ByteSink, schema: Schema, isArray: Bool = false) {
        self.sink = sink
        self.isArray = isArray
        prefixes = schema.names.enumerated().map { index, name in
            var prefix = [UInt8(ascii: index == 0 ? "{" : ",")]
            JSONText.appendString(Array(name.utf8)[...], to: &prefix)
            prefix.append(UInt8(ascii: ":"))
            return prefix
        }
    }

    package func write(_ batch: ColumnBatch) throws {
        out.removeAll(keepingCapacity: true)
        for row in 0..<batch.rowCount {
            if isArray { out.append(contentsOf: rows == 0 ? "[\n".utf8 : ",\n".utf8) }
            rows += 1
            if batch.columns.isEmpty { out.append(UInt8(ascii: "{")) }
            for (index, column) in batch.columns.enumerated() {
                out.append(contentsOf: prefixes[index])
                append(column, row)
            }
            out.append(UInt8(ascii: "}"))
            if !isArray { out.append(UInt8(ascii: "\n")) }
        }
        try out.withUnsafeBytes { try sink.write($0) }
    }

    package func finish() throws {
        if isArray {
            let end = Array((rows == 0 ? "[]\n" : "\n]\n").utf8)
            try end.withUnsafeBytes { try sink.write($0) }
        }
        try sink.finish()
    }

    private func append(_ column: ColumnVector, _ row: Int) {
        guard column.valid[row] else {
            out.append(contentsOf: "null".utf8)
            return
        }
        switch (column.type, column.values) {
        case (.text, .bytes(let values)): JSONText.appendString(values[row], to: &out)
        case (.json, .bytes(let values)): JSONText.appendOnOneLine(values[row], to: &out)
        case (.float32, .float64(let values)), (.float64, .float64(let values)):
            if values[row].isFinite { column.appendText(row: row, to: &out) } else { appendQuoted(column, row) }
        case (.bytes, _):
            var text: [UInt8] = []
            column.appendText(row: row, to: &text)
            JSONText.appendString(text[...], to: &out)
        case (.date, _), (.time, _), (.timestamp, _), (.timestamptz, _), (.uuid, _): appendQuoted(column, row)
        default: column.appendText(row: row, to: &out)
        }
    }

    private func appendQuoted(_ column: ColumnVector, _ row: Int) {
        out.append(UInt8(ascii: "\""))
        column.appendText(row: row, to: &out)
        out.append(UInt8(ascii: "\""))
    }
}

/// The spelling of JSON strings (RFC 8259, section 7).
package enum JSONText {
    /// Appends a string in quotes; only what must be escaped is.
    package static func appendString(_ text: ArraySlice<UInt8>, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 10: out.append(contentsOf: "\\n".utf8)
            case 13: out.append(contentsOf: "\\r".utf8)
            case 9: out.append(contentsOf: "\\t".utf8)
            case 0..<32:
                out.append(contentsOf: "\\u00".utf8)
                ValueText.appendHex(byte, to: &out)
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    /// Appends JSON text with its line ends, which can only stand between values, made blanks.
    static func appendOnOneLine(_ json: ArraySlice<UInt8>, to out: inout [UInt8]) {
        for byte in json { out.append(byte == 10 || byte == 13 ? 32 : byte) }
    }
}
