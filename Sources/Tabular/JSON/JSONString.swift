/// What the strings of JSON say (RFC 8259, section 7).
enum JSONString {
    /// The text of a scanned string, given with its quotes.
    static func decoded(_ string: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(string.count)
        guard appendDecoded(string, to: &out) else { throw .loneSurrogate(string) }
        return out
    }

    /// Appends what a scanned string says, `bytes` with its quotes; false where it holds a lone surrogate.
    static func appendDecoded(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) -> Bool {
        var at = 1
        let end = bytes.count - 1
        while at < end {
            let byte = bytes[at]
            at += 1
            guard byte == UInt8(ascii: "\\") else {
                out.append(byte)
                continue
            }
            let kind = bytes[at]
            at += 1
            switch kind {
            case UInt8(ascii: "b"): out.append(8)
            case UInt8(ascii: "f"): out.append(12)
            case UInt8(ascii: "n"): out.append(10)
            case UInt8(ascii: "r"): out.append(13)
            case UInt8(ascii: "t"): out.append(9)
            case UInt8(ascii: "u"):
                var code = unit(bytes, at)
                at += 4
                if code >= 0xD800, code < 0xDC00, at + 6 <= end, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") {
                    let low = unit(bytes, at + 2)
                    guard low >= 0xDC00, low < 0xE000 else { return false }
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                    at += 6
                }
                guard let scalar = Unicode.Scalar(code) else { return false }
                out.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            default: out.append(kind)
            }
        }
        return true
    }

    private static func unit(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> UInt32 {
        var value: UInt32 = 0
        for i in 0..<4 { value = value << 4 | UInt32(CellParsing.hexDigit(bytes[at + i]) ?? 0) }
        return value
    }
}
