/// Why a call to AWS did not do what was asked of it.
package struct AWSError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, as far as callers decide by it; the raw value is the stable dotted code.
    package enum Kind: String, Sendable, CaseIterable {
        case accessDenied = "aws.access_denied"
        /// A bucket, key, version, queue, table, secret … that is not there.
        case notFound = "aws.not_found"
        case throttled = "aws.throttled"
        /// The service failed on its side.
        case unavailable = "aws.unavailable"
        /// DynamoDB: the item did not meet the condition.
        case conditionFailed = "aws.condition_failed"
        /// S3: the object is not (or no longer) the one that was meant.
        case preconditionFailed = "aws.precondition_failed"
        /// Somebody else is changing the same thing.
        case conflict = "aws.conflict"
        case invalidRequest = "aws.invalid_request"
        /// None found, expired, or refused.
        case credentials = "aws.credentials"
        /// Region, endpoint or another setting is missing or wrong.
        case settings = "aws.settings"
        /// Network, name look-up, TLS or proxy.
        case connection = "aws.connection"
        case timeout = "aws.timeout"
        /// The answer could not be understood or is not as long as it should be.
        case badResponse = "aws.bad_response"
        case tooLarge = "aws.too_large"
        /// The local file of a transfer cannot be read or written.
        case file = "aws.file"
        /// The calling task was cancelled.
        case cancelled = "aws.cancelled"
        case failed = "aws.failed"
    }

    package var kind: Kind
    /// The service's name: `s3`, `sqs`, `dynamodb` …
    package var service: String
    /// The API action: `GetObject`, `ReceiveMessage` …
    package var action: String
    /// One or two sentences: what failed, on what, and what AWS said.
    package var message: String
    /// AWS's own code, such as `NoSuchKey`.
    package var awsCode: String?
    /// What AWS's support asks for; S3 has a second one, the host's.
    package var requestID: String?
    package var hostID: String?
    package var status: Int?
    /// Whether trying again later can help.
    package var isTransient: Bool
    /// DynamoDB: the item that did not meet the condition; nil when there is none.
    package var conditionItem: [String: AttributeValue]?
    /// S3: the region that the bucket is in, where the call went to another one.
    var bucketRegion: String?
    /// How long the service asks to be left alone.
    var retryAfter: Duration?
    /// The service's clock when it refused, in Unix seconds.
    var serverTime: Int64?

    package init(
        _ kind: Kind, service: String, action: String, message: String, awsCode: String? = nil,
        requestID: String? = nil,
        status: Int? = nil, isTransient: Bool = false
    ) {
        self.kind = kind
        self.service = service
        self.action = action
        self.message = message
        self.awsCode = awsCode
        self.requestID = requestID
        self.status = status
        self.isTransient = isTransient
    }

    /// Stable and dotted, such as `aws.access_denied`.
    package var code: String { kind.rawValue }
    /// For logs: with the ids of the request.
    package var description: String {
        let ids = [requestID.map { "request \($0)" }, hostID.map { "host id \($0)" }].compactMap(\.self)
        return "\(code): \(message)" + (ids.isEmpty ? "" : " (\(ids.joined(separator: ", ")))")
    }
}

extension AWSError {
    static func settings(_ message: String) -> AWSError {
        AWSError(.settings, service: "aws", action: "Configure", message: message)
    }

    static func invalid(_ service: AWSService, _ action: String, _ reason: String) -> AWSError {
        AWSError(
            .invalidRequest, service: service.name, action: action, message: "\(service.name) \(action): \(reason).")
    }

    static func badResponse(_ service: AWSService, _ action: String, _ reason: String) -> AWSError {
        AWSError(
            .badResponse, service: service.name, action: action,
            message: "\(service.name) \(action): the answer cannot be used: \(reason).")
    }

    static func file(_ service: AWSService, _ action: String, _ path: String, _ reason: String) -> AWSError {
        AWSError(
            .file, service: service.name, action: action, message: "\(service.name) \(action): \(path): \(reason).")
    }

    static func file(_ service: AWSService, _ action: String, _ path: String, _ failure: LocalFile.Failure) -> AWSError {
        failure.isCancellation ? .cancelled(service, action) : .file(service, action, path, failure.reason)
    }

    static func cancelled(_ service: AWSService, _ action: String) -> AWSError {
        AWSError(
            .cancelled, service: service.name, action: action, message: "\(service.name) \(action) was cancelled.")
    }
}
