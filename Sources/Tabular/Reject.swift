/// One record that is not as it should be: where it stood, what was wrong, and what it said.
package struct Reject: Hashable, Sendable {
    /// The record's number in its source, from 1; a header is no record.
    package var record: Int64
    /// The line on which the record begins, from 1.
    package var line: Int64
    /// The offset of the record's first byte in the (decompressed) file, from 0; nil where it is not known, as in encodings
    /// whose characters have different numbers of bytes.
    package var byte: Int64?
    /// The column at fault; nil where it is the whole record.
    package var column: String?
    package var code: String
    package var reason: String
    /// The record's fields as they were, decoded; nil stands for null: an unquoted empty field or null marker.
    package var fields: [[UInt8]?]

    package init(
        record: Int64, line: Int64, byte: Int64?, column: String?, code: String, reason: String, fields: [[UInt8]?]
    ) {
        self.record = record
        self.line = line
        self.byte = byte
        self.column = column
        self.code = code
        self.reason = reason
        self.fields = fields
    }

    /// `line 1042, column "amount": expected decimal(12,2), found "12,5O".`
    package var location: String {
        let place = byte.map { "line \(line) (byte \($0))" } ?? "line \(line)"
        return column.map { "\(place), column \"\($0)\"" } ?? place
    }
}

/// How much of a found value a message shows.
package let maxShownBytes = 40

/// A value as messages show it: quoted, clipped, control characters escaped; never a whole row.
package func shown(_ bytes: some Collection<UInt8>) -> String {
    var text = "\""
    for scalar in String(decoding: bytes.prefix(maxShownBytes), as: UTF8.self).unicodeScalars {
        switch scalar {
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        case "\"": text += "\\\""
        default:
            if scalar.properties.generalCategory == .control {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
    return text + (bytes.count > maxShownBytes ? "…\"" : "\"")
}
