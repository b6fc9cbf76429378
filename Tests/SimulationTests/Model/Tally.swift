/// What happened in a schedule, or in many.
struct Tally: Sendable {
    /// What no few hundred schedules hold.
    static let rarest = "superseded files that a worker loaded which had been stopped before"

    var kills = 0
    var pauses = 0
    var leaves = 0
    var refusals = 0
    var lateCalls = 0
    var duplicates = 0
    var redrives = 0
    var native = 0
    var claims = 0
    var ends = 0
    var secondLetters = 0
    var secondAnnouncements = 0
    var failedAfterLoad = 0
    var exhaustedAfterLoad = 0
    var supersededThoughLoaded = 0
    var lostLeases = 0

    mutating func add(_ other: Tally) {
        kills += other.kills
        pauses += other.pauses
        leaves += other.leaves
        refusals += other.refusals
        lateCalls += other.lateCalls
        duplicates += other.duplicates
        redrives += other.redrives
        native += other.native
        claims += other.claims
        ends += other.ends
        secondLetters += other.secondLetters
        secondAnnouncements += other.secondAnnouncements
        failedAfterLoad += other.failedAfterLoad
        exhaustedAfterLoad += other.exhaustedAfterLoad
        supersededThoughLoaded += other.supersededThoughLoaded
        lostLeases += other.lostLeases
    }

    /// In words, for the sums.
    var lines: [(name: String, count: Int)] {
        [
            ("kills", kills),
            ("pauses", pauses),
            ("workers asked to leave", leaves),
            ("calls refused, made or not", refusals),
            ("calls refused and made later", lateCalls),
            ("duplicate deliveries", duplicates),
            ("letters redriven", redrives),
            ("letters of the queue itself", native),
            ("requests handled", claims),
            ("jobs ended", ends),
            ("second dead letters for one end, each with a fault to blame", secondLetters),
            ("announcements sent again", secondAnnouncements),
            ("jobs whose upload failed after their rows were loaded", failedAfterLoad),
            ("jobs whose attempts faults used up after their rows were loaded", exhaustedAfterLoad),
            (Self.rarest, supersededThoughLoaded),
            ("writes that found the job taken", lostLeases),
        ]
    }
}
