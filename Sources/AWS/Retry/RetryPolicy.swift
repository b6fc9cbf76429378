/// How often and after how long a failed call is tried again.
///
/// Source: AWS SDKs and Tools reference, "Retry behavior", standard mode.
package struct RetryPolicy: Hashable, Sendable {
    /// All tries of one call, the first among them.
    package var maxAttempts: Int
    package var dynamoDBMaxAttempts: Int
    /// What a retry takes from the quota.
    var transientCost: Int
    var timeoutCost: Int
    var throttlingCost: Int
    /// The longest wait before the first retry; it doubles for each one after.
    var transientBase: Duration
    var throttlingBase: Duration
    var dynamoDBTransientBase: Duration

    /// The longest wait of all.
    static let maxDelay = Duration.seconds(20)
    /// A service's own wish is heard up to this much beyond our wait.
    static let maxServerDelay = Duration.seconds(5)
    static let attemptsRange = 1...10

    /// The numbers that all SDKs use by default from November 2026 on.
    package static let revised = RetryPolicy(
        maxAttempts: 3, dynamoDBMaxAttempts: 4, transientCost: 14, timeoutCost: 14, throttlingCost: 5,
        transientBase: .milliseconds(50), throttlingBase: .seconds(1), dynamoDBTransientBase: .milliseconds(25))

    /// The numbers before that.
    package static let classic = RetryPolicy(
        maxAttempts: 3, dynamoDBMaxAttempts: 3, transientCost: 5, timeoutCost: 10, throttlingCost: 5,
        transientBase: .seconds(1), throttlingBase: .seconds(1), dynamoDBTransientBase: .seconds(1))

    /// `AWS_MAX_ATTEMPTS` and `AWS_NEW_RETRIES_2026`, or the profile's `max_attempts`.
    init(environment: [String: String], profile: Profile) throws(AWSError) {
        self = environment.text("AWS_NEW_RETRIES_2026")?.lowercased() == "false" ? .classic : .revised
        guard let text = environment.text("AWS_MAX_ATTEMPTS") ?? profile["max_attempts"] else { return }
        guard let attempts = Int(text), Self.attemptsRange.contains(attempts) else {
            throw .settings("AWS_MAX_ATTEMPTS is \"\(text)\"; it must be a number from 1 to 10.")
        }
        maxAttempts = attempts
        dynamoDBMaxAttempts = attempts
    }

    private init(
        maxAttempts: Int, dynamoDBMaxAttempts: Int, transientCost: Int, timeoutCost: Int, throttlingCost: Int,
        transientBase: Duration, throttlingBase: Duration, dynamoDBTransientBase: Duration
    ) {
        self.maxAttempts = maxAttempts
        self.dynamoDBMaxAttempts = dynamoDBMaxAttempts
        self.transientCost = transientCost
        self.timeoutCost = timeoutCost
        self.throttlingCost = throttlingCost
        self.transientBase = transientBase
        self.throttlingBase = throttlingBase
        self.dynamoDBTransientBase = dynamoDBTransientBase
    }

    func attempts(of service: AWSService) -> Int {
        service == .dynamoDB ? dynamoDBMaxAttempts : maxAttempts
    }

    func cost(of error: AWSError) -> Int {
        switch error.kind {
        case .throttled: throttlingCost
        case .timeout: timeoutCost
        default: transientCost
        }
    }

    /// How long to wait before a retry (full jitter).
    ///
    /// - Parameters:
    ///   - retry: 0 for the first retry of a call.
    ///   - random: a number in 0..<1.
    func delay(beforeRetry retry: Int, after error: AWSError, of service: AWSService, random: Double) -> Duration {
        let base: Duration
        switch error.kind {
        case .throttled: base = throttlingBase
        default: base = service == .dynamoDB ? dynamoDBTransientBase : transientBase
        }
        let longest = min(base * (1 << min(retry, 20)), Self.maxDelay)
        let own = longest * random
        guard let wish = error.retryAfter else { return own }
        return min(max(wish, own), own + Self.maxServerDelay)
    }
}
