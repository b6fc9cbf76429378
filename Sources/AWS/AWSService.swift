import HTTP
import SigV4

/// One AWS service: how it is named in endpoints, signatures, settings and errors.
package struct AWSService: Hashable, Sendable {
    /// As errors and metrics name it.
    package let name: String
    /// The first label of its host name.
    let endpointPrefix: String
    /// The service in a signature's scope.
    let signingName: String
    /// The ending of `AWS_ENDPOINT_URL_…`; in lower case the name in a `services` section.
    let endpointID: String
    let errorFormat: ErrorFormat

    static let all: [AWSService] = [
        .s3, .sqs, .dynamoDB, .sns, .eventBridge, .secretsManager, .sts, .stepFunctions, .redshiftData, .logs,
    ]

    /// How a service writes its errors.
    enum ErrorFormat: Hashable, Sendable {
        case json, xml
    }

    package static let s3 = AWSService(
        name: "s3", endpointPrefix: "s3", signingName: "s3", endpointID: "S3", errorFormat: .xml)
    package static let sqs = AWSService(
        name: "sqs", endpointPrefix: "sqs", signingName: "sqs", endpointID: "SQS", errorFormat: .json)
    package static let dynamoDB = AWSService(
        name: "dynamodb", endpointPrefix: "dynamodb", signingName: "dynamodb", endpointID: "DYNAMODB",
        errorFormat: .json)
    package static let sns = AWSService(
        name: "sns", endpointPrefix: "sns", signingName: "sns", endpointID: "SNS", errorFormat: .xml)
    package static let eventBridge = AWSService(
        name: "eventbridge", endpointPrefix: "events", signingName: "events", endpointID: "EVENTBRIDGE",
        errorFormat: .json)
    package static let secretsManager = AWSService(
        name: "secretsmanager", endpointPrefix: "secretsmanager", signingName: "secretsmanager",
        endpointID: "SECRETS_MANAGER", errorFormat: .json)
    package static let sts = AWSService(
        name: "sts", endpointPrefix: "sts", signingName: "sts", endpointID: "STS", errorFormat: .xml)
    package static let stepFunctions = AWSService(
        name: "states", endpointPrefix: "states", signingName: "states", endpointID: "SFN", errorFormat: .json)
    package static let redshiftData = AWSService(
        name: "redshift-data", endpointPrefix: "redshift-data", signingName: "redshift-data",
        endpointID: "REDSHIFT_DATA", errorFormat: .json)
    package static let logs = AWSService(
        name: "logs", endpointPrefix: "logs", signingName: "logs", endpointID: "CLOUDWATCH_LOGS", errorFormat: .json)

}

/// One call of an API action, ready to be signed and sent, and sent again.
struct AWSCall: Sendable {
    let service: AWSService
    let action: String
    /// What it is about, for error messages: `s3://bucket/key`, a queue URL, a table.
    var subject: String
    var method = "POST"
    var endpoint: Endpoint
    /// Percent-encoded, below the endpoint's own path.
    var path = "/"
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body = HTTPBody.none
    /// SHA-256 of the body, or S3's word for "not signed".
    var payloadHash = SHA256.ofNothing
    var limits = HTTPLimits(firstByte: .seconds(30), whole: .seconds(60))
    /// Where the body of a good answer goes; nil keeps it in memory.
    var destination: Destination?
    /// What `Content-Range` must say where a range was asked for: an answer of all bytes would go to the wrong place.
    var demandedRange: String?
    /// S3 answers some actions with 200 and an error in the body.
    var mayFailWithSuccessStatus = false

    /// An open file that takes the answer's body.
    struct Destination: Sendable {
        let descriptor: Int32
        let maxBytes: Int64
        /// Where a range of an object begins in the file; nil for whole objects, for which each try empties the file.
        var offset: Int64?
        /// Sums the bytes up while they arrive.
        var checksum: ArrivingChecksum?
    }

    /// The region whose key signs it, where that is not the client's.
    var region: String?
    /// The bucket that S3 may send us to another region for.
    var bucket: String?

    /// The same call to the bucket's own region.
    mutating func move(toRegion region: String, _ configuration: AWSConfiguration) {
        self.region = region
        guard !endpoint.isCustom, let bucket else { return }
        let isHost = endpoint.authority.hasPrefix("\(bucket).")
        let moved = configuration.endpoint(of: service, region: region)
        endpoint = isHost ? moved.with(bucket: bucket) : moved
    }

    /// The signed and the sent path are one and the same.
    var wirePath: String { endpoint.path + path }

    var url: String {
        let query = Signer.wireQuery(self.query)
        return "\(endpoint.scheme)://\(endpoint.authority)\(wirePath)" + (query.isEmpty ? "" : "?\(query)")
    }
}
