import Jobs
import Synchronization

/// A clock that stands until the test moves it.
final class ManualClock: Sendable {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)

    private let moment = Mutex(start)

    var wallClock: WallClock {
        WallClock { self.moment.withLock { $0 } }
    }

    func advance(by duration: Duration) {
        moment.withLock { $0 = $0.advanced(by: duration) }
    }
}
