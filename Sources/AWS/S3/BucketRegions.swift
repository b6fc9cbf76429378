import Synchronization

/// Where S3 has told us that buckets are, so that each is asked for in the wrong region once only.
final class BucketRegions: Sendable {
    /// More buckets than a process uses; beyond it they are learnt afresh.
    static let maxBuckets = 1000

    private let regions = Mutex<[String: String]>([:])

    subscript(_ bucket: String) -> String? { regions.withLock { $0[bucket] } }

    func remember(_ bucket: String, _ region: String) {
        regions.withLock {
            if $0.count >= Self.maxBuckets { $0.removeAll() }
            $0[bucket] = region
        }
    }
}
