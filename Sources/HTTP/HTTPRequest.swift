/// One HTTP request, complete: nothing is added to it but `Host`, `Content-Length`, `Accept` and `User-Agent`.
package struct HTTPRequest: Sendable {
    package var method: String
    /// `http` or `https`, with its path and query percent-encoded; it is sent as it stands, dot segments and all.
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: HTTPBody
    package var limits: HTTPLimits
    /// Whether the client's proxies are used. Link-local addresses must not be reached through one.
    package var usesProxy: Bool

    package init(
        _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: HTTPBody = .none,
        limits: HTTPLimits = HTTPLimits(), usesProxy: Bool = true
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.limits = limits
        self.usesProxy = usesProxy
    }

    /// The method and the URL without its query, which may hold a signature.
    var place: String { "\(method) \(url.prefix { $0 != "?" })" }

    /// What would let a name or value break out of its place, or nil.
    var defect: String? {
        let isToken = { (text: String) in
            !text.isEmpty && text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ":") }
        }
        if !isToken(method) { return "the method \"\(method)\" is not a token" }
        if !url.hasPrefix("http://") && !url.hasPrefix("https://") { return "the URL is neither http nor https" }
        if let bad = url.utf8.first(where: { $0 <= 32 || $0 >= 127 }) { return "the URL holds the byte \(bad)" }
        for header in headers {
            if !isToken(header.name) { return "the header name \"\(header.name)\" is not a token" }
            let isLine = header.value.utf8.allSatisfy { $0 != 0 && $0 != 10 && $0 != 13 }
            if !isLine { return "the value of the header \(header.name) is more than a line" }
        }
        return nil
    }
}

/// What a request carries. All kinds can be sent again from the start.
package enum HTTPBody: Sendable {
    case none
    case bytes([UInt8])
    /// A file, or the bytes of it in `range`; read as they are sent.
    case file(path: String, range: Range<Int64>?)
    /// The same in S3's `aws-chunked` encoding, with a trailer that is made while the bytes go out.
    case trailedFile(path: String, range: Range<Int64>?, HTTPTrailer)
}

/// How long and how large one exchange may become.
package struct HTTPLimits: Sendable {
    /// From the start to an open connection, name look-up and TLS included.
    package var connect: Duration = .seconds(5)
    /// From the last byte sent (or, without a body, the start) to the first line of the answer.
    package var firstByte: Duration = .seconds(30)
    /// From the start to the last byte of the answer; nil leaves it to the others.
    package var whole: Duration?
    /// While a body moves in either direction, each window of this length…
    package var stallWindow: Duration = .seconds(30)
    /// …must bring at least this many bytes a second.
    package var minBytesPerSecond = 1000
    /// The most bytes of an answer that are kept in memory.
    package var maxBodyBytes = 16 << 20

    package init() {}

    package init(firstByte: Duration, whole: Duration? = nil, maxBodyBytes: Int = 16 << 20) {
        self.firstByte = firstByte
        self.whole = whole
        self.maxBodyBytes = maxBodyBytes
    }
}
