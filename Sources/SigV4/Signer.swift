/// Signs requests to one service in one region with AWS Signature Version 4. Pure: the time is a parameter.
///
/// Source: "AWS Signature Version 4 for API requests", IAM user guide.
package struct Signer: Sendable {
    package var credentials: SigningCredentials
    package var region: String
    package var service: String
    package var pathRule: PathRule
    /// Whether the payload's hash is sent (and signed) as `x-amz-content-sha256`, which S3 demands.
    package var sendsPayloadHash: Bool
    private let keys: SigningKeyCache

    package init(
        credentials: SigningCredentials, region: String, service: String, pathRule: PathRule = .standard,
        sendsPayloadHash: Bool = false, keys: SigningKeyCache = SigningKeyCache()
    ) {
        self.credentials = credentials
        self.region = region
        self.service = service
        self.pathRule = pathRule
        self.sendsPayloadHash = sendsPayloadHash
        self.keys = keys
    }

    static let algorithm = "AWS4-HMAC-SHA256"
    /// How long a presigned request may be good for: 7 days (S3 user guide, "Limiting presigned URL capabilities").
    package static let maxPresignedSeconds = 604_800

    /// The headers to add to the request, `Authorization` last.
    package func sign(_ request: SigningRequest, at time: SigningTime) -> [(name: String, value: String)] {
        var added = headersToSign(at: time, payloadHash: request.payloadHash)
        var request = request
        request.headers += added
        let scope = scope(at: time)
        let canonical = CanonicalRequest(request, path: pathRule)
        let text = Hexadecimal.encode(
            hmacSHA256(key: keys.key(for: scope), stringToSign(canonical, scope, time)))
        var value = Self.algorithm
        value += " Credential="
        value += credentials.accessKeyID
        value += "/"
        value += scope.text
        value += ", SignedHeaders="
        value += canonical.signedHeaders
        value += ", Signature="
        value += text
        added.append((name: "Authorization", value: value))
        return added
    }

    /// The request's query with the signature in it, percent-encoded and in canonical order but for
    /// `X-Amz-Signature`, which stands last. No header but those of the request is needed then.
    ///
    /// - Parameter seconds: how long the signature is good for, 1...``maxPresignedSeconds``.
    package func presign(_ request: SigningRequest, at time: SigningTime, seconds: Int) -> String {
        precondition((1...Self.maxPresignedSeconds).contains(seconds), "a presigned request is good for up to 7 days")
        let signature = presignature(of: request, at: time, seconds: seconds)
        return "\(signature.query)&X-Amz-Signature=\(signature.text)"
    }

    /// A signature and what it was made over, for whoever must compare them step by step.
    package struct Signature: Sendable {
        package let canonicalRequest: String
        package let stringToSign: String
        package let signedHeaders: String
        /// The canonical query.
        package let query: String
        /// 64 hexadecimal digits.
        package let text: String
    }

    /// The signature that ``sign(_:at:)`` puts into the header.
    package func signature(of request: SigningRequest, at time: SigningTime) -> Signature {
        var request = request
        request.headers += headersToSign(at: time, payloadHash: request.payloadHash)
        return finish(request, at: time)
    }

    /// The signature that ``presign(_:at:seconds:)`` puts into the query.
    package func presignature(of request: SigningRequest, at time: SigningTime, seconds: Int) -> Signature {
        var request = request
        let signedHeaders = CanonicalRequest.canonical(request.headers).map(\.name).joined(separator: ";")
        request.query += [
            (name: "X-Amz-Algorithm", value: Self.algorithm),
            (name: "X-Amz-Credential", value: "\(credentials.accessKeyID)/\(scope(at: time).text)"),
            (name: "X-Amz-Date", value: time.stamp),
            (name: "X-Amz-Expires", value: String(seconds)),
            (name: "X-Amz-SignedHeaders", value: signedHeaders),
        ]
        if let token = credentials.sessionToken { request.query.append((name: "X-Amz-Security-Token", value: token)) }
        return finish(request, at: time)
    }

    /// The query of a request as it must stand in the URL: encoded and in canonical order.
    package static func wireQuery(_ items: [(name: String, value: String)]) -> String {
        CanonicalRequest.query(items)
    }

    private func scope(at time: SigningTime) -> SigningScope {
        SigningScope(secretAccessKey: credentials.secretAccessKey, day: time.day, region: region, service: service)
    }

    private func headersToSign(at time: SigningTime, payloadHash: String) -> [(name: String, value: String)] {
        var headers = [(name: "X-Amz-Date", value: time.stamp)]
        if let token = credentials.sessionToken { headers.append((name: "X-Amz-Security-Token", value: token)) }
        if sendsPayloadHash { headers.append((name: "X-Amz-Content-Sha256", value: payloadHash)) }
        return headers
    }

    private func finish(_ request: SigningRequest, at time: SigningTime) -> Signature {
        let canonical = CanonicalRequest(request, path: pathRule)
        let scope = scope(at: time)
        let stringToSign = stringToSign(canonical, scope, time)
        return Signature(
            canonicalRequest: String(decoding: canonical.bytes, as: UTF8.self),
            stringToSign: String(decoding: stringToSign, as: UTF8.self),
            signedHeaders: canonical.signedHeaders, query: canonical.query,
            text: Hexadecimal.encode(hmacSHA256(key: keys.key(for: scope), stringToSign)))
    }

    private func stringToSign(_ canonical: CanonicalRequest, _ scope: SigningScope, _ time: SigningTime) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        for line in [Self.algorithm, time.stamp, scope.text] {
            bytes += line.utf8
            bytes.append(UInt8(ascii: "\n"))
        }
        bytes += SHA256.hexadecimal(canonical.bytes).utf8
        return bytes
    }
}
