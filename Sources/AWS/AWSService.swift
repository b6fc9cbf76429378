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
    /// S3 answers some actions with 200 and an error in the body.
    var mayFailWithSuccessStatus = false

    /// An open file that takes the answer's body; it is emptied before each attempt.
    struct Destination: Sendable {
        let descriptor: Int32
        let maxBytes: Int64
    }

    /// The signed and the sent path are one and the same.
    var wirePath: String { endpoint.path + path }

    var url: String {
        let query = Signer.wireQuery(self.query)
        return "\(endpoint.scheme)://\(endpoint.authority)\(wirePath)" + (query.isEmpty ? "" : "?\(query)")
    }
}
