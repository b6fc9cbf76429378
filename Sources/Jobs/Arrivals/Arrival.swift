/// One version of one object: what has landed.
package struct Arrival: Hashable, Sendable, Codable {
    /// The bucket, or `landing` for the local backend's folder; what a pipeline's `match.bucket` is held against.
    package var bucket: String
    /// The object's key, decoded; for a local file its path below `landing/`.
    package var key: String
    /// The S3 version id; for a local file what its size and time of change say. Nil in an unversioned bucket.
    package var version: String?
    /// The entity tag without quotes.
    package var etag: String?
    /// In bytes, where the event told it.
    package var size: Int64?
    /// Orders the events of one key (S3 user guide, "Event message structure"); nil where the event has none.
    package var sequencer: String?
    /// Where the object is: `s3://bucket/key` or `file:///path`.
    package var source: String

    package init(
        bucket: String, key: String, version: String? = nil, etag: String? = nil, size: Int64? = nil,
        sequencer: String? = nil, source: String? = nil
    ) {
        self.bucket = bucket
        self.key = key
        self.version = version
        self.etag = etag
        self.size = size
        self.sequencer = sequencer
        self.source = source ?? "s3://\(bucket)/\(key)"
    }

    /// The last part of the key.
    package var fileName: String {
        key.split(separator: "/").last.map(String.init) ?? key
    }

    /// What tells this version from another of the same key: the version id, else the etag.
    package var identity: String { version ?? etag ?? "" }
}
