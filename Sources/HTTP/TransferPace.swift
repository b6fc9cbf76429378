/// Watches that an exchange goes on: the first byte comes in time, and bodies do not stall. Pure; time is given to it.
///
/// How this works: an exchange alternates between waiting for the peer and moving bytes. Waiting has one deadline.
/// Moving is cut into windows of equal length; a window that closes with too few bytes ends the exchange, and
/// otherwise the next one opens.
struct TransferPace {
    typealias Instant = ContinuousClock.Instant

    private enum Phase {
        case awaiting(since: Instant)
        case moving(since: Instant, bytes: Int)
    }

    enum Violation: Hashable {
        case noFirstByte
        case stalled(bytes: Int)
    }

    private let limits: HTTPLimits
    private var phase: Phase

    init(limits: HTTPLimits, start: Instant) {
        self.limits = limits
        phase = .awaiting(since: start)
    }

    /// Bytes of the request's body went out, or bytes of the answer came in.
    mutating func moved(_ bytes: Int, at now: Instant) {
        guard case .moving(let since, let earlier) = phase else {
            phase = .moving(since: now, bytes: bytes)
            return
        }
        phase = .moving(since: since, bytes: earlier + bytes)
    }

    /// The request's body is out: from now on the peer is waited for.
    mutating func sentAll(at now: Instant) {
        phase = .awaiting(since: now)
    }

    /// What went wrong by `now`, if anything; opens the next window where the last was good.
    mutating func check(at now: Instant) -> Violation? {
        guard now >= deadline else { return nil }
        switch phase {
        case .awaiting: return .noFirstByte
        case .moving(_, let bytes):
            if bytes < minBytesPerWindow { return .stalled(bytes: bytes) }
            phase = .moving(since: now, bytes: 0)
            return nil
        }
    }

    /// When ``check(at:)`` should be called next.
    var deadline: Instant {
        switch phase {
        case .awaiting(let since): since + limits.firstByte
        case .moving(let since, _): since + limits.stallWindow
        }
    }

    private var minBytesPerWindow: Int {
        Int(limits.stallWindow / .seconds(1) * Double(limits.minBytesPerSecond))
    }
}
