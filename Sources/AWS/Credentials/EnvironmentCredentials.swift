import SigV4

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
struct EnvironmentCredentials: CredentialSource {
    let environment: [String: String]
    let name = "environment"

    func load() async throws(AWSError) -> CredentialAnswer {
        guard let id = environment.text("AWS_ACCESS_KEY_ID") else { return .absent("AWS_ACCESS_KEY_ID is not set") }
        guard let secret = environment.text("AWS_SECRET_ACCESS_KEY") else {
            throw .credentials("AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not. Set both or neither.")
        }
        let token = environment.text("AWS_SESSION_TOKEN")
        return .found(
            AWSCredentials(
                SigningCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token), source: name))
    }
}
