// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import HTTP

/// What an answer with a bad status says went wrong, before we put it into our own words.
struct WireError: Hashable {
    var code: String?
    var message: String?
    var requestID: String?
    var conditionItem: [String: AttributeValue]?
    /// S3: where the bucket is.
    var region: String?

    init(_ response: HTTPResponse, format: AWSService.ErrorFormat) {
        // what stands before a service of JSON may refuse in XML
        if format == .json, response.body.first != UInt8(ascii: "<") { readJSON(response) } else { readXML(response) }
        requestID =
            requestID ?? response.headers["x-amzn-requestid"] ?? response.headers["x-amz-request-id"]
    }

    private struct JSONError: Decodable {
        var __type: String?
        var code: String?
        var message: String?
        var Message: String?
        var Item: [String: AttributeValue]?
        var CancellationReasons: [CancellationReason]?
    }

    /// Why one write of a DynamoDB transaction did not go through; `None` for those that would have.
    private struct CancellationReason: Decodable {
        var Code: String?
        var Message: String?
        var Item: [String: AttributeValue]?
    }

    /// Source: Smithy's AWS JSON 1.0 protocol, "Operation error serialization".
    private mutating func readJSON(_ response: HTTPResponse) {
        let body = try? JSONBody.decode(JSONError.self, response.body)
        let text = response.headers["x-amzn-errortype"] ?? body?.__type ?? body?.code
        // namespace#Code:http://…
        code = text.map { String($0.prefix { $0 != ":" }.split(separator: "#").last ?? "") }
        message = body?.message ?? body?.Message
        conditionItem = body?.Item
        if code == "TransactionCanceledException" { readCancellation(body?.CancellationReasons ?? []) }
    }

    /// The first write that failed speaks for the transaction; a condition comes before a mere conflict.
    private mutating func readCancellation(_ reasons: [CancellationReason]) {
        let failed = reasons.enumerated().filter { $0.element.Code ?? "None" != "None" }
        guard let first = failed.first(where: { $0.element.Code == "ConditionalCheckFailed" }) ?? failed.first else {
            return
        }
        let names = [
            "ConditionalCheckFailed": "ConditionalCheckFailedException",
            "TransactionConflict": "TransactionConflictException",
            "ProvisionedThroughputExceeded": "ProvisionedThroughputExceededException",
            "ThrottlingError": "ThrottlingException", "ValidationError": "ValidationException",
            "ItemCollectionSizeLimitExceeded": "ItemCollectionSizeLimitExceededException",
        ]
        let reason = first.element.Code ?? ""
        code = names[reason] ?? reason
        message = "write \(first.offset + 1) of \(reasons.count): \(first.element.Message ?? reason)"
        conditionItem = first.element.Item
    }

    /// `<Error><Code/><Message/></Error>`, alone (S3) or inside an `<ErrorResponse>` (query protocol).
    private mutating func readXML(_ response: HTTPResponse) {
        guard let root = try? XMLReader.read(response.body) else { return }
        let error = root.name == "Error" ? root : root["Error"] ?? root["Errors"]?["Error"]
        guard let error else { return }
        code = error.text("Code")
        message = error.text("Message")
        region = error.text("Region")
        requestID = root.text("RequestId") ?? root.text("RequestID") ?? error.text("RequestId")
    }
}

extension AWSError {
    /// AWS's codes by what they mean for us; one that is not listed is judged by its HTTP status.
    ///
    /// Source: botocore's `_retry.json` and the services' own lists of common errors.
    static let kinds: [String: Kind] = {
        let lists: [(Kind, [String])] = [
            (
                .accessDenied,
                [
                    "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException",
                    "UnauthorizedOperation", "NotAuthorized", "AllAccessDisabled", "KMSAccessDeniedException",
                    "KMSAccessDenied", "OptInRequired",
                ]
            ),
            (
                .credentials,
                [
                    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
                    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature",
                    "MissingAuthenticationToken", "MissingAuthenticationTokenException", "InvalidToken",
                    "TokenRefreshRequired", "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture",
                    "AuthFailure", "InvalidIdentityToken", "IncompleteSignatureException",
                ]
            ),
            (
                .notFound,
                [
                    "NoSuchKey", "NoSuchBucket", "NoSuchVersion", "NoSuchUpload", "NotFound", "NotFoundException",
                    "ResourceNotFoundException", "ResourceNotFound", "QueueDoesNotExist",
                    "AWS.SimpleQueueService.NonExistentQueue", "TableNotFoundException",
                ]
            ),
            (
                .throttled,
                [
                    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
                    "RequestThrottled", "TooManyRequestsException", "ProvisionedThroughputExceededException",
                    "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
                    "LimitExceededException", "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException",
                    "KMSThrottledException",
                ]
            ),
            (
                .unavailable,
                [
                    "InternalError", "InternalFailure", "InternalServerError", "InternalServerException",
                    "ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException",
                    "IDPCommunicationError", "InternalServiceError", "InternalErrorException",
                ]
            ),
            (.conditionFailed, ["ConditionalCheckFailedException"]),
            // Step Functions: nobody waits for the token any more
            (.notFound, ["TaskDoesNotExist", "TaskTimedOut", "ActivityDoesNotExist", "NoSuchEntity"]),
            (.preconditionFailed, ["PreconditionFailed", "NotModified"]),
            (
                .conflict,
                [
                    "OperationAborted", "ConditionalRequestConflict", "TransactionConflictException",
                    "TransactionCanceledException", "ResourceInUseException", "ConcurrentAccess",
                    "ConcurrentModificationException",
                ]
            ),
            (.tooLarge, ["EntityTooLarge", "BatchRequestTooLong", "ItemCollectionSizeLimitExceededException"]),
            (.settings, ["PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"]),
        ]
        var kinds: [String: Kind] = [:]
        for (kind, codes) in lists { for code in codes { kinds[code] = kind } }
        return kinds
    }()

