import HTTP
import SigV4

extension S3 {
    /// S3 `CreateMultipartUpload`, `UploadPart`, `CompleteMultipartUpload`; `AbortMultipartUpload` on any failure.
    func putInParts(
        bucket: String, key: String, path: String, size: Int64, headers: [(name: String, value: String)],
        onlyIfAbsent: Bool
    ) async throws(AWSError) -> S3Written {
        let upload = MultipartUpload(s3: self, bucket: bucket, key: key, id: try await begin(bucket, key, headers))
        do throws(AWSError) {
            var etags: [String] = []
            for range in Self.parts(of: size) {
                etags.append(try await upload.send(path: path, range: range, number: etags.count + 1))
            }
            return try await upload.complete(etags: etags, onlyIfAbsent: onlyIfAbsent)
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
        call.headers = headers
        let root = try QueryBody.read(try await client.perform(call), of: call)
        guard let id = root.text("UploadId"), !id.isEmpty else {
            throw .badResponse(.s3, call.action, "it holds no UploadId")
        }
        return id
    }
}

/// An upload in parts that has begun.
private struct MultipartUpload: Sendable {
    let s3: S3
    let bucket: String
    let key: String
    let id: String

    /// Sends one part; gives its ETag as S3 wrote it.
    func send(path: String, range: Range<Int64>, number: Int) async throws(AWSError) -> String {
        var call = try s3.call("UploadPart", "PUT", bucket: bucket, key: key)
        call.query = [(name: "partNumber", value: String(number)), (name: "uploadId", value: id)]
        try s3.setBody(.file(path: path), range: range, &call)
        guard let etag = try await s3.client.perform(call).headers["etag"] else {
            throw .badResponse(.s3, call.action, "it holds no ETag")
        }
        return etag
    }

    func complete(etags: [String], onlyIfAbsent: Bool) async throws(AWSError) -> S3Written {
        var call = try s3.call("CompleteMultipartUpload", "POST", bucket: bucket, key: key)
        call.query = [(name: "uploadId", value: id)]
        call.headers = [(name: "Content-Type", value: "application/xml")]
        if onlyIfAbsent { call.headers.append((name: "If-None-Match", value: "*")) }
        call.mayFailWithSuccessStatus = true
        var xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for (index, etag) in etags.enumerated() {
            xml += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(escapedXML(etag))</ETag></Part>"
        }
        xml += "</CompleteMultipartUpload>"
        try s3.setBody(.bytes(Array(xml.utf8)), range: 0..<0, &call)
        let response = try await s3.client.perform(call)
        let root = try QueryBody.read(response, of: call)
        return S3Written(etag: root.text("ETag").map(unquoted), versionID: response.headers.version)
    }

    /// A failure is not told: the bucket's life cycle rule is there for what is left behind.
    func abort() async {
        guard var call = try? s3.call("AbortMultipartUpload", "DELETE", bucket: bucket, key: key) else { return }
        call.query = [(name: "uploadId", value: id)]
        _ = try? await s3.client.perform(call)
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
