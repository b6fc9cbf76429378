import Jobs

/// A bucket and a key, as in `s3://bucket/key`. The key is verbatim: nothing in it is encoded.
struct S3Location: Hashable, Sendable, CustomStringConvertible {
    let bucket: String
    let key: String

    init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    /// Nil where the text is no `s3://` URI with a bucket and a key.
    init?(_ uri: String) {
        let scheme = "s3://"
        guard uri.hasPrefix(scheme) else { return nil }
        let rest = uri.dropFirst(scheme.count)
        guard let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")), slash != rest.startIndex else { return nil }
        let key = rest[rest.utf8.index(after: slash)...]
        guard !key.isEmpty else { return nil }
        self.init(bucket: String(rest[..<slash]), key: String(key))
    }

    var description: String { "s3://\(bucket)/\(key)" }

    /// The same with the key form-decoded; nil where that changes nothing or gives no text.
    var formDecoded: S3Location? {
        guard key.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return nil }
        var bytes: [UInt8] = []
        var rest = Array(key.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                    let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default:
                bytes.append(byte)
            }
        }
        guard let key = String(validating: bytes, as: UTF8.self), key != self.key else { return nil }
        return S3Location(bucket: bucket, key: key)
    }
}