    /// Conflicts that AWS itself says to try again.
    private static let transientConflicts: Set<String> = [
        "OperationAborted", "ConditionalRequestConflict", "TransactionConflictException", "ConcurrentAccess",
    ]

    static func kind(code: String?, status: Int) -> Kind {
        if let code, let kind = kinds[code] { return kind }
        switch status {
        case 401, 403: return .accessDenied
        case 404, 410: return .notFound
        case 304, 412: return .preconditionFailed
        case 409: return .conflict
        case 413: return .tooLarge
        case 429: return .throttled
        case 408, 500...599: return .unavailable
        case 300...399: return .settings
        case 400...499: return .invalidRequest
        default: return .failed
        }
    }

    /// Puts an answer that is an error into our words.
    init(_ response: HTTPResponse, to call: AWSCall) {
        let wire = WireError(response, format: call.service.errorFormat)
        var kind = Self.kind(code: wire.code, status: response.status)
        // S3: the newest version is a delete marker, or a delete marker was asked for
        if response.headers["x-amz-delete-marker"] == "true" { kind = .notFound }
        // elsewhere that is a session token, here a task's
        if call.service == .stepFunctions, wire.code == "InvalidToken" { kind = .notFound }
        let said = [wire.code, wire.message].compactMap(\.self).joined(separator: ": ")
        self.init(
            kind, service: call.service.name, action: call.action,
            message: "\(call.service.name) \(call.action) on \(call.subject) failed with status \(response.status)"
                + (said.isEmpty ? "." : ": \(said)\(said.hasSuffix(".") ? "" : ".")"),
            awsCode: wire.code, requestID: wire.requestID, status: response.status,
            isTransient: kind == .throttled || kind == .unavailable
                || (kind == .conflict && Self.transientConflicts.contains(wire.code ?? "")))
        hostID = response.headers["x-amz-id-2"]
        conditionItem = wire.conditionItem
        serverTime = response.headers["date"].flatMap(TimeText.http)
        retryAfter = Self.retryAfter(response.headers)
        if kind == .accessDenied {
            message += " " + Permission.sentence(for: call)
        }
        if call.service == .s3, let region = wire.region ?? response.headers["x-amz-bucket-region"],
            AWSConfiguration.isRegion(region), region != call.region, kind == .settings || response.status == 400
        {
            bucketRegion = region
            message += " The bucket is in \(region)."
        }
    }

    /// A failure of the transport.
    init(_ error: HTTPError, to call: AWSCall) {
        let kind: Kind
        switch error.code {
        case "http.cancelled": kind = .cancelled
        case "http.too_large": kind = .tooLarge
        case "http.truncated", "http.bad_answer": kind = .badResponse
        case "http.file_read", "http.file_write": kind = .file
        case "http.bad_request": kind = .invalidRequest
        default: kind = error.isTimeout ? .timeout : .connection
        }
        self.init(
            kind, service: call.service.name, action: call.action,
            message: "\(call.service.name) \(call.action) on \(call.subject) failed: \(error.message)",
            isTransient: error.isTransient)
    }

    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        if let milliseconds = headers["x-amz-retry-after"].flatMap({ Int($0) }), (0...3_600_000).contains(milliseconds) {
            return .milliseconds(milliseconds)
        }
        if let seconds = headers["retry-after"].flatMap({ Int($0) }), (0...3600).contains(seconds) {
            return .seconds(seconds)
        }
        return nil
    }
}
