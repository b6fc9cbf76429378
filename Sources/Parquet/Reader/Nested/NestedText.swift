import Columns

/// How values stand in the JSON text of a nested column: as they would in a member of a JSON line.
enum NestedText {
    /// Appends a string in quotes (RFC 8259, section 7); only what must be escaped is.
    static func appendString(_ text: ArraySlice<UInt8>, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                out.append(UInt8(ascii: "\\"))
                out.append(byte)
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
}

extension PendingValues {
    /// Appends a value: numbers and truth values bare, all else as a string with the text of ``ValueText``.
    func appendJSON(_ row: Int, to out: inout [UInt8]) {
        switch type {
        case .bool: out.append(contentsOf: (words[row] != 0 ? "true" : "false").utf8)
        case .int16, .int32, .int64: ValueText.append(words[row], to: &out)
        case .decimal(_, let scale):
            if type.storage == .int64 {
                ValueText.append(unscaled: words[row], scale: scale, to: &out)
            } else {
                ValueText.append(unscaled: wides[row], scale: scale, to: &out)
            }
        case .float32, .float64:
            let value = doubles[row]
            // JSON has no NaN and no infinities.
            if !value.isFinite { out.append(UInt8(ascii: "\"")) }
            if type == .float32 { ValueText.append(Float(value), to: &out) } else { ValueText.append(value, to: &out) }
            if !value.isFinite { out.append(UInt8(ascii: "\"")) }
        case .date: quoted(&out) { ValueText.appendDate(days: words[row], to: &$0) }
        case .time: quoted(&out) { ValueText.appendTime(micros: words[row], to: &$0) }
        case .timestamp: quoted(&out) { ValueText.appendTimestamp(micros: words[row], utc: false, to: &$0) }
        case .timestamptz: quoted(&out) { ValueText.appendTimestamp(micros: words[row], utc: true, to: &$0) }
        case .uuid: quoted(&out) { ValueText.appendUUID(bytes[row], to: &$0) }
        case .bytes:
            // A backslash that a JSON string has to escape.
            quoted(&out) {
                $0.append(contentsOf: "\\\\x".utf8)
                for byte in bytes[row] { ValueText.appendHex(byte, to: &$0) }
            }
        case .text, .json: NestedText.appendString(bytes[row], to: &out)
        }
    }

    private func quoted(_ out: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
        out.append(UInt8(ascii: "\""))
        body(&out)
        out.append(UInt8(ascii: "\""))
    }
}
