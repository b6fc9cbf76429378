/// What the environment and the shared files say about reaching AWS: region, endpoints, retries, trust.
package struct AWSConfiguration: Sendable {
    package var region: String
    package var retry: RetryPolicy
    package var caBundlePath: String?
    /// Endpoints whose cryptography is validated (FIPS 140), and those that speak IPv6 too.
    package var usesFIPS = false
    package var usesDualStack = false
    /// Whether S3 gets a checksum with each upload (`when_supported`).
    package var sendsChecksums = true
    /// Whether S3 is asked for an object's checksum and the bytes are compared with it (`when_supported`).
    package var verifiesChecksums = true
    /// Endpoints set by hand, by service; `everyEndpoint` stands in for those not named.
    private var endpoints: [AWSService: Endpoint] = [:]
    private var everyEndpoint: Endpoint?

    package init(region: String, endpoint: Endpoint? = nil, retry: RetryPolicy = .revised) {
        self.region = region
        self.retry = retry
        everyEndpoint = endpoint
    }

    /// Order: the environment, then the profile of the shared files.
    ///
    /// Source: AWS SDKs and Tools reference, "AWS Region" and "Service-specific endpoints".
    package init(environment: [String: String], profile: Profile) throws(AWSError) {
        guard let region = environment.text("AWS_REGION") ?? environment.text("AWS_DEFAULT_REGION") ?? profile["region"]
        else {
            throw .settings("No AWS region is set. Set AWS_REGION, or region in the profile \(profile.name).")
        }
        guard Self.isRegion(region) else {
            throw .settings("\"\(region)\" is not the name of an AWS region. Set AWS_REGION to one like eu-central-1.")
        }
        self.init(region: region)
        retry = try RetryPolicy(environment: environment, profile: profile)
        usesFIPS = Self.flag("use_fips_endpoint", environment, profile)
        usesDualStack = Self.flag("use_dualstack_endpoint", environment, profile)
        sendsChecksums = Self.setting("request_checksum_calculation", environment, profile) != "when_required"
        verifiesChecksums = Self.setting("response_checksum_validation", environment, profile) != "when_required"
        caBundlePath = environment.text("AWS_CA_BUNDLE") ?? profile["ca_bundle"]
        if Self.flag("ignore_configured_endpoint_urls", environment, profile) { return }
        if let url = environment.text("AWS_ENDPOINT_URL") ?? profile["endpoint_url"] {
            everyEndpoint = try Self.endpoint(url, from: "AWS_ENDPOINT_URL")
        }
        for service in AWSService.all {
            let variable = "AWS_ENDPOINT_URL_\(service.endpointID)"
            let fromServices = environment.text("AWS_ENDPOINT_URL") == nil ? profile.endpointURL(of: service) : nil
            if let url = environment.text(variable) ?? fromServices {
                endpoints[service] = try Self.endpoint(url, from: variable)
            }
        }
    }

    package func endpoint(of service: AWSService) -> Endpoint {
        endpoint(of: service, region: region)
    }

    func endpoint(of service: AWSService, region: String) -> Endpoint {
        endpoints[service] ?? everyEndpoint
            ?? .standard(service, region: region, isFIPS: usesFIPS, isDualStack: usesDualStack)
    }

    /// A setting that is called the same in the environment, in upper case with `AWS_` before it.
    private static func setting(_ name: String, _ environment: [String: String], _ profile: Profile) -> String? {
        (environment.text("AWS_\(name.uppercased())") ?? profile[name])?.lowercased()
    }

    private static func flag(_ name: String, _ environment: [String: String], _ profile: Profile) -> Bool {
        setting(name, environment, profile) == "true"
    }

    /// A region becomes part of host names, so nothing else may pass for one.
    static func isRegion(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-")
            }
    }

    private static func endpoint(_ url: String, from setting: String) throws(AWSError) -> Endpoint {
        guard let endpoint = Endpoint(url: url) else {
            throw .settings("\(setting) is \"\(url)\", which is not http(s)://host[:port].")
        }
        return endpoint
    }
}

extension [String: String] {
    /// A variable's value; an empty one counts as not set.
    func text(_ name: String) -> String? {
        guard let value = self[name], !value.isEmpty else { return nil }
        return value
    }
}
