/// An object as it is now.
package struct ObjectFacts: Hashable, Sendable {
    package var size: Int64
    package var etag: String?
    package var version: String?

    package init(size: Int64, etag: String?, version: String?) {
        self.size = size
        self.etag = etag
        self.version = version
    }
}

/// Where files come from and go to: S3, or folders.
///
/// A missing object is `input.not_found`, a version that is gone `input.version_gone`, both as ``Failure``.
package protocol ObjectStore: Sendable {
    /// What is there under a URI (`s3://…` or `file://…`), the latest version.
    func describe(_ uri: String) async throws -> ObjectFacts

    /// Copies exactly the arrival's version (else: the object with its etag; else: what is there) to a file at `path`,
    /// which appears whole or not at all.
    func download(_ arrival: Arrival, to path: String) async throws -> ObjectFacts

    /// Stores the file at `path` under a URI, over what may be there.
    func upload(_ path: String, to uri: String, contentType: String) async throws
}
