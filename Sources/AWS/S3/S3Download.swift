import HTTP

extension S3 {
    /// S3 `GetObject` into a file, which is made or emptied first; on failure there is no file afterwards.
    ///
    /// - Parameters:
    ///   - maxBytes: a larger object fails with `tooLarge`.
    ///   - expectedSize: what the object's size was said to be; another one fails with `badResponse`.
    package func getObject(
        bucket: String, key: String, version: S3Version = .latest, to path: String, maxBytes: Int64,
        expectedSize: Int64? = nil
    ) async throws(AWSError) -> S3Object {
        let action = "GetObject"
        var call = try call(action, "GET", bucket: bucket, key: key)
        version.apply(to: &call)
        call.limits.whole = nil
        let descriptor: Int32
        switch LocalFile.create(path) {
        case .success(let opened): descriptor = opened
        case .failure(let failure): throw .file(.s3, action, path, "it cannot be made: \(failure.reason)")
        }
        call.destination = AWSCall.Destination(descriptor: descriptor, maxBytes: maxBytes)
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
        switch result {
        case .success(let response) where isKept: return S3Object(response)
        case .success:
            LocalFile.remove(path)
            throw .file(.s3, action, path, "it cannot be closed")
        case .failure(let error):
            LocalFile.remove(path)
            throw error
        }
    }

    /// S3 `GetObject` into memory, for small objects.
    package func getBytes(
        bucket: String, key: String, version: S3Version = .latest, maxBytes: Int
    ) async throws(AWSError) -> (object: S3Object, bytes: [UInt8]) {
        var call = try call("GetObject", "GET", bucket: bucket, key: key)
        version.apply(to: &call)
        call.limits.maxBodyBytes = maxBytes
        let response = try await client.perform(call)
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
