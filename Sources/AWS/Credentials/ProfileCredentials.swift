import SigV4

/// Keys that stand in the shared credentials or config file, or that a program named there writes.
struct ProfileCredentials: CredentialSource {
    let profile: Profile
    let timing: AWSTiming

    var name: String { "profile \(profile.name)" }

    func load() async throws(AWSError) -> CredentialAnswer {
        guard profile.exists else { return .absent("no such profile in the shared files") }
        if let id = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] {
            return .found(
                AWSCredentials(
                    SigningCredentials(
                        accessKeyID: id, secretAccessKey: secret, sessionToken: profile["aws_session_token"]),
                    source: name))
        }
        if let command = profile["credential_process"] {
            return .found(try await CredentialProcess(command: command, source: name, timing: timing).load())
        }
        return .absent("it holds no aws_access_key_id with aws_secret_access_key, and no credential_process")
    }
}
