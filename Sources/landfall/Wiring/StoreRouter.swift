import Jobs

/// Sends each URI to the store of its scheme: `file://` to folders, `s3://` to S3.
struct StoreRouter: ObjectStore {
    let files: any ObjectStore
    /// Nil where the process has no AWS client.
    let s3: (any ObjectStore)?

    private func store(for uri: String) throws(Failure) -> any ObjectStore {
        guard uri.hasPrefix("s3://") else { return files }
        guard let s3 else {
            throw Failure(.permanent, "settings.no_aws", "\(uri) is in S3, but no AWS client could be made: set AWS_REGION.")
        }
        return s3
    }

    func describe(_ uri: String) async throws -> ObjectFacts {
        try await store(for: uri).describe(uri)
    }

    func download(_ arrival: Arrival, to path: String) async throws -> ObjectFacts {
        try await store(for: arrival.source).download(arrival, to: path)
    }

    func upload(_ path: String, to uri: String, contentType: String) async throws {
        try await store(for: uri).upload(path, to: uri, contentType: contentType)
    }
}
