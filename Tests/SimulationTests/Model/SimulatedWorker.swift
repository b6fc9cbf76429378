import Jobs

/// A worker's process and its clock, which is off, drifts and may jump.
struct SimulatedWorker {
    var offset: Int64 = 0
    /// Parts in a thousand that the clock runs too fast.
    var drift: Int64 = 0
    /// Its calls are made and their answers read from here on: until then it is stopped.
    var pausedUntil: Int64 = 0
    var isLeaving = false

    private static let epoch: Int64 = 1_760_000_000_000

    func clock(at now: Int64) -> Timestamp {
        Timestamp(milliseconds: Self.epoch + now + offset + now * drift / 1000)
    }
}
