import Jobs
import Logging
import Telemetry
import Testing

@testable import Workflows

struct DatabaseBreakerTests {
    @Test("a database that is away pauses those that need it, longer with each delivery, until a probe reaches it")
    func opens() async throws {
        let metrics = Metrics()
        let breaker = DatabaseBreaker(metrics: metrics, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {}
        #expect(breaker.pause(receiveCount: 1) == nil)
        breaker.failed(Failure(.transient, "database.unavailable", "away"))
        #expect(breaker.pause(receiveCount: 1) == .seconds(15))
        #expect(breaker.pause(receiveCount: 3) == .seconds(60))
        #expect(breaker.pause(receiveCount: 1000) == .seconds(600))
        #expect(metrics.prometheusText().contains("landfall_database_up 0"))
        while breaker.pause(receiveCount: 1) != nil { try await Task.sleep(for: .milliseconds(20)) }
        #expect(metrics.prometheusText().contains("landfall_database_up 1"))
    }
}
