import HTTP

/// The places where credentials may be, asked one after the other.
///
/// Source: AWS SDKs and Tools reference, "Standardized credential providers".
struct CredentialChain: Sendable {
    let sources: [any CredentialSource]

    init(sources: [any CredentialSource]) {
        self.sources = sources
    }

    /// Environment, the profile's role, web identity, the profile's keys or process, container, instance: botocore's
    /// order.
    init(
        environment: [String: String], profile: Profile, configuration: AWSConfiguration, http: HTTPClient,
        timing: AWSTiming
    ) {
        let metadata = MetadataFetch(http: http, timing: timing)
        let ambient: [any CredentialSource] = [
            EnvironmentCredentials(environment: environment),
            ContainerCredentials(environment: environment, metadata: metadata),
            InstanceCredentials(environment: environment, metadata: metadata),
        ]
        let isNamed = environment.text("AWS_PROFILE") != nil
        sources = [
            ambient[0],
            RoleCredentials(
                profile: profile, isNamed: isNamed, ambient: ambient, configuration: configuration, http: http,
                timing: timing),
            WebIdentityCredentials(
                environment: environment, endpoint: configuration.endpoint(of: .sts), http: http, timing: timing),
            ProfileCredentials(profile: profile, timing: timing),
            ambient[1], ambient[2],
        ]
    }

    /// The first credentials found; the error lists every place and why it did not serve.
    func load() async throws(AWSError) -> AWSCredentials {
        var reasons: [String] = []
        for source in sources {
            do throws(AWSError) {
                switch try await source.load() {
                case .found(let credentials): return credentials
                case .absent(let reason): reasons.append("\(source.name) (\(reason))")
                }
            } catch {
                var error = error
                if !reasons.isEmpty { error.message += " Tried before: \(reasons.joined(separator: "; "))." }
                throw error
            }
        }
        throw .credentials("No AWS credentials were found. Tried: \(reasons.joined(separator: "; ")).")
    }
}
