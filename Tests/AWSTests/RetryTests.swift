import HTTP
import SigV4
import Synchronization
import Testing

@testable import AWS

struct RetryPolicyTests {
    private func error(_ kind: AWSError.Kind, retryAfter: Duration? = nil, isTransient: Bool = true) -> AWSError {
        var error = AWSError(kind, service: "s", action: "A", message: "m", isTransient: isTransient)
        error.retryAfter = retryAfter
        return error
    }

    @Test(
        "the wait doubles up to its ceiling and is random below",
        arguments: [
            (RetryPolicy.revised, AWSError.Kind.unavailable, AWSService.s3, [50, 100, 200, 400]),
            (.revised, .connection, .dynamoDB, [25, 50, 100]),
            (.revised, .throttled, .s3, [1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]),
            (.revised, .throttled, .dynamoDB, [1000, 2000]),
            (.classic, .unavailable, .s3, [1000, 2000, 4000, 8000, 16_000, 20_000]),
        ])
    func delays(policy: RetryPolicy, kind: AWSError.Kind, service: AWSService, milliseconds: [Int]) {
        for (retry, longest) in milliseconds.enumerated() {
            for random in [0, 0.25, 0.75] {
                let delay = policy.delay(beforeRetry: retry, after: error(kind), of: service, random: random)
                #expect(delay == .milliseconds(longest) * random)
            }
        }
        #expect(policy.delay(beforeRetry: 1_000_000, after: error(kind), of: service, random: 0.5) == .seconds(10))
    }

    @Test("the service's wish is heard between our wait and five seconds more")
    func retryAfter() {
        func delay(_ wish: Duration) -> Duration {
            RetryPolicy.revised.delay(beforeRetry: 2, after: error(.throttled, retryAfter: wish), of: .sqs, random: 0.5)
        }
        #expect(delay(.seconds(1)) == .seconds(2))
        #expect(delay(.seconds(3)) == .seconds(3))
        #expect(delay(.seconds(60)) == .seconds(7))
    }

    @Test(
        "a retry costs what its cause is worth",
        arguments: [
            (RetryPolicy.revised, AWSError.Kind.unavailable, 14), (.revised, .timeout, 14), (.revised, .throttled, 5),
            (.classic, .connection, 5), (.classic, .timeout, 10), (.classic, .throttled, 5),
        ])
    func costs(policy: RetryPolicy, kind: AWSError.Kind, cost: Int) {
        let quota = RetryQuota()
        var session = RetrySession(policy: policy, quota: quota, service: .s3)
        #expect(session.delay(after: error(kind), random: 0.5) != nil)
        #expect(quota.left(for: .s3) == 500 - cost)
        #expect(quota.left(for: .sqs) == 500)
        session.succeeded()
        #expect(quota.left(for: .s3) == 500)
    }

    @Test("a clean success gives one token back")
    func reward() {
        let quota = RetryQuota()
        #expect(quota.take(10, for: .s3))
        RetrySession(policy: .revised, quota: quota, service: .s3).succeeded()
        #expect(quota.left(for: .s3) == 491)
    }

    @Test("there are three tries of a call, four of DynamoDB's", arguments: [(AWSService.s3, 3), (.dynamoDB, 4)])
    func attempts(service: AWSService, attempts: Int) {
        var session = RetrySession(policy: .revised, quota: RetryQuota(), service: service)
        for _ in 1..<attempts { #expect(session.delay(after: error(.unavailable), random: 0) != nil) }
        #expect(session.delay(after: error(.unavailable), random: 0) == nil)
    }

    @Test("what cannot help is not tried again")
    func permanent() {
        var session = RetrySession(policy: .revised, quota: RetryQuota(), service: .s3)
        #expect(session.delay(after: error(.accessDenied, isTransient: false), random: 0) == nil)
    }

    @Test("when the quota is used up, nothing is tried again until successes fill it")
    func exhaustion() {
        let quota = RetryQuota()
        var retries = 0
        while RetrySession.retriesOnce(quota, error(.unavailable)) { retries += 1 }
        #expect(retries == 500 / 14)
        #expect(quota.left(for: .s3) == 10)
        for _ in 0..<4 { quota.giveBack(RetryQuota.reward, for: .s3) }
        #expect(RetrySession.retriesOnce(quota, error(.unavailable)))
    }

    @Test(
        "the environment chooses the numbers",
        arguments: [
            ([:], RetryPolicy.revised), (["AWS_NEW_RETRIES_2026": "true"], .revised),
            (["AWS_NEW_RETRIES_2026": "false"], .classic),
        ])
    func settings(environment: [String: String], policy: RetryPolicy) throws {
        let profile = Profile(name: "default", credentials: SettingsFile(text: ""), config: SettingsFile(text: ""))
        #expect(try RetryPolicy(environment: environment, profile: profile) == policy)
        var more = environment
        more["AWS_MAX_ATTEMPTS"] = "7"
        #expect(try RetryPolicy(environment: more, profile: profile).attempts(of: .dynamoDB) == 7)
        for bad in ["0", "11", "x"] {
            more["AWS_MAX_ATTEMPTS"] = bad
            #expect(throws: AWSError.self) { try RetryPolicy(environment: more, profile: profile) }
        }
    }
}

extension RetrySession {
    fileprivate static func retriesOnce(_ quota: RetryQuota, _ error: AWSError) -> Bool {
        var session = RetrySession(policy: .revised, quota: quota, service: .s3)
        return session.delay(after: error, random: 0) != nil
    }
}
