extension S3 {
    /// S3 `ListMultipartUploads` and `AbortMultipartUpload`: ends uploads in parts that nobody will complete.
    ///
    /// - Parameters:
    ///   - key: the very key whose uploads are meant; at most 1000 of them are looked at.
    ///   - olderThanSeconds: younger ones may still be running and stay.
    /// - Returns: how many were aborted.
    package func abortUploads(bucket: String, key: String, olderThanSeconds: Int64) async throws(AWSError) -> Int {
        var call = try call("ListMultipartUploads", "GET", bucket: bucket)
        call.query = [(name: "uploads", value: ""), (name: "prefix", value: key)]
        let root = try QueryBody.read(try await client.perform(call), of: call, root: "ListMultipartUploadsResult")
        var aborted = 0
        for upload in root.all("Upload") where upload.text("Key") == key {
            guard let id = upload.text("UploadId"), let began = upload.text("Initiated").flatMap(TimeText.iso8601),
                client.now() - began >= olderThanSeconds
            else { continue }
            try await abortUpload(bucket: bucket, key: key, id: id)
            aborted += 1
        }
        return aborted
    }

    /// S3 `AbortMultipartUpload`.
    func abortUpload(bucket: String, key: String, id: String) async throws(AWSError) {
        var call = try call("AbortMultipartUpload", "DELETE", bucket: bucket, key: key)
        call.query = [(name: "uploadId", value: id)]
        _ = try await client.perform(call)
    }
}
