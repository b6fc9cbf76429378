import Synchronization

/// What a signing key is derived from; a key serves one day, region and service.
///
/// Source: "Create a signed AWS API request", step 3, IAM user guide.
struct SigningScope: Hashable, Sendable {
    let secretAccessKey: String
    let day: String
    let region: String
    let service: String

    /// `20150830/us-east-1/service/aws4_request`
    var text: String {
        var text = day
        text += "/"
        text += region
        text += "/"
        text += service
        text += "/aws4_request"
        return text
    }

    func deriveKey() -> [UInt8] {
        let date = hmacSHA256(key: Array("AWS4\(secretAccessKey)".utf8), Array(day.utf8))
        let region = hmacSHA256(key: date, Array(region.utf8))
        let service = hmacSHA256(key: region, Array(service.utf8))
        return hmacSHA256(key: service, Array("aws4_request".utf8))
    }
}

/// The signing keys of the day, so that four of a signature's five HMACs are spared.
package final class SigningKeyCache: Sendable {
    /// More scopes than a process uses in a day; beyond it the cache starts afresh.
    static let maxKeys = 64

    private struct Keys {
        var all: [SigningScope: [UInt8]] = [:]
        /// Most requests want the key of the one before; comparing is cheaper than hashing five strings.
        var latest: (scope: SigningScope, key: [UInt8])?
    }

    private let keys = Mutex(Keys())

    package init() {}

    func key(for scope: SigningScope) -> [UInt8] {
        let known = keys.withLock { keys -> [UInt8]? in
            if let latest = keys.latest, latest.scope == scope { return latest.key }
            guard let key = keys.all[scope] else { return nil }
            keys.latest = (scope, key)
            return key
        }
        if let known { return known }
        let key = scope.deriveKey()
        keys.withLock {
            if $0.all.count >= Self.maxKeys { $0.all.removeAll() }
            $0.all[scope] = key
            $0.latest = (scope, key)
        }
        return key
    }
}
