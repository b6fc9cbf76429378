import HTTP

/// A role assumed with a token that the platform writes to a file (EKS and others).
///
/// STS `AssumeRoleWithWebIdentity`, which is not signed.
struct WebIdentityCredentials: CredentialSource {
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN` and `AWS_ROLE_SESSION_NAME`, or what a profile says in their place.
    let environment: [String: String]
    let endpoint: Endpoint
    let http: HTTPClient
    let timing: AWSTiming
    let name = "web identity"

    static let maxTokenBytes = 64 << 10
    static let maxAttempts = 3
    static let pause = Duration.seconds(1)

    func load() async throws(AWSError) -> CredentialAnswer {
        guard let path = environment.text("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            return .absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set")
        }
        guard let role = environment.text("AWS_ROLE_ARN") else {
            throw .credentials("AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not. Set both or neither.")
        }
        guard case .success(let bytes?) = LocalFile.read(path, maxBytes: Self.maxTokenBytes) else {
            throw .credentials("AWS_WEB_IDENTITY_TOKEN_FILE \(path) cannot be read.")
        }
        let session = environment.text("AWS_ROLE_SESSION_NAME") ?? "landfall-\(timing.now())"
        let call = QueryBody.call(
            .sts, "AssumeRoleWithWebIdentity", version: STS.version, endpoint: endpoint, subject: role,
            parameters: [
                (name: "RoleArn", value: role), (name: "RoleSessionName", value: session),
                (name: "WebIdentityToken", value: trimmedSpaces(String(decoding: bytes, as: UTF8.self))),
            ])
        let root = try await send(call)
        return .found(try STS.credentials(in: root, call.action, source: name))
    }

    private func send(_ call: AWSCall) async throws(AWSError) -> XMLElement {
        let request = HTTPRequest(call.method, call.url, headers: call.headers, body: call.body, limits: call.limits)
        for _ in 1..<Self.maxAttempts {
            do throws(AWSError) {
                return try await once(request, call)
            } catch {
                if !error.isTransient { throw error }
            }
            try? await timing.sleep(Self.pause)
        }
        return try await once(request, call)
    }

    private func once(_ request: HTTPRequest, _ call: AWSCall) async throws(AWSError) -> XMLElement {
        let response: HTTPResponse
        do {
            response = try await http.send(request)
        } catch {
            throw AWSError(error, to: call)
        }
        guard response.isSuccess else { throw AWSError(response, to: call) }
        return try QueryBody.read(response, of: call, root: "\(call.action)Response")
    }
}
