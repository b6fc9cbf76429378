/// Paths of this machine as `file://` URIs and back (RFC 8089, with the percent-encoding of RFC 3986 section 2.1).
package enum FileURI {
    private static let scheme = "file://"

    /// The URI of a path; a relative path is one below the process's current folder.
    package static func uri(ofPath path: String) -> String {
        uri(of: LocalPath(path))
    }

    /// The path of a `file:///…` or `file://localhost/…` URI; nil for anything else.
    ///
    /// A name that is not UTF-8 cannot be told as a `String`; the backend itself reads such URIs byte by byte.
    package static func path(of uri: String) -> String? {
        localPath(of: uri)?.description
    }

    static func uri(of path: LocalPath) -> String {
        var out: [UInt8] = []
        for byte in path.absolute.bytes {
            if isPlain(byte) {
                out.append(byte)
            } else {
                out.append(UInt8(ascii: "%"))
                out.append(hexDigits[Int(byte >> 4)])
                out.append(hexDigits[Int(byte & 15)])
            }
        }
        return scheme + String(decoding: out, as: UTF8.self)
    }

    static func localPath(of uri: String) -> LocalPath? {
        guard uri.hasPrefix(scheme) else { return nil }
        var rest = uri.dropFirst(scheme.count)
        if rest.hasPrefix("localhost/") { rest = rest.dropFirst("localhost".count) }
        guard rest.first == "/" else { return nil }
        let text = Array(rest.utf8)
        var bytes: [UInt8] = []
        var at = 0
        while at < text.count {
            if text[at] == UInt8(ascii: "%") {
                guard at + 2 < text.count, let high = hexValue(text[at + 1]), let low = hexValue(text[at + 2]) else {
                    return nil
                }
                bytes.append(high << 4 | low)
                at += 3
            } else {
                bytes.append(text[at])
                at += 1
            }
        }
        return bytes.contains(0) ? nil : LocalPath(bytes)
    }

    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// RFC 3986's pchar and the slash.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: plainMarks.contains(byte)
        }
    }

    private static let plainMarks = Set("-._~!$&'()*+,;=:@/".utf8)
}
