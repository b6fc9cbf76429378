import HTTP

/// The role that a profile names, assumed with the credentials of another profile or of the surroundings.
///
/// Source: AWS SDKs and Tools reference, "Assume role credential provider".
struct RoleCredentials: CredentialSource {
    let profile: Profile
    /// Whether the user asked for this very profile.
    let isNamed: Bool
    /// Environment, container and instance, for `credential_source`.
    let ambient: [any CredentialSource]
    let configuration: AWSConfiguration
    let http: HTTPClient
    let timing: AWSTiming

    /// A role assumed with a role assumed with … ends here.
    static let maxProfiles = 8

    var name: String { "role of profile \(profile.name)" }

    func load() async throws(AWSError) -> CredentialAnswer {
        guard profile.exists else {
            if isNamed {
                throw .credentials("AWS_PROFILE is \(profile.name), but the shared files hold no such profile.")
            }
            return .absent("no such profile in the shared files")
        }
        guard let role = profile["role_arn"] else { return .absent("it has no role_arn") }
        return .found(try await assume(role, profile, through: []))
    }

    private func assume(
        _ role: String, _ profile: Profile, through earlier: [String]
    ) async throws(AWSError) -> AWSCredentials {
        guard earlier.count < Self.maxProfiles else {
            throw .credentials("The profiles \(earlier.joined(separator: ", ")) name each other as source_profile.")
        }
        if profile["mfa_serial"] != nil {
            throw .credentials("The profile \(profile.name) wants an MFA code, which nobody is here to type.")
        }
        let source = "role of profile \(profile.name)"
        if let tokenFile = profile["web_identity_token_file"] {
            let web = WebIdentityCredentials(
                environment: [
                    "AWS_WEB_IDENTITY_TOKEN_FILE": tokenFile, "AWS_ROLE_ARN": role,
                    "AWS_ROLE_SESSION_NAME": session(profile),
                ], endpoint: configuration.endpoint(of: .sts), http: http, timing: timing)
            return try found(await web.load(), profile)
        }
        let base = try await base(of: profile, through: earlier + [profile.name])
        let client = AWSClient(
            configuration: configuration, credentials: CredentialCache(fixed: base), http: http, timing: timing)
        return try await client.sts.assumeRole(
            arn: role, session: session(profile), externalID: profile["external_id"],
            seconds: try seconds(profile), source: source)
    }

    /// What the role is assumed with.
    private func base(of profile: Profile, through earlier: [String]) async throws(AWSError) -> AWSCredentials {
        if let name = profile["source_profile"] {
            let source = profile.other(name)
            guard source.exists else {
                throw .credentials(
                    "The profile \(profile.name) has the source_profile \(name), which the shared files do not hold.")
            }
            // a profile may name itself: then its own keys are meant
            if let role = source["role_arn"], name != profile.name {
                return try await assume(role, source, through: earlier)
            }
            return try found(await ProfileCredentials(profile: source, timing: timing).load(), source)
        }
        guard let place = profile["credential_source"] else {
            throw .credentials(
                "The profile \(profile.name) has a role_arn but neither source_profile nor credential_source.")
        }
        let names = ["environment": 0, "ecscontainer": 1, "ec2instancemetadata": 2]
        guard let index = names[place.lowercased()] else {
            throw .credentials(
                "The profile \(profile.name) has the credential_source \(place), which is none of Environment, "
                    + "EcsContainer and Ec2InstanceMetadata.")
        }
        return try found(await ambient[index].load(), profile)
    }

    private func found(_ answer: CredentialAnswer, _ profile: Profile) throws(AWSError) -> AWSCredentials {
        switch answer {
        case .found(let credentials): return credentials
        case .absent(let reason):
            throw .credentials("The profile \(profile.name) should give the credentials for a role, but \(reason).")
        }
    }

    private func session(_ profile: Profile) -> String {
        profile["role_session_name"] ?? "landfall-\(timing.now())"
    }

    private func seconds(_ profile: Profile) throws(AWSError) -> Int? {
        guard let text = profile["duration_seconds"] else { return nil }
        guard let seconds = Int(text), STS.roleSeconds.contains(seconds) else {
            throw .settings("duration_seconds of the profile \(profile.name) is \"\(text)\"; it must be 900 to 43200.")
        }
        return seconds
    }
}
