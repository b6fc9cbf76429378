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
    var text: String { "\(day)/\(region)/\(service)/aws4_request" }

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

    private let keys = Mutex<[SigningScope: [UInt8]]>([:])

    package init() {}

    func key(for scope: SigningScope) -> [UInt8] {
        if let key = keys.withLock({ $0[scope] }) { return key }
        let key = scope.deriveKey()
        keys.withLock {
            if $0.count >= Self.maxKeys { $0.removeAll() }
            $0[scope] = key
        }
        return key
    }
}
