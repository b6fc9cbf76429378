/// The proxies that requests go through, as the usual variables name them.
///
/// Source: curl's manual page, "ENVIRONMENT": the names in lower case come first, and `HTTP_PROXY` in upper case does not
/// count, because a web server sets it from a header that anybody can send.
package struct HTTPProxies: Hashable, Sendable {
    /// For `http` and `https` URLs; nil where requests go straight to their host.
    package var http: String?
    package var https: String?
    /// Hosts and domains that are reached without a proxy, comma-separated; `*` for all.
    package var exceptions: String?

    package static let none = HTTPProxies(environment: [:])

    package init(environment: [String: String]) {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        http = value("http_proxy", "all_proxy", "ALL_PROXY")
        https = value("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        exceptions = value("no_proxy", "NO_PROXY")
    }

    func proxy(for url: String) -> String? { url.hasPrefix("https:") ? https : http }
}
