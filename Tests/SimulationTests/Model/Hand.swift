import Jobs

/// A call to the outside that is on its way.
enum Call {
    case receive, find, announce, load, upload, respond, copy, delete
    case write(RecordWrite)
    /// Reads the record again, because a write was refused: perhaps it was this very one.
    case compare(RecordWrite)
    case extend(milliseconds: Int64)
}

/// What came of a call.
enum Reply {
    case done
    case found(Kept?)
    case written(Bool)
    /// It failed, and whether it took effect is not known.
    case refused
}

/// One slot of one worker: the message it works on, where it stands, and the heartbeat beside it.
///
/// Two threads share it, as in the product: the one that handles and works, and the heartbeat. Each stands before the
/// effect of a call, before its answer, in its work, or waits for the other's write.
final class Hand {
    enum Stage {
        /// Has no message.
        case idle
        /// The call has been made; at ``at`` it takes effect.
        case effect
        /// The call took effect; at ``at`` the worker learns of it.
        case answer
        /// Computes until ``at``.
        case body
        /// Waits for the heartbeat's write to end.
        case waiting
    }

    /// What the main thread is about.
    enum Purpose {
        case receiving, keeping, handling, settling, noting
        case stepStart, confirming, stepEffect, stepEnd

        var isStepWrite: Bool { self == .stepStart || self == .confirming || self == .stepEnd }
    }

    /// Where the heartbeat stands: first it extends the visibility, then the lease.
    enum Beat { case off, sleeping, extendEffect, extendAnswer, waiting, writeEffect, writeAnswer }

    let index: Int
    let worker: Int
    var stage = Stage.idle
    var purpose = Purpose.receiving
    var at = Int64.max
    /// From when an idle hand receives.
    var readyAt: Int64 = 0
    /// When an idle hand may be given a duplicate.
    var pollAt = Int64.max
    var call = Call.receive
    var reply = Reply.done

    var beat = Beat.off
    var beatAt = Int64.max
    var beatCall = Call.receive
    var beatReply = Reply.done

    // The message in hand.
    var message = -1
    var receipt = 0
    var isLastDelivery = false
    var request = 0
    var outcomes: [Outcome] = []
    /// The records of the message's files as they were left, for the notes of their dead letters.
    var records: [Kept?] = []
    var settlement = Settlement([])
    var isStruck = false

    // The file in hand.
    var handling = JobHandling(JobHandling.Request(owner: "", jitter: 0), rules: JobHandling.Rules(lease: .zero, maxAttempts: 0))
    var record: Kept?
    var claim = -1
    var lease: HeldLease?
    var step = 0
    /// Why the work is to stop before its end: the lease is lost, or the worker leaves.
    var stop: JobHandling.WorkEnd?
    /// Whether a pause fell between looking at the lease and the effect.
    var isPausedSinceConfirmed = false
    /// Whether it is between the begin and the end of its work, with the heartbeat beside it.
    var isWorking = false

    init(index: Int, worker: Int) {
        self.index = index
        self.worker = worker
    }

    /// Forgets the message: it is settled, or its worker was killed.
    func drop(readyAt: Int64) {
        stage = .idle
        purpose = .receiving
        at = .max
        self.readyAt = readyAt
        beat = .off
        beatAt = .max
        message = -1
        claim = -1
        record = nil
        lease = nil
        stop = nil
        isWorking = false
        isStruck = false
        outcomes.removeAll(keepingCapacity: true)
        records.removeAll(keepingCapacity: true)
    }
}
