import HTTP

/// The task's role, from the endpoint that ECS or EKS puts beside a container.
///
/// Source: AWS SDKs and Tools reference, "Container credential provider".
struct ContainerCredentials: CredentialSource {
    let environment: [String: String]
    let metadata: MetadataFetch
    let name = "container"

    static let relativeHost = "http://169.254.170.2"
    /// Hosts that may be asked without TLS.
    static let plainHosts: Set<String> = [
        "localhost", "127.0.0.1", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23",
    ]
    static let maxTokenBytes = 64 << 10

    func load() async throws(AWSError) -> CredentialAnswer {
        guard let url = try url() else { return .absent("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set") }
        let headers = try authorization().map { [(name: "Authorization", value: $0)] } ?? []
        let response: HTTPResponse
        do {
            response = try await metadata.send("GET", url, headers: headers)
        } catch {
            throw .credentials(
                "The container's credentials could not be fetched: \(error.message)", isTransient: error.isTransient)
        }
        return .found(try TemporaryKeys.read(response, source: name))
    }

    func url() throws(AWSError) -> String? {
        if let path = environment.text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            return Self.relativeHost + (path.hasPrefix("/") ? path : "/\(path)")
        }
        guard let url = environment.text("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        let base = String(url.prefix { $0 != "?" })
        guard let endpoint = Endpoint(url: base) else {
            throw .credentials("AWS_CONTAINER_CREDENTIALS_FULL_URI is not an http or https URL.")
        }
        guard endpoint.isSecure || Self.isLoopback(endpoint.host) || Self.plainHosts.contains(endpoint.host) else {
            throw .credentials(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI names \(endpoint.host) over plain http; use https or a link-local host."
            )
        }
        return url
    }

    /// An IPv4 address of 127.0.0.0/8, and no name that only begins like one.
    private static func isLoopback(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }

    private func authorization() throws(AWSError) -> String? {
        guard let path = environment.text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
            return environment.text("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        }
        guard case .success(let bytes?) = LocalFile.read(path, maxBytes: Self.maxTokenBytes) else {
            throw .credentials("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE \(path) cannot be read.")
        }
        return trimmedSpaces(String(decoding: bytes, as: UTF8.self))
    }
}
