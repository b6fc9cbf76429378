import SigV4

extension S3 {
    /// The most that S3 copies in one call (API reference, `CopyObject`).
    package static let maxCopyBytes: Int64 = 5 << 30

    /// S3 `CopyObject` within S3, metadata and all; up to 5 GiB.
    ///
    /// - Parameters:
    ///   - version: `.etag` copies only while the source still has that ETag, else `preconditionFailed`.
    ///   - onlyIfAbsent: fail with `preconditionFailed` where the destination's key exists already.
    package func copyObject(
        fromBucket: String, fromKey: String, version: S3Version = .latest, toBucket: String, toKey: String,
        onlyIfAbsent: Bool = false
    ) async throws(AWSError) -> S3Written {
        var call = try call("CopyObject", "PUT", bucket: toBucket, key: toKey)
        var source = "\(PercentEncoding.encode(fromBucket))/\(PercentEncoding.encode(fromKey, keepingSlash: true))"
        switch version {
        case .latest: break
        case .id(let id): source += "?versionId=\(PercentEncoding.encode(id))"
        case .etag(let etag):
            call.headers.append((name: "x-amz-copy-source-if-match", value: "\"\(etag)\""))
        }
        call.headers.append((name: "x-amz-copy-source", value: source))
        if let owner = expectedBucketOwner {
            call.headers.append((name: "x-amz-source-expected-bucket-owner", value: owner))
        }
        if onlyIfAbsent { call.headers.append((name: "If-None-Match", value: "*")) }
        call.headers += encryption?.headers ?? []
        call.limits.firstByte = Self.uploadFirstByte
        call.limits.whole = nil
        call.mayFailWithSuccessStatus = true
        let response = try await client.perform(call)
        let root = try QueryBody.read(response, of: call)
        guard let etag = root.text("ETag") else { throw .badResponse(.s3, call.action, "it holds no ETag") }
        return S3Written(etag: unquoted(etag), versionID: response.headers.version)
    }
}
