import HTTP
import SigV4

extension S3 {
    static let maxConcurrentParts = 4
    /// Uploads of the same key that began longer ago have been left behind by a process that died.
    static let abandonedAfterSeconds: Int64 = 24 * 3600

    /// S3 `CreateMultipartUpload`, `UploadPart` in parallel, `CompleteMultipartUpload`; `AbortMultipartUpload` on any
    /// failure. Uploads of the same key that were abandoned are aborted first, where we may.
    ///
    /// - Parameter mark: for an upload that must find no object: what its metadata is known by.
    func putInParts(
        bucket: String, key: String, path: String, size: Int64, headers: [(name: String, value: String)],
        mark: String? = nil
    ) async throws(AWSError) -> S3Written {
        _ = try? await abortUploads(bucket: bucket, key: key, olderThanSeconds: Self.abandonedAfterSeconds)
        let upload = MultipartUpload(
            s3: self, bucket: bucket, key: key, id: try await begin(bucket, key, headers), checksum: checksumToSend)
        do throws(AWSError) {
            let parts = try await upload.send(path: path, ranges: Self.parts(of: size))
            return try await upload.complete(parts, size: size, mark: mark)
        } catch {
            // not in this task, which may have been cancelled
            await Task { await upload.abort() }.value
            throw error
        }
    }

    /// Ranges of equal size but for the last, few enough for S3.
    static func parts(of size: Int64) -> [Range<Int64>] {
        let least = (size + maxParts - 1) / maxParts
        let partSize = max(partSizeBytes, least)
        return stride(from: 0, to: size, by: Int64.Stride(partSize)).map { $0..<min($0 + partSize, size) }
    }

    private func begin(
        _ bucket: String, _ key: String, _ headers: [(name: String, value: String)]
    ) async throws(AWSError) -> String {
        var call = try call("CreateMultipartUpload", "POST", bucket: bucket, key: key)
        call.query = [(name: "uploads", value: "")]
        call.headers += headers
        if let algorithm = checksumToSend {
            call.headers += [
                (name: "x-amz-checksum-algorithm", value: algorithm.rawValue),
                (name: "x-amz-checksum-type", value: algorithm.crc == nil ? "COMPOSITE" : "FULL_OBJECT"),
            ]
        }
        let root = try QueryBody.read(try await client.perform(call), of: call)
        guard let id = root.text("UploadId"), !id.isEmpty else {
            throw .badResponse(.s3, call.action, "it holds no UploadId")
        }
        return id
    }
}

/// A part that S3 has taken.
struct UploadedPart: Sendable {
    let number: Int
    let bytes: Int64
    /// As S3 wrote it.
    let etag: String
    /// Empty where none was sent.
    let checksum: [UInt8]
}

/// An upload in parts that has begun.
private struct MultipartUpload: Sendable {
    let s3: S3
    let bucket: String
    let key: String
    let id: String
    let checksum: ChecksumAlgorithm?

    /// Sends all parts, a few at a time; the first failure cancels the others.
    func send(path: String, ranges: [Range<Int64>]) async throws(AWSError) -> [UploadedPart] {
        let result = await withTaskGroup(of: Result<UploadedPart, AWSError>.self) { group in
            var waiting = ranges.enumerated().makeIterator()
            func beginNext() {
                guard let (index, range) = waiting.next() else { return }
                group.addTask {
                    do throws(AWSError) {
                        return .success(try await send(path: path, range: range, number: index + 1))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for _ in 0..<S3.maxConcurrentParts { beginNext() }
            var parts: [UploadedPart] = []
            var failure: AWSError?
            for await result in group {
                switch result {
                case .success(let part):
                    parts.append(part)
                    if failure == nil { beginNext() }
                case .failure(let error):
                    if failure == nil { group.cancelAll() }
                    failure = failure ?? error
                }
            }
            return failure.map { Result<[UploadedPart], AWSError>.failure($0) } ?? .success(parts)
        }
        return try result.get().sorted { $0.number < $1.number }
    }

    private func send(path: String, range: Range<Int64>, number: Int) async throws(AWSError) -> UploadedPart {
        var call = try s3.call("UploadPart", "PUT", bucket: bucket, key: key)
        call.query = [(name: "partNumber", value: String(number)), (name: "uploadId", value: id)]
        let sum = try s3.setBody(.file(path: path), range: range, &call, checksum: checksum)
        guard let etag = try await s3.client.perform(call).headers["etag"] else {
            throw .badResponse(.s3, call.action, "it holds no ETag")
        }
        return UploadedPart(
            number: number, bytes: range.upperBound - range.lowerBound, etag: etag, checksum: sum)
    }

    func complete(_ parts: [UploadedPart], size: Int64, mark: String?) async throws(AWSError) -> S3Written {
        var call = try s3.call("CompleteMultipartUpload", "POST", bucket: bucket, key: key)
        call.query = [(name: "uploadId", value: id)]
        call.headers.append((name: "Content-Type", value: "application/xml"))
        if mark != nil { call.headers.append((name: "If-None-Match", value: "*")) }
        call.mayFailWithSuccessStatus = true
        var xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for part in parts {
            xml += "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(escapedXML(part.etag))</ETag>"
            if let checksum {
                xml += "<\(checksum.element)>\(JSONBody.base64(part.checksum))</\(checksum.element)>"
            }
            xml += "</Part>"
        }
        xml += "</CompleteMultipartUpload>"
        _ = try s3.setBody(.bytes(Array(xml.utf8)), range: 0..<0, &call)
        var trace = S3Trace(mark: mark, size: size, etag: S3Trace.etag(ofParts: parts.map(\.etag)))
        if let checksum {
            call.headers += [
                (name: "x-amz-checksum-type", value: checksum.crc == nil ? "COMPOSITE" : "FULL_OBJECT"),
                (name: "x-amz-mp-object-size", value: String(size)),
            ]
            if let whole = whole(parts, checksum) {
                call.headers.append((name: checksum.header, value: whole))
                trace.checksum = (name: checksum.header, value: whole)
            }
        }
        let response: HTTPResponse
        do throws(AWSError) {
            response = try await s3.client.perform(call)
        } catch {
            return try await s3.written(bucket, key, trace, orElse: error)
        }
        let root = try QueryBody.read(response, of: call)
        guard let etag = root.text("ETag") else { throw .badResponse(.s3, call.action, "it holds no ETag") }
        return S3Written(etag: unquoted(etag), versionID: response.headers.version)
    }

    /// The checksum of the whole object, from those of its parts; nil where it does not combine.
    private func whole(_ parts: [UploadedPart], _ algorithm: ChecksumAlgorithm) -> String? {
        guard let crc = algorithm.crc else { return nil }
        let total = parts.reduce(UInt64(0)) { crc.combined($0, sum(of: $1.checksum), secondBytes: $1.bytes) }
        return JSONBody.base64(bytes(of: total, width: crc.width))
    }

    /// A failure is not told: the bucket's life cycle rule is there for what is left behind.
    func abort() async {
        try? await s3.abortUpload(bucket: bucket, key: key, id: id)
    }
}

/// Text as it stands inside an XML element.
func escapedXML(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
