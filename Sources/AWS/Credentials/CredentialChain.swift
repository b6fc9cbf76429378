import HTTP

/// The places where credentials may be, asked one after the other.
///
/// Source: AWS SDKs and Tools reference, "Standardized credential providers".
struct CredentialChain: Sendable {
    let sources: [any CredentialSource]

    init(sources: [any CredentialSource]) {
        self.sources = sources
    }

    /// Environment, web identity, shared files, container, instance.
    init(
        environment: [String: String], profile: Profile, configuration: AWSConfiguration, http: HTTPClient,
        timing: AWSTiming
    ) {
        let metadata = MetadataFetch(http: http, timing: timing)
        sources = [
            EnvironmentCredentials(environment: environment),
            WebIdentityCredentials(
                environment: environment, endpoint: configuration.endpoint(of: .sts), http: http, timing: timing),
            ProfileCredentials(profile: profile, isNamed: environment.text("AWS_PROFILE") != nil),
            ContainerCredentials(environment: environment, metadata: metadata),
            InstanceCredentials(environment: environment, metadata: metadata),
        ]
    }

    /// The first credentials found; the error lists every place and why it did not serve.
    func load() async throws(AWSError) -> AWSCredentials {
        var reasons: [String] = []
        for source in sources {
            switch try await source.load() {
            case .found(let credentials): return credentials
            case .absent(let reason): reasons.append("\(source.name) (\(reason))")
            }
        }
        throw .credentials("No AWS credentials were found. Tried: \(reasons.joined(separator: "; ")).")
    }
}
