import Synchronization

/// Tokens that retries are paid with, for each service, so that a service in trouble is not hammered.
///
/// Source: AWS SDKs and Tools reference, "Retry behavior", retry quota.
final class RetryQuota: Sendable {
    static let capacity = 500
    /// What a success at the first try gives back.
    static let reward = 1

    private let tokens = Mutex<[AWSService: Int]>([:])

    /// Takes tokens for a retry; false where there are too few.
    func take(_ cost: Int, for service: AWSService) -> Bool {
        tokens.withLock {
            let left = $0[service, default: Self.capacity]
            guard left >= cost else { return false }
            $0[service] = left - cost
            return true
        }
    }

    func giveBack(_ amount: Int, for service: AWSService) {
        tokens.withLock {
            $0[service] = min(Self.capacity, $0[service, default: Self.capacity] + amount)
        }
    }

    func left(for service: AWSService) -> Int {
        tokens.withLock { $0[service, default: Self.capacity] }
    }
}

/// The tries of one call: decides after each failure whether and when the next one comes. Pure but for the quota.
struct RetrySession {
    let policy: RetryPolicy
    let quota: RetryQuota
    let service: AWSService
    /// Tries that have ended.
    private(set) var attempts = 0
    private var lastCost = 0

    init(policy: RetryPolicy, quota: RetryQuota, service: AWSService) {
        self.policy = policy
        self.quota = quota
        self.service = service
    }

    /// How long to wait before the next try; nil where there must be none.
    mutating func delay(after error: AWSError, random: Double) -> Duration? {
        attempts += 1
        guard error.isTransient, attempts < policy.attempts(of: service) else { return nil }
        let cost = policy.cost(of: error)
        guard quota.take(cost, for: service) else { return nil }
        lastCost = cost
        return policy.delay(beforeRetry: attempts - 1, after: error, of: service, random: random)
    }

    func succeeded() {
        quota.giveBack(lastCost > 0 ? lastCost : RetryQuota.reward, for: service)
    }
}
