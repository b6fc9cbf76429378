import SigV4

/// Keys to sign with, and how long they are good. Their text never shows the secrets.
package struct AWSCredentials: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    package let keys: SigningCredentials
    /// Unix seconds; nil for keys that do not expire.
    package let expiresAt: Int64?
    /// Where they came from: `environment`, `profile default`, `container` …
    package let source: String

    package init(_ keys: SigningCredentials, expiresAt: Int64? = nil, source: String) {
        self.keys = keys
        self.expiresAt = expiresAt
        self.source = source
    }

    package var description: String { "\(keys) from \(source)" }
    package var customMirror: Mirror { Mirror(self, children: ["keys": keys, "source": source]) }
}

/// One place that may hold credentials.
protocol CredentialSource: Sendable {
    /// As errors name it.
    var name: String { get }
    /// - Throws: where the place ought to have credentials but does not give them.
    func load() async throws(AWSError) -> CredentialAnswer
}

/// What a place says when asked for credentials.
enum CredentialAnswer: Sendable {
    case found(AWSCredentials)
    /// It does not apply here, and why.
    case absent(String)
}

extension AWSError {
    static func credentials(_ message: String, isTransient: Bool = false) -> AWSError {
        AWSError(
            .credentials, service: "aws", action: "LoadCredentials", message: message, isTransient: isTransient)
    }
}
