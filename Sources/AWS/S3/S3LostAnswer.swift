import SigV4

/// What a write leaves behind, by which it is known again when S3's answer to it was lost.
///
/// How this works: a write whose answer is lost is sent again, and S3 then refuses it because of the first one: there is
/// no such upload any more, or there is an object already. So before such a refusal is believed S3 is asked what stands
/// under the key. Writes that only one of several may do carry a mark of their own; others are known by their bytes.
struct S3Trace: Sendable {
    /// The user metadata that holds the mark.
    static let markName = "landfall-write"

    var mark: String?
    var size: Int64
    /// As S3 makes it from the parts' own, where they are MD5.
    var etag: String?
    /// Of the whole object, by the name of its header.
    var checksum: (name: String, value: String)?

    /// The ETag of an object in parts: the MD5 of the parts' MD5s, and how many they are; nil where they are no MD5.
    static func etag(ofParts etags: [String]) -> String? {
        guard let all = MD5() else { return nil }
        for etag in etags {
            guard let bytes = Hexadecimal.decode(unquoted(etag)), bytes.count == 16 else { return nil }
            bytes.withUnsafeBytes { all.update($0) }
        }
        return "\(Hexadecimal.encode(all.finalize()))-\(etags.count)"
    }

    func isLeft(by headers: S3Object, checksum found: String?) -> Bool {
        if let mark { return headers.metadata[Self.markName] == mark }
        guard headers.size == size else { return false }
        return (etag != nil && etag == headers.etag) || (found != nil && found == checksum?.value)
    }
}

extension S3 {
    /// Gives what is under the key if it is what our own write left, else throws the refusal.
    func written(
        _ bucket: String, _ key: String, _ trace: S3Trace, orElse refusal: AWSError
    ) async throws(AWSError) -> S3Written {
        guard refusal.awsCode == "NoSuchUpload" || refusal.kind == .preconditionFailed else { throw refusal }
        do throws(AWSError) {
            let head = try await head(bucket: bucket, key: key, version: .latest)
            let object = S3Object(head)
            if trace.isLeft(by: object, checksum: trace.checksum.flatMap { head.headers[$0.name] }) {
                return S3Written(etag: object.etag, versionID: object.versionID)
            }
        } catch {
            if error.isTransient || error.kind == .cancelled { throw error }
        }
        throw refusal
    }
}
