import HTTP

extension S3 {
    /// S3 `GetObject` into a file, which appears (or is replaced) once all of its bytes are there and verified.
    ///
    /// Objects above ``rangedThresholdBytes`` come in parallel ranges; where such a download ends early, by a kill or by
    /// a failure that may pass, what has come stays beside the file (`.partial`, `.ranges`) and the next call goes on
    /// with it. The bytes are compared with the object's checksum, or with its ETag where that is an MD5.
    ///
    /// - Parameters:
    ///   - maxBytes: a larger object fails with `tooLarge`.
    ///   - expectedSize: what the object's size was said to be; another one fails with `badResponse`. Without it S3 is
    ///     asked first whether the object is large.
    package func getObject(
        bucket: String, key: String, version: S3Version = .latest, to path: String, maxBytes: Int64,
        expectedSize: Int64? = nil
    ) async throws(AWSError) -> S3Object {
        let source = S3Source(bucket: bucket, key: key, version: version)
        guard expectedSize ?? .max > Self.rangedThresholdBytes, let head = try await headForRanges(source) else {
            return try await getWhole(source, path, maxBytes, expectedSize)
        }
        let object = S3Object(head)
        guard object.size > Self.rangedThresholdBytes, let etag = object.etag else {
            return try await getWhole(source, path, maxBytes, expectedSize)
        }
        guard object.size <= maxBytes else {
            throw AWSError(
                .tooLarge, service: AWSService.s3.name, action: "GetObject",
                message: "s3 GetObject on \(source) failed: it has \(object.size) bytes, more than \(maxBytes).")
        }
        guard expectedSize ?? object.size == object.size else {
            throw .badResponse(
                .s3, "GetObject", "\(source) has \(object.size) bytes; expected were \(expectedSize ?? 0)")
        }
        let download = RangedDownload(
            s3: self, source: source, object: object, etag: etag,
            checksum: ObjectChecksum(head.headers, bucket: bucket), path: path)
        try await download.run()
        return object
    }

    /// Nil where the object cannot be described; asking for the object itself then tells why.
    private func headForRanges(_ source: S3Source) async throws(AWSError) -> HTTPResponse? {
        do throws(AWSError) {
            return try await head(bucket: source.bucket, key: source.key, version: source.version)
        } catch {
            if error.isTransient || error.kind == .cancelled { throw error }
            return nil
        }
    }

    private func getWhole(
        _ source: S3Source, _ path: String, _ maxBytes: Int64, _ expectedSize: Int64?
    ) async throws(AWSError) -> S3Object {
        let action = "GetObject"
        var call = try call(action, "GET", bucket: source.bucket, key: source.key)
        source.version.apply(to: &call)
        askForChecksum(&call)
        call.limits.whole = nil
        let partial = path + ".partial"
        let descriptor: Int32
        switch LocalFile.create(partial) {
        case .success(let opened): descriptor = opened
        case .failure(let failure): throw .file(.s3, action, path, "it cannot be made: \(failure.reason)")
        }
        let arriving = ArrivingChecksum { ObjectChecksum($0, bucket: source.bucket)?.crcOfWhole }
        call.destination = AWSCall.Destination(descriptor: descriptor, maxBytes: maxBytes, checksum: arriving)
        let result: Result<HTTPResponse, AWSError>
        do throws(AWSError) {
            let response = try await client.perform(call)
            try checkLength(response, call, expectedSize)
            result = .success(response)
        } catch {
            result = .failure(error)
        }
        // a file system over a network may refuse the bytes only now
        let isKept = LocalFile.shut(descriptor)
        do throws(AWSError) {
            let response = try result.get()
            guard isKept else { throw .file(.s3, action, path, "it cannot be closed") }
            if let checksum = ObjectChecksum(response.headers, bucket: source.bucket) {
                try await verify(
                    partial, response.bytesWritten, checksum, source,
                    arrived: arriving.sum(ofBytes: response.bytesWritten))
            }
            try place(partial, path)
            return S3Object(response)
        } catch {
            LocalFile.remove(partial)
            throw error
        }
    }

    /// Gives a finished file its name.
    func place(_ partial: String, _ path: String) throws(AWSError) {
        if let failure = LocalFile.move(partial, to: path) {
            throw .file(.s3, "GetObject", path, "it cannot be put in its place: \(failure.reason)")
        }
    }

    /// S3 `GetObject` into memory, for small objects.
    package func getBytes(
        bucket: String, key: String, version: S3Version = .latest, maxBytes: Int
    ) async throws(AWSError) -> (object: S3Object, bytes: [UInt8]) {
        var call = try call("GetObject", "GET", bucket: bucket, key: key)
        version.apply(to: &call)
        askForChecksum(&call)
        call.limits.maxBodyBytes = maxBytes
        let response = try await client.perform(call)
        if let checksum = ObjectChecksum(response.headers, bucket: bucket), checksum.parts == nil,
            let running = RunningChecksum(checksum.algorithm)
        {
            response.body.withUnsafeBytes { running.update($0) }
            let bytes = running.finalize()
            guard checksum.matches(bytes) else { throw .corrupt(call.subject, checksum, found: bytes) }
        }
        return (S3Object(response), response.body)
    }

    private func checkLength(_ response: HTTPResponse, _ call: AWSCall, _ expectedSize: Int64?) throws(AWSError) {
        let written = response.bytesWritten
        let announced = response.headers["content-length"].flatMap { Int64($0) } ?? written
        guard written == announced, written == expectedSize ?? written else {
            throw .badResponse(
                .s3, call.action,
                "\(call.subject) has \(written) bytes; expected were \(expectedSize ?? announced)")
        }
    }
}

/// The object that is read.
struct S3Source: Sendable, CustomStringConvertible {
    let bucket: String
    let key: String
    let version: S3Version

    var description: String { "s3://\(bucket)/\(key)" }
}
