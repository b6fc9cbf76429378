/// Where a service is reached: `https://sqs.eu-west-1.amazonaws.com`, or whatever a setting says.
package struct Endpoint: Hashable, Sendable {
    package let scheme: String
    /// Host, and port where it is not the scheme's own; lower case.
    package let authority: String
    /// Empty, or a prefix such as `/aws` without a slash at its end.
    package let path: String
    /// Whether it was set by hand, so that AWS's host names do not apply.
    package let isCustom: Bool

    package init(scheme: String, authority: String, path: String = "", isCustom: Bool) {
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.isCustom = isCustom
    }

    /// Reads an endpoint URL from a setting; nil where it is not `http(s)://host[:port][/path]`.
    package init?(url: String) {
        let lower = url.lowercased()
        let scheme = lower.hasPrefix("https://") ? "https" : lower.hasPrefix("http://") ? "http" : ""
        guard !scheme.isEmpty else { return nil }
        let rest = url.dropFirst(scheme.count + 3)
        guard !rest.contains(where: { "?#@ ".contains($0) }) else { return nil }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<slash].lowercased()
        let ownPort = scheme == "https" ? ":443" : ":80"
        if authority.hasSuffix(ownPort) { authority.removeLast(ownPort.count) }
        guard !authority.isEmpty, !authority.hasPrefix(":") else { return nil }
        var path = rest[slash...]
        while path.hasSuffix("/") { path.removeLast() }
        self.init(scheme: scheme, authority: authority, path: String(path), isCustom: true)
    }

    package var isSecure: Bool { scheme == "https" }

    /// The host without its port, without the brackets of an IPv6 address.
    var host: String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }

    /// With the bucket as the first label of the host.
    func with(bucket: String) -> Endpoint {
        Endpoint(scheme: scheme, authority: "\(bucket).\(authority)", path: path, isCustom: isCustom)
    }

    /// AWS's own endpoint of a service in a region.
    ///
    /// Source: botocore's `endpoints.json` (variants `fips` and `dualstack`) and the services' rule sets.
    static func standard(
        _ service: AWSService, region: String, isFIPS: Bool = false, isDualStack: Bool = false
    ) -> Endpoint {
        let partition = Partition(region: region)
        let fips = isFIPS ? "-fips" : ""
        let host: String
        if service == .s3 {
            // S3 keeps its usual domain for both protocols
            host = "s3\(fips)\(isDualStack ? ".dualstack" : "").\(region).\(partition.domain)"
        } else {
            let domain = isDualStack ? partition.dualStackDomain : partition.domain
            host = "\(service.endpointPrefix)\(fips).\(region).\(domain)"
        }
        return Endpoint(scheme: "https", authority: host, isCustom: false)
    }
}

/// A part of AWS with names of its own.
///
/// Source: botocore's `partitions.json`.
package enum Partition: String, Sendable {
    case aws
    case china = "aws-cn"
    case government = "aws-us-gov"

    package init(region: String) {
        if region.hasPrefix("cn-") {
            self = .china
        } else if region.hasPrefix("us-gov-") {
            self = .government
        } else {
            self = .aws
        }
    }

    var dualStackDomain: String { self == .china ? "api.amazonwebservices.com.cn" : "api.aws" }
    var domain: String { self == .china ? "amazonaws.com.cn" : "amazonaws.com" }
}
