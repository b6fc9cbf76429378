import Columns
import Compression

/// Writes batches as CSV (RFC 4180): comma, doubled quotes, LF, a header.
///
/// A null is an empty field; an empty text is `""`; a field is quoted where it must be, and only there.
package final class CSVWriter: BatchSink {
    private let sink: any ByteSink
    private let delimiter: UInt8
    private var out: [UInt8] = []

    /// `header` is what stands above the columns, if not their names; a schema without columns makes an empty file.
    package init(sink: any ByteSink, schema: Schema, delimiter: UInt8 = UInt8(ascii: ","), header: [String]? = nil) throws {
        self.sink = sink
        self.delimiter = delimiter
        guard !schema.columns.isEmpty else { return }
        for (index, name) in (header ?? schema.names).enumerated() {
            if index > 0 { out.append(delimiter) }
            // An empty name is quoted where a line with nothing else would be blank.
            if name.isEmpty, schema.columns.count > 1 { continue }
            CSVText.append(Array(name.utf8)[...], delimiter: delimiter, to: &out)
        }
        out.append(UInt8(ascii: "\n"))
        try flush()
    }

    package func write(_ batch: ColumnBatch) throws {
        out.removeAll(keepingCapacity: true)
        let last = batch.columns.count - 1
        for row in 0..<batch.rowCount {
            for (index, column) in batch.columns.enumerated() {
                if column.valid[row] {
                    if column.type.isText, case .bytes(let values) = column.values {
                        CSVText.append(values[row], delimiter: delimiter, to: &out)
                    } else {
                        column.appendText(row: row, to: &out)
                    }
                }
                out.append(index == last ? UInt8(ascii: "\n") : delimiter)
            }
        }
        try flush()
    }

    package func finish() throws {
        try sink.finish()
    }

    private func flush() throws {
        try out.withUnsafeBytes { try sink.write($0) }
    }
}

/// The spelling of a text field.
enum CSVText {
    /// Appends a text, quoted where it is empty or holds a delimiter, a quote, a line end, or blanks at its ends.
    static func append(_ text: ArraySlice<UInt8>, delimiter: UInt8, to out: inout [UInt8]) {
        guard needsQuotes(text, delimiter) else {
            out.append(contentsOf: text)
            return
        }
        out.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") { out.append(byte) }
            out.append(byte)
        }
        out.append(UInt8(ascii: "\""))
    }

    private static func needsQuotes(_ text: ArraySlice<UInt8>, _ delimiter: UInt8) -> Bool {
        guard let first = text.first, let last = text.last else { return true }
        if first == 32 || last == 32 { return true }
        return text.withUnsafeBufferPointer { bytes in
            for byte in bytes where byte == delimiter || byte == 34 || byte == 10 || byte == 13 { return true }
            return false
        }
    }
}
