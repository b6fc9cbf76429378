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

/// Keys that stand in the shared credentials or config file.
struct ProfileCredentials: CredentialSource {
    let profile: Profile
    /// Whether the user asked for this very profile.
    let isNamed: Bool

    var name: String { "profile \(profile.name)" }

    func load() async throws(AWSError) -> CredentialAnswer {
        guard profile.exists else {
            if isNamed {
                throw .credentials("AWS_PROFILE is \(profile.name), but the shared files hold no such profile.")
            }
            return .absent("no such profile in the shared files")
        }
        guard let id = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] else {
            return .absent("it holds no aws_access_key_id with aws_secret_access_key")
        }
        return .found(
            AWSCredentials(
                SigningCredentials(
                    accessKeyID: id, secretAccessKey: secret, sessionToken: profile["aws_session_token"]),
                source: name))
    }
}
