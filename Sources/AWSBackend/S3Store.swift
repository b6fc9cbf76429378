import AWS
import Jobs

/// Objects in S3, by `s3://bucket/key` URIs.
package struct S3Store: ObjectStore {
    /// The largest object that is downloaded, in bytes: S3's own limit.
    static let maxObjectBytes: Int64 = 50_000_000_000_000

    private let s3: S3

    package init(s3: S3) {
        self.s3 = s3
    }

    package func describe(_ uri: String) async throws -> ObjectFacts {
        let location = try Self.source(uri)
        do {
            return Self.facts(try await s3.headObject(bucket: location.bucket, key: location.key))
        } catch {
            throw Self.inputFailure(error, location, version: .latest)
        }
    }

    /// The version id where the event told one, else only while the etag holds, else what is there.
    package func download(_ arrival: Arrival, to path: String) async throws -> ObjectFacts {
        let location = try Self.source(arrival.source)
        do {
            return try await download(location, arrival, to: path)
        } catch let failure as Failure where failure.code == "input.not_found" {
            // Whether EventBridge encodes keys is not settled: verbatim first, decoded only when that is not there.
            guard let decoded = location.formDecoded else { throw failure }
            do {
                return try await download(decoded, arrival, to: path)
            } catch let second as Failure where second.code == "input.not_found" {
                throw failure
            }
        }
    }

    package func upload(_ path: String, to uri: String, contentType: String) async throws {
        guard let location = S3Location(uri) else {
            throw Failure(.permanent, "output.bad_uri", "\(uri) is no place for an object: expected s3://bucket/key.")
        }
        _ = try await s3.putObject(
            bucket: location.bucket, key: location.key, body: .file(path: path), contentType: contentType)
    }

    private func download(_ location: S3Location, _ arrival: Arrival, to path: String) async throws -> ObjectFacts {
        let version = Self.version(arrival)
        do {
            let object = try await s3.getObject(
                bucket: location.bucket, key: location.key, version: version,
                to: DownloadedFile.temporaryPath(of: path), maxBytes: Self.maxObjectBytes,
                expectedSize: version == .latest ? nil : arrival.size)
            try DownloadedFile.place(path)
            return Self.facts(object)
        } catch let error as AWSError {
            throw Self.inputFailure(error, location, version: version)
        }
    }

    private static func source(_ uri: String) throws(Failure) -> S3Location {
        guard let location = S3Location(uri) else {
            throw Failure(.badInput, "input.bad_uri", "\(uri) names no object: expected s3://bucket/key.")
        }
        return location
    }

    /// "null" is how S3 calls the version of an object in a bucket that keeps none: it pins nothing.
    private static func version(_ arrival: Arrival) -> S3Version {
        if let id = arrival.version, !id.isEmpty, id != "null" { return .id(id) }
        if let etag = arrival.etag, !etag.isEmpty { return .etag(etag) }
        return .latest
    }

    private static func facts(_ object: S3Object) -> ObjectFacts {
        ObjectFacts(size: object.size, etag: object.etag, version: object.versionID)
    }

    /// What the error says about the input; any other error as it is.
    private static func inputFailure(_ error: AWSError, _ location: S3Location, version: S3Version) -> any Error {
        switch (error.kind, error.awsCode) {
        case (.preconditionFailed, _), (_, "NoSuchVersion"):
            return gone(location, version)
        case (_, "InvalidArgument"), (_, "MethodNotAllowed"):
            // S3's answers to a version id that it never gave out, and to one that marks a deletion.
            guard case .id = version else { return error }
            return gone(location, version)
        case (.notFound, "NoSuchBucket"):
            return Failure(
                .badInput, "input.not_found", "\(location) is not there: there is no bucket \(location.bucket).")
        case (.notFound, _):
            return Failure(
                .badInput, "input.not_found", "\(location) is not there. Was it deleted after its event was sent?")
        default:
            return error
        }
    }

    private static func gone(_ location: S3Location, _ version: S3Version) -> Failure {
        let expected =
            switch version {
            case .latest: "the latest version"
            case .id(let id): "version \(id)"
            case .etag(let etag): "etag \(etag)"
            }
        return Failure(
            .badInput, "input.version_gone",
            "\(location) no longer has \(expected), which its event names. A newer version has an event of its own.")
    }
}
