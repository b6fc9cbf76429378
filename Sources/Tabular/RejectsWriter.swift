import Compression

/// Writes rejects as a CSV with the source's columns as they were, and `_row _line _byte _column _code _reason`.
///
/// It has the source's delimiter, so that it loads again once it is mended.
package final class RejectsWriter {
    package static let extraColumns = ["_row", "_line", "_byte", "_column", "_code", "_reason"]

    private let sink: any ByteSink
    private let fieldCount: Int
    private let delimiter: UInt8
    private let nullMarkers: [[UInt8]]
    package private(set) var count: Int64 = 0

    package init(sink: any ByteSink, fieldNames: [String], delimiter: UInt8, nullMarkers: [[UInt8]] = []) throws {
        self.sink = sink
        self.fieldCount = fieldNames.count
        self.delimiter = delimiter
        self.nullMarkers = nullMarkers
        try writeRow((fieldNames + Self.extraColumns).map { Array($0.utf8) })
    }

    package func write(_ reject: Reject) throws {
        var fields = reject.fields
        if fields.count > fieldCount, fieldCount > 0 {
            // What the source's columns cannot hold stays together in the last of them.
            let rest = fields[(fieldCount - 1)...].map { $0 ?? [] }.joined(separator: [delimiter])
            fields = fields.prefix(fieldCount - 1) + [Array(rest)]
        }
        while fields.count < fieldCount { fields.append(nil) }
        let extra = [
            String(reject.record), String(reject.line), reject.byte.map(String.init) ?? "", reject.column ?? "", reject.code,
            reject.reason,
        ]
        try writeRow(fields + extra.map { $0.isEmpty ? nil : Array($0.utf8) })
        count += 1
    }

    package func finish() throws {
        try sink.finish()
    }

    private func writeRow(_ fields: [[UInt8]?]) throws {
        var out: [UInt8] = []
        for (index, field) in fields.enumerated() {
            if index > 0 { out.append(delimiter) }
            guard let field else { continue }
            if nullMarkers.contains(field) {
                out.append(contentsOf: [34] + field + [34])
            } else {
                CSVText.append(field[...], delimiter: delimiter, to: &out)
            }
        }
        out.append(UInt8(ascii: "\n"))
        try out.withUnsafeBytes { try sink.write($0) }
    }
}
