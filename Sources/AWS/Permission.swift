/// Which IAM permission an API action needs, for the error that says it is missing.
///
/// Source: Service Authorization Reference, the services' pages "Actions, resources, and condition keys".
enum Permission {
    /// Actions that are called otherwise in policies; all others are called just what the API calls them.
    private static let others: [String: String] = [
        "HeadObject": "GetObject", "HeadBucket": "ListBucket", "ListObjectsV2": "ListBucket",
        "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject", "CompleteMultipartUpload": "PutObject",
        "CopyObject": "PutObject", "ListMultipartUploads": "ListBucketMultipartUploads",
        "DeleteMessageBatch": "DeleteMessage", "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    ]
    /// Actions on one version of an object have permissions of their own.
    private static let ofVersions: Set<String> = ["GetObject", "DeleteObject"]

    static func name(for call: AWSCall) -> String {
        var name = others[call.action] ?? call.action
        let isVersion = call.query.contains { $0.name == "versionId" }
        if isVersion, ofVersions.contains(name) { name += "Version" }
        return "\(call.service.signingName):\(name)"
    }

    static func sentence(for call: AWSCall) -> String {
        let name = name(for: call)
        var text = "The identity in use needs permission for this action on this resource: \(name)."
        if call.service == .s3, name.hasPrefix("s3:GetObject") {
            text += " Without s3:ListBucket a key that is not there is refused in the same way."
        }
        return text
    }
}
