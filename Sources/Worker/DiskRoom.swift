import Jobs
import Synchronization
import Workflows

/// The room of the work folder that this worker's jobs have been promised, and will still write.
final class DiskRoom: Sendable {
    private let root: String
    private let promised = Mutex<Int64>(0)

    /// How long a message waits for which there is no room: doubled with each delivery, because deliveries may be counted.
    private static let firstPause = Duration.seconds(30)
    private static let maxPause = Duration.seconds(600)
    private static let compressedEndings = [".gz", ".zst", ".bz2", ".zip", ".tgz", ".z"]

    init(root: String) {
        self.root = root
    }

    /// Promises room for an arrival, in bytes to be given back; throws `work.no_room` where there is too little. Of a size that
    /// the event does not tell nothing is known, and nothing promised.
    func take(for arrival: Arrival) throws(Failure) -> Int64 {
        guard let size = arrival.size else { return 0 }
        let name = arrival.key.lowercased()
        let isCompressed = Self.compressedEndings.contains { name.hasSuffix($0) }
        let needed = WorkRoom.needed(sourceBytes: size, isCompressed: isCompressed)
        let failure: Failure? = promised.withLock { promised in
            if let failure = WorkRoom.refusal(root: root, sourceBytes: size, isCompressed: isCompressed, promised: promised) {
                return failure
            }
            promised += needed
            return nil
        }
        if let failure { throw failure }
        return needed
    }

    func giveBack(_ bytes: Int64) {
        promised.withLock { $0 -= bytes }
    }

    /// How long a message waits that was delivered so often.
    static func pause(receiveCount: Int) -> Duration {
        min(firstPause * (1 << min(max(receiveCount - 1, 0), 10)), maxPause)
    }
}
