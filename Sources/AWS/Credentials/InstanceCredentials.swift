import HTTP
import SigV4

/// The role of the EC2 instance, from the instance metadata service, version 2.
///
/// Source: EC2 user guide, "Use the Instance Metadata Service to access instance metadata".
struct InstanceCredentials: CredentialSource {
    let environment: [String: String]
    let metadata: MetadataFetch
    let name = "instance metadata"

    static let standardEndpoint = "http://169.254.169.254"
    static let rolesPath = "/latest/meta-data/iam/security-credentials/"
    static let tokenSeconds = 21_600

    func load() async throws(AWSError) -> CredentialAnswer {
        if environment.text("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
            return .absent("AWS_EC2_METADATA_DISABLED is true")
        }
        var endpoint = environment.text("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? Self.standardEndpoint
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        do {
            // most machines are no EC2 instance: one try must do to find out
            let token = try await metadata.send(
                "PUT", "\(endpoint)/latest/api/token",
                headers: [(name: "X-aws-ec2-metadata-token-ttl-seconds", value: String(Self.tokenSeconds))], attempts: 1
            )
            guard token.status == 200 else { return .absent("its token endpoint answered with status \(token.status)") }
            let header = [(name: "X-aws-ec2-metadata-token", value: String(decoding: token.body, as: UTF8.self))]
            let roles = try await metadata.send("GET", endpoint + Self.rolesPath, headers: header)
            let role = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isNewline).first
            guard roles.status == 200, let role else { return .absent("the instance has no role") }
            let path = Self.rolesPath + PercentEncoding.encode(String(role))
            let keys = try await metadata.send("GET", endpoint + path, headers: header)
            return .found(try TemporaryKeys.read(keys, source: name))
        } catch let error as AWSError {
            throw error
        } catch {
            return .absent("it cannot be reached")
        }
    }
}
