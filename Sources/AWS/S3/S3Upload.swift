import HTTP
import SigV4

/// What is uploaded.
package enum S3Body: Sendable {
    case bytes([UInt8])
    /// A file that must not change meanwhile.
    case file(path: String)
}

/// What S3 says of an object that it has taken.
package struct S3Written: Hashable, Sendable {
    /// Without its quotes.
    package var etag: String?
    package var versionID: String?
}

extension S3 {
    /// Larger files go up in parts.
    package static let multipartThresholdBytes: Int64 = 64 << 20
    static let partSizeBytes: Int64 = 16 << 20
    /// S3's own limits (user guide, "Amazon S3 multipart upload limits").
    static let maxParts: Int64 = 10_000
    static let maxObjectBytes: Int64 = 50 << 40

    /// S3 `PutObject`, or a multipart upload for files above 64 MB; either the whole object is there afterwards or none.
    ///
    /// S3 gets a checksum with the bytes and refuses others.
    ///
    /// - Parameters:
    ///   - metadata: user metadata; names and values in ASCII.
    ///   - onlyIfAbsent: fail with `preconditionFailed` where the key exists already. The object then has the metadata
    ///     `landfall-write`, by which a writer whose answer was lost knows its own.
    package func putObject(
        bucket: String, key: String, body: S3Body, contentType: String = "application/octet-stream",
        metadata: [String: String] = [:], onlyIfAbsent: Bool = false
    ) async throws(AWSError) -> S3Written {
        var headers = [(name: "Content-Type", value: contentType)]
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            headers.append((name: "x-amz-meta-\(name)", value: value))
        }
        headers += encryption?.headers ?? []
        let mark = onlyIfAbsent ? client.mark() : nil
        if let mark { headers.append((name: "x-amz-meta-\(S3Trace.markName)", value: mark)) }
        let size = try size(of: body, "PutObject")
        if case .file(let path) = body, size > Self.multipartThresholdBytes {
            return try await putInParts(
                bucket: bucket, key: key, path: path, size: size, headers: headers, mark: mark)
        }
        var call = try call("PutObject", "PUT", bucket: bucket, key: key)
        call.headers += headers
        if onlyIfAbsent { call.headers.append((name: "If-None-Match", value: "*")) }
        if case .file(let path) = body, sendsTrailers(call) {
            setTrailedBody(path, size, &call)
        } else {
            _ = try setBody(body, range: 0..<size, &call, checksum: checksumToSend)
        }
        let response: HTTPResponse
        do throws(AWSError) {
            response = try await client.perform(call)
        } catch {
            guard let mark else { throw error }
            return try await written(bucket, key, S3Trace(mark: mark, size: size), orElse: error)
        }
        return S3Written(etag: response.headers["etag"].map(unquoted), versionID: response.headers.version)
    }

    /// Nil where the settings say that uploads go without.
    var checksumToSend: ChecksumAlgorithm? {
        client.configuration.sendsChecksums && uploadChecksum != .md5 ? uploadChecksum : nil
    }

    private func size(of body: S3Body, _ action: String) throws(AWSError) -> Int64 {
        switch body {
        case .bytes(let bytes): return Int64(bytes.count)
        case .file(let path):
            switch LocalFile.size(path) {
            case .success(let size): return size
            case .failure(let failure): throw .file(.s3, action, path, failure.reason)
            }
        }
    }

    /// AWS's own S3 takes checksums behind the body; of other stores behind TLS not all do.
    private func sendsTrailers(_ call: AWSCall) -> Bool {
        checksumToSend != nil && call.endpoint.isSecure && !call.endpoint.isCustom
    }

    /// The file is read once, while it goes out; its checksum follows.
    ///
    /// Source: S3 API reference, "Signature calculations: trailing checksums".
    func setTrailedBody(_ path: String, _ size: Int64, _ call: inout AWSCall) {
        let algorithm = uploadChecksum
        let trailer = HTTPTrailer(name: algorithm.header, valueBytes: (algorithm.byteCount + 2) / 3 * 4) {
            let running = RunningChecksum(algorithm)
            return HTTPTrailer.Running(
                update: { running?.update($0) }, value: { JSONBody.base64(running?.finalize() ?? []) })
        }
        call.limits.firstByte = Self.uploadFirstByte
        call.limits.whole = nil
        call.body = .trailedFile(path: path, range: 0..<size, trailer)
        call.payloadHash = SigningRequest.unsignedPayloadWithTrailer
        call.headers += [
            (name: "Content-Encoding", value: "aws-chunked"),
            (name: "x-amz-decoded-content-length", value: String(size)),
            (name: "x-amz-trailer", value: algorithm.header),
            (name: "x-amz-sdk-checksum-algorithm", value: algorithm.rawValue),
        ]
    }

    /// Sets the body, and its checksum as a header where one is to be sent; gives the checksum's bytes.
    ///
    /// A file's bytes are hashed for the signature only where no TLS protects them.
    func setBody(
        _ body: S3Body, range: Range<Int64>, _ call: inout AWSCall, checksum: ChecksumAlgorithm? = nil
    ) throws(AWSError) -> [UInt8] {
        call.limits.firstByte = Self.uploadFirstByte
        call.limits.whole = nil
        let running = checksum.flatMap(RunningChecksum.init)
        switch body {
        case .bytes(let bytes):
            call.body = .bytes(bytes)
            call.payloadHash = SHA256.hexadecimal(bytes)
            if let running { bytes.withUnsafeBytes { running.update($0) } }
        case .file(let path):
            call.body = .file(path: path, range: range)
            let hasher = call.endpoint.isSecure ? nil : SHA256()
            if running != nil || hasher != nil {
                let failure = LocalFile.read(path, range: range) { piece in
                    running?.update(piece)
                    hasher?.update(piece)
                }
                if let failure { throw .file(.s3, call.action, path, failure) }
            }
            call.payloadHash = hasher?.finalizeHexadecimal() ?? SigningRequest.unsignedPayload
        }
        guard let checksum, let running else { return [] }
        let bytes = running.finalize()
        call.headers += [
            (name: checksum.header, value: JSONBody.base64(bytes)),
            (name: "x-amz-sdk-checksum-algorithm", value: checksum.rawValue),
        ]
        return bytes
    }
}
