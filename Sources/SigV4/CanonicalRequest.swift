/// A request as far as its signature covers it.
package struct SigningRequest: Sendable {
    package var method: String
    /// The path as it goes over the wire, beginning with a slash (percent-encoded by whoever made it).
    package var path: String
    /// Names and values before percent encoding, in any order.
    package var query: [(name: String, value: String)]
    /// All headers to sign; `host` must be among them.
    package var headers: [(name: String, value: String)]
    /// The payload's SHA-256 in hexadecimal, or ``unsignedPayload``.
    package var payloadHash: String

    /// Stands in for the payload's hash where TLS alone protects the body (S3 only).
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    /// Stands in for the payload's hash where the body comes in chunks and its checksum after them (S3 only).
    package static let unsignedPayloadWithTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

    package init(
        method: String, path: String, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)], payloadHash: String = SHA256.ofNothing
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.payloadHash = payloadHash
    }
}

/// How a service wants a path to stand in the canonical request.
package struct PathRule: Hashable, Sendable {
    /// Dot segments are resolved and empty segments dropped (RFC 3986 section 5.2.4).
    package var normalizes: Bool
    /// The wire path is percent-encoded once more.
    package var encodes: Bool

    package init(normalizes: Bool, encodes: Bool) {
        self.normalizes = normalizes
        self.encodes = encodes
    }

    /// Every service but S3.
    package static let standard = PathRule(normalizes: true, encodes: true)
    /// S3: a key may hold `//`, `.` and `..`, and its path is signed just as it is sent.
    package static let verbatim = PathRule(normalizes: false, encodes: false)
}

/// The text that a signature is made over.
///
/// Source: "Create a signed AWS API request", step 1, IAM user guide.
struct CanonicalRequest {
    let bytes: [UInt8]
    /// `host;x-amz-date`
    let signedHeaders: String
    let query: String

    init(_ request: SigningRequest, path rule: PathRule) {
        let headers = Self.canonical(request.headers)
        signedHeaders = headers.map(\.name).joined(separator: ";")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        bytes += request.method.utf8
        bytes.append(newline)
        Self.append(path: request.path, rule, to: &bytes)
        bytes.append(newline)
        query = Self.query(request.query)
        bytes += query.utf8
        bytes.append(newline)
        for header in headers {
            bytes += header.name.utf8
            bytes.append(UInt8(ascii: ":"))
            bytes += header.value.utf8
            bytes.append(newline)
        }
        bytes.append(newline)
        bytes += signedHeaders.utf8
        bytes.append(newline)
        bytes += request.payloadHash.utf8
        self.bytes = bytes
    }

    /// Names and values percent-encoded and sorted by name, then value. It serves as the wire's query too.
    static func query(_ items: [(name: String, value: String)]) -> String {
        if items.isEmpty { return "" }
        let pairs = items.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
        return pairs.sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
    }

    /// Headers that proxies and clients may change on the way are left out, as botocore does.
    private static let unsigned: Set<String> = [
        "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id", "authorization",
    ]

    /// Lower-case names in order, each once; values of one name joined by commas in the order given.
    static func canonical(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        var sorted: [(name: String, value: String)] = []
        sorted.reserveCapacity(headers.count)
        for header in headers {
            let name = header.name.lowercased()
            if unsigned.contains(name) { continue }
            let value = collapsingSpaces(header.value)
            // a handful of headers: inserting each at its place beats a table
            var place = sorted.count
            while place > 0, name < sorted[place - 1].name { place -= 1 }
            if place > 0, sorted[place - 1].name == name {
                sorted[place - 1].value += ",\(value)"
            } else {
                sorted.insert((name: name, value: value), at: place)
            }
        }
        return sorted
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }

    /// The value without spaces at its ends, and runs of white space as one space.
    private static func collapsingSpaces(_ value: String) -> String {
        if isCollapsed(value) { return value }
        var bytes: [UInt8] = []
        var isAfterSpace = false
        for byte in value.utf8 {
            if isSpace(byte) {
                isAfterSpace = !bytes.isEmpty
                continue
            }
            if isAfterSpace { bytes.append(UInt8(ascii: " ")) }
            isAfterSpace = false
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the value has single spaces between words and nothing else to mend, as nearly all do.
    private static func isCollapsed(_ value: String) -> Bool {
        var isAfterSpace = true
        for byte in value.utf8 {
            let isSpace = isSpace(byte)
            if isSpace, isAfterSpace || byte != UInt8(ascii: " ") { return false }
            isAfterSpace = isSpace
        }
        return !isAfterSpace || value.isEmpty
    }

    private static func append(path: String, _ rule: PathRule, to bytes: inout [UInt8]) {
        let path = rule.normalizes && path != "/" ? normalized(path) : path
        if path.isEmpty {
            bytes.append(UInt8(ascii: "/"))
        } else if rule.encodes {
            PercentEncoding.append(path.utf8, to: &bytes, keepingSlash: true)
        } else {
            bytes += path.utf8
        }
    }

    static func normalized(_ path: String) -> String {
        var kept: [Substring.UTF8View] = []
        let segments = path.utf8.split(separator: UInt8(ascii: "/"))
        for segment in segments {
            if segment.elementsEqual(".".utf8) { continue }
            if segment.elementsEqual("..".utf8) {
                _ = kept.popLast()
            } else {
                kept.append(segment)
            }
        }
        var text = ""
        for segment in kept { text += "/" + String(Substring(segment)) }
        // a path that ends in a dot segment loses its slash, as botocore has it and RFC 3986 has not
        return kept.isEmpty || path.hasSuffix("/") ? text + "/" : text
    }
}

private let newline = UInt8(ascii: "\n")
