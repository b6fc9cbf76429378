import HTTP
import SigV4

/// What is uploaded.
package enum S3Body: Sendable {
    case bytes([UInt8])
    /// A file that must not change meanwhile.
    case file(path: String)
}

/// What S3 says of an object that it has taken.
package struct S3Written: Hashable, Sendable {
    /// Without its quotes.
    package var etag: String?
    package var versionID: String?
}

extension S3 {
    /// Larger files go up in parts.
    package static let multipartThresholdBytes: Int64 = 64 << 20
    static let partSizeBytes: Int64 = 16 << 20
    /// S3's own limits (user guide, "Amazon S3 multipart upload limits").
    static let maxParts: Int64 = 10_000
    static let maxObjectBytes: Int64 = 50 << 40

    /// S3 `PutObject`, or a multipart upload for files above 64 MB; either the whole object is there afterwards or none.
    ///
    /// - Parameters:
    ///   - metadata: user metadata; names and values in ASCII.
    ///   - onlyIfAbsent: fail with `preconditionFailed` where the key exists already.
    package func putObject(
        bucket: String, key: String, body: S3Body, contentType: String = "application/octet-stream",
        metadata: [String: String] = [:], onlyIfAbsent: Bool = false
    ) async throws(AWSError) -> S3Written {
        var headers = [(name: "Content-Type", value: contentType)]
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            headers.append((name: "x-amz-meta-\(name)", value: value))
        }
        let size = try size(of: body, "PutObject")
        if case .file(let path) = body, size > Self.multipartThresholdBytes {
            return try await putInParts(
                bucket: bucket, key: key, path: path, size: size, headers: headers, onlyIfAbsent: onlyIfAbsent)
        }
        var call = try call("PutObject", "PUT", bucket: bucket, key: key)
        call.headers = headers
        if onlyIfAbsent { call.headers.append((name: "If-None-Match", value: "*")) }
        try setBody(body, range: 0..<size, &call)
        let response = try await client.perform(call)
        return S3Written(etag: response.headers["etag"].map(unquoted), versionID: response.headers.version)
    }

    private func size(of body: S3Body, _ action: String) throws(AWSError) -> Int64 {
        switch body {
        case .bytes(let bytes): return Int64(bytes.count)
        case .file(let path):
            switch LocalFile.size(path) {
            case .success(let size): return size
            case .failure(let failure): throw .file(.s3, action, path, failure.reason)
            }
        }
    }

    /// A file's bytes are hashed only where no TLS protects them.
    func setBody(_ body: S3Body, range: Range<Int64>, _ call: inout AWSCall) throws(AWSError) {
        call.limits.firstByte = Self.uploadFirstByte
        call.limits.whole = nil
        switch body {
        case .bytes(let bytes):
            call.body = .bytes(bytes)
            call.payloadHash = SHA256.hexadecimal(bytes)
        case .file(let path):
            call.body = .file(path: path, range: range)
            if call.endpoint.isSecure {
                call.payloadHash = SigningRequest.unsignedPayload
                return
            }
            switch LocalFile.sha256(path, range: range) {
            case .success(let hash): call.payloadHash = hash
            case .failure(let failure): throw .file(.s3, call.action, path, failure.reason)
            }
        }
    }
}
