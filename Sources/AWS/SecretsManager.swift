// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// The Secrets Manager.
package struct SecretsManager: Sendable {
    let client: AWSClient
    private static let wire = JSONProtocol(targetPrefix: "secretsmanager", version: "1.1")

    private struct GetSecretValue: Encodable {
        var SecretId: String
    }

    private struct GetSecretValueAnswer: Decodable {
        var SecretString: String?
    }

    /// Secrets Manager `GetSecretValue`: the current text of a secret, by name or ARN.
    package func secretText(id: String) async throws(AWSError) -> String {
        let action = "GetSecretValue"
        let answer = try await client.json(
            .secretsManager, Self.wire, action, subject: id, GetSecretValue(SecretId: id),
            answer: GetSecretValueAnswer.self)
        guard let text = answer.SecretString else {
            throw .badResponse(.secretsManager, action, "the secret \(id) is binary and not text")
        }
        return text
    }
}
