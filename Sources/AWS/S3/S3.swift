import HTTP
import SigV4

/// S3, object by object. Keys may hold any characters; they are signed and sent just as they are.
package struct S3: Sendable {
    let client: AWSClient
    /// The account that must own the buckets; calls on others' fail with `accessDenied` (`x-amz-expected-bucket-owner`).
    package var expectedBucketOwner: String?
    /// How what is written is encrypted; nil leaves it to the bucket.
    package var encryption: S3Encryption?
    /// What uploads are checked by.
    package var uploadChecksum = ChecksumAlgorithm.crc64nvme

    init(client: AWSClient) {
        self.client = client
    }

    /// Uploads wait longer for their answer, because S3 works on what it got.
    static let uploadFirstByte = Duration.seconds(120)

    /// A call on a bucket or one of its objects: virtual-hosted on AWS's own endpoints for names that can be host
    /// names, else path style.
    func call(_ action: String, _ method: String, bucket: String, key: String? = nil) throws(AWSError) -> AWSCall {
        guard !bucket.isEmpty, !bucket.contains("/"), key != "" else {
            throw .invalid(.s3, action, "\"\(bucket)\" with the key \"\(key ?? "")\" names no object")
        }
        let endpoint = client.configuration.endpoint(of: .s3)
        let isHost = !endpoint.isCustom && Self.canBeHostLabel(bucket)
        let subject = "s3://\(bucket)" + (key.map { "/\($0)" } ?? "")
        var call = AWSCall(service: .s3, action: action, subject: subject, method: method, endpoint: endpoint)
        call.bucket = bucket
        if isHost { call.endpoint = endpoint.with(bucket: bucket) }
        if let owner = expectedBucketOwner {
            call.headers.append((name: "x-amz-expected-bucket-owner", value: owner))
        }
        let bucketPath = isHost ? "" : "/\(PercentEncoding.encode(bucket))"
        let keyPath = key.map { "/\(PercentEncoding.encode($0, keepingSlash: true))" }
        call.path = bucketPath + (keyPath ?? (isHost ? "/" : ""))
        return call
    }

    /// Buckets with dots would not match the wildcard of S3's certificate.
    static func canBeHostLabel(_ bucket: String) -> Bool {
        let isPlain = { (byte: UInt8) in (97...122).contains(byte) || (48...57).contains(byte) }
        guard (3...63).contains(bucket.utf8.count), let first = bucket.utf8.first, let last = bucket.utf8.last,
            isPlain(first), isPlain(last)
        else { return false }
        return bucket.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "-") }
    }

    /// S3 `HeadBucket`: shows that a bucket is there and may be read.
    package func headBucket(_ bucket: String) async throws(AWSError) {
        _ = try await client.perform(try call("HeadBucket", "HEAD", bucket: bucket))
    }

    /// S3 `HeadObject`.
    package func headObject(
        bucket: String, key: String, version: S3Version = .latest
    ) async throws(AWSError) -> S3Object {
        S3Object(try await head(bucket: bucket, key: key, version: version))
    }

    /// - Parameter part: asks for the size of one part of an object that was uploaded in parts, from 1 on.
    func head(
        bucket: String, key: String, version: S3Version, part: Int? = nil
    ) async throws(AWSError) -> HTTPResponse {
        var call = try call("HeadObject", "HEAD", bucket: bucket, key: key)
        version.apply(to: &call)
        if let part { call.query.append((name: "partNumber", value: String(part))) }
        askForChecksum(&call)
        return try await client.perform(call)
    }

    func askForChecksum(_ call: inout AWSCall) {
        guard client.configuration.verifiesChecksums else { return }
        call.headers.append((name: "x-amz-checksum-mode", value: "ENABLED"))
    }

    /// S3 `DeleteObject`; no object there is no error. With a version id that version is gone for good.
    package func deleteObject(bucket: String, key: String, versionID: String? = nil) async throws(AWSError) {
        var call = try call("DeleteObject", "DELETE", bucket: bucket, key: key)
        if let versionID { call.query.append((name: "versionId", value: versionID)) }
        _ = try await client.perform(call)
    }
}

/// How S3 encrypts an object at rest.
///
/// Source: S3 API reference, `PutObject`, the headers `x-amz-server-side-encryption…`.
package enum S3Encryption: Hashable, Sendable {
    /// Keys of S3's own.
    case s3
    /// A KMS key by id, ARN or alias (nil: the account's own for S3), optionally with a key for the bucket in between.
    case kms(keyID: String?, usesBucketKey: Bool = true)
    /// The same, two layers of it.
    case kmsTwoLayers(keyID: String?)

    var headers: [(name: String, value: String)] {
        let name = "x-amz-server-side-encryption"
        switch self {
        case .s3: return [(name: name, value: "AES256")]
        case .kms(let keyID, let usesBucketKey):
            return [(name: name, value: "aws:kms")] + Self.key(keyID)
                + [(name: "\(name)-bucket-key-enabled", value: String(usesBucketKey))]
        case .kmsTwoLayers(let keyID): return [(name: name, value: "aws:kms:dsse")] + Self.key(keyID)
        }
    }

    private static func key(_ id: String?) -> [(name: String, value: String)] {
        id.map { [(name: "x-amz-server-side-encryption-aws-kms-key-id", value: $0)] } ?? []
    }
}

/// Which version of an object is meant.
package enum S3Version: Hashable, Sendable {
    case latest
    /// A version id of a versioned bucket.
    case id(String)
    /// The latest, if it still has this ETag (without quotes); else the call fails with `preconditionFailed`.
    case etag(String)

    func apply(to call: inout AWSCall) {
        switch self {
        case .latest: break
        case .id(let id): call.query.append((name: "versionId", value: id))
        case .etag(let etag): call.headers.append((name: "If-Match", value: "\"\(etag)\""))
        }
    }
}

/// What S3 says of an object.
package struct S3Object: Hashable, Sendable {
    package var size: Int64
    /// Without its quotes.
    package var etag: String?
    package var versionID: String?
    package var contentType: String?
    /// `Sat, 21 Nov 2026 22:00:00 GMT`
    package var lastModified: String?
    /// User metadata, names in lower case without `x-amz-meta-`.
    package var metadata: [String: String]

    init(_ response: HTTPResponse) {
        let headers = response.headers
        let announced = headers["content-length"].flatMap { Int64($0) }
        size = max(announced ?? max(response.bytesWritten, Int64(response.body.count)), 0)
        etag = headers["etag"].map(unquoted)
        versionID = headers.version
        contentType = headers["content-type"]
        lastModified = headers["last-modified"]
        metadata = [:]
        let prefix = "x-amz-meta-"
        for field in headers.fields where field.name.lowercased().hasPrefix(prefix) {
            metadata[field.name.lowercased().dropFirst(prefix.count).description] = field.value
        }
    }
}

extension HTTPHeaders {
    /// The object's version id; an unversioned bucket's `null` is none.
    var version: String? {
        let id = self["x-amz-version-id"]
        return id == "null" ? nil : id
    }
}

/// An ETag without the quotes that HTTP puts round it.
func unquoted(_ etag: String) -> String {
    etag.count >= 2 && etag.hasPrefix("\"") && etag.hasSuffix("\"") ? String(etag.dropFirst().dropLast()) : etag
}
