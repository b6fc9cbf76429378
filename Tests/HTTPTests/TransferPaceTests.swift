import Testing

@testable import HTTP

struct TransferPaceTests {
    let start = ContinuousClock.now
    let limits = {
        var limits = HTTPLimits(firstByte: .seconds(30))
        limits.stallWindow = .seconds(10)
        limits.minBytesPerSecond = 100
        return limits
    }()

    @Test("the first byte is waited for until its deadline")
    func firstByte() {
        var pace = TransferPace(limits: limits, start: start)
        #expect(pace.deadline == start + .seconds(30))
        #expect(pace.check(at: start + .seconds(29)) == nil)
        #expect(pace.check(at: start + .seconds(30)) == .noFirstByte)
    }

    @Test("a window with enough bytes is followed by another")
    func windows() {
        var pace = TransferPace(limits: limits, start: start)
        pace.moved(1, at: start + .seconds(20))
        pace.moved(999, at: start + .seconds(29))
        #expect(pace.check(at: start + .seconds(30)) == nil)
        pace.moved(999, at: start + .seconds(31))
        #expect(pace.check(at: start + .seconds(39)) == nil)
        #expect(pace.check(at: start + .seconds(40)) == .stalled(bytes: 999))
    }

    @Test("the wait for the answer begins when the body is out")
    func sending() {
        var pace = TransferPace(limits: limits, start: start)
        pace.moved(10_000, at: start + .seconds(1))
        #expect(pace.check(at: start + .seconds(11)) == nil)
        pace.sentAll(at: start + .seconds(12))
        #expect(pace.check(at: start + .seconds(41)) == nil)
        #expect(pace.check(at: start + .seconds(42)) == .noFirstByte)
    }
}
