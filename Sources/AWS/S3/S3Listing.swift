import SigV4

/// One page of a bucket's keys, in UTF-8 byte order.
package struct S3Listing: Hashable, Sendable {
    package var entries: [S3Entry]
    /// With a delimiter: what keys have in common up to it.
    package var commonPrefixes: [String]
    /// Where the next page begins; nil after the last one.
    package var nextToken: String?
}

/// An object as a listing shows it.
package struct S3Entry: Hashable, Sendable {
    package var key: String
    package var size: Int64
    /// Without its quotes.
    package var etag: String?
    /// `2026-11-21T22:00:00.000Z`
    package var lastModified: String
}

extension S3 {
    /// S3 `ListObjectsV2`: one page, at most 1000 keys.
    package func listObjects(
        bucket: String, prefix: String = "", delimiter: String? = nil, startAfter: String? = nil, token: String? = nil,
        maxKeys: Int = 1000
    ) async throws(AWSError) -> S3Listing {
        var call = try call("ListObjectsV2", "GET", bucket: bucket)
        // XML cannot hold every character that a key may have, so S3 is asked to encode them
        call.query = [
            (name: "list-type", value: "2"), (name: "encoding-type", value: "url"), (name: "prefix", value: prefix),
            (name: "max-keys", value: String(maxKeys)),
        ]
        if let delimiter { call.query.append((name: "delimiter", value: delimiter)) }
        if let startAfter { call.query.append((name: "start-after", value: startAfter)) }
        if let token { call.query.append((name: "continuation-token", value: token)) }
        let root = try QueryBody.read(try await client.perform(call), of: call, root: "ListBucketResult")
        let isEncoded = root.text("EncodingType") == "url"
        var listing = S3Listing(entries: [], commonPrefixes: [], nextToken: root.text("NextContinuationToken"))
        for object in root.all("Contents") {
            listing.entries.append(try entry(object, isEncoded, call))
        }
        for common in root.all("CommonPrefixes") {
            listing.commonPrefixes.append(try decoded(common.text("Prefix"), isEncoded, call))
        }
        if root.text("IsTruncated") == "true", listing.nextToken == nil {
            throw .badResponse(.s3, call.action, "it is cut off but says not where the next page begins")
        }
        return listing
    }

    private func entry(_ object: XMLElement, _ isEncoded: Bool, _ call: AWSCall) throws(AWSError) -> S3Entry {
        guard let size = object.text("Size").flatMap({ Int64($0) }), size >= 0 else {
            throw .badResponse(.s3, call.action, "an object has no size")
        }
        return S3Entry(
            key: try decoded(object.text("Key"), isEncoded, call), size: size, etag: object.text("ETag").map(unquoted),
            lastModified: object.text("LastModified") ?? "")
    }

    private func decoded(_ text: String?, _ isEncoded: Bool, _ call: AWSCall) throws(AWSError) -> String {
        guard let text, let decoded = isEncoded ? PercentEncoding.decode(text, plusIsSpace: true) : text else {
            throw .badResponse(.s3, call.action, "an object has no readable key")
        }
        return decoded
    }
}
