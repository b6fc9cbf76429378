import Jobs

/// A job's record: what the protocol sees, and what the model needs beside it.
struct Kept {
    var state: JobState
    /// Which claim wrote it (``Claim``), as `state.owner` says in words.
    var claim: Int
    /// The steps that are done, one bit each.
    var steps: UInt8 = 0
    /// Which end it tells of (``JobEnd``); -1 while the job runs.
    var end = -1
}

/// What a conditional write is for.
enum WriteKind {
    case create, takeOver, reopen, step, beat, end, release, settle, announced, letterClaimed, letterNoted

    init(_ write: JobHandling.Write) {
        switch write {
        case .takeOver: self = .takeOver
        case .reopen: self = .reopen
        case .end: self = .end
        case .release: self = .release
        case .settle: self = .settle
        case .announced: self = .announced
        }
    }

    /// Whether only the worker that holds the job may write so.
    var needsLease: Bool { self == .step || self == .beat || self == .end || self == .release }
}

/// A write on its way: nil fence means that there must be no record.
struct RecordWrite {
    var file: Int
    var next: Kept
    var fence: JobState.Fence?
    var kind: WriteKind
}

/// One claim of one job, as an observer outside sees it.
struct Claim {
    var file: Int
    var worker: Int
    /// Whether its worker is still at it.
    var isLive = true
    /// Whether a kill, a pause, a leave or a failed call struck it: what then goes wrong for it has a reason.
    var isStruck = false
    /// Whether the file itself made the attempt fail.
    var isFailed = false
    /// How often it is written in the record, and so counts as an attempt.
    var attempts = 0
    var hasWorked = false
    /// Whether it gave the job back unharmed.
    var isInterrupted = false
    /// Which life of the job it belongs to: a job that is opened again has another.
    var epoch = 0
    /// The end that it wrote.
    var end = -1
}

/// One end of one job.
struct JobEnd {
    var file: Int
    var status: JobStatus
    var endedAt: Timestamp
    var isAnnouncementDue: Bool
    var announced = 0
    var letters = 0
    /// Whether a fault struck whoever settled it, while it was at that.
    var isStruck = false
}
