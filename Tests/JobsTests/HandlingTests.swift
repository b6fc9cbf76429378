import Jobs
import Testing

/// ``JobHandling`` and ``Settlement``, one event after another.
struct HandlingTests {
    private static let now = ManualClock.start
    private static let rules = JobHandling.Rules(lease: .seconds(30), maxAttempts: 3)

    private static func request(
        owner: String = "me", asker: String? = nil, redrivenFrom: Timestamp? = nil, isLast: Bool = false
    ) -> JobHandling.Request {
        var request = JobHandling.Request(owner: owner, jitter: 0)
        (request.asker, request.redrivenFrom, request.isLastDelivery) = (asker, redrivenFrom, isLast)
        return request
    }

    private static func running(attempt: Int = 1, owner: String? = "me") -> JobState {
        JobState(
            status: .running, attempt: attempt, owner: owner, leaseUntil: owner.map { _ in now.advanced(by: .seconds(30)) },
            updatedAt: now)
    }

    private static func ended(
        _ status: JobStatus, ago: Duration = .seconds(3600), asker: String? = nil, announcements: Bool = false,
        deadLetter: Bool = false
    ) -> JobState {
        let then = now.advanced(by: .zero - ago)
        return JobState(
            status: status, attempt: 2, owner: "other", leaseUntil: nil, updatedAt: then, endedAt: then, asker: asker,
            owesAnnouncements: announcements, owesDeadLetter: deadLetter)
    }

    /// A machine that has claimed its job at `attempt`, and the state it wrote.
    private static func claimed(attempt: Int = 1, _ request: JobHandling.Request = request()) throws -> (JobHandling, JobState) {
        var handling = JobHandling(request, rules: rules)
        #expect(handling.next(.begun, at: now) == .find)
        guard case .replace(let state, _, .takeOver) = handling.next(.found(running(attempt: attempt - 1, owner: nil)), at: now) else {
            throw Failure(.permanent, "test", "the job was not taken over")
        }
        #expect(handling.next(.written(true), at: now) == .work(state))
        return (handling, state)
    }

    // MARK: Ends

    @Test("work that succeeded is recorded, announced, noted, and then done")
    func succeeded() throws {
        var (handling, state) = try Self.claimed()
        guard case .replace(let end, let fence, .end) = handling.next(.worked(.succeeded, state), at: Self.now) else {
            Issue.record("not ended")
            return
        }
        #expect(fence == state.fence)
        #expect(
            (end.status, end.leaseUntil, end.endedAt, end.owesAnnouncements, end.owesDeadLetter)
                == (.succeeded, nil, end.updatedAt, true, false))
        #expect(end.updatedAt > state.updatedAt)
        #expect(handling.next(.written(true), at: Self.now) == .announce)
        guard case .replace(let noted, _, .announced) = handling.next(.announced, at: Self.now) else {
            Issue.record("not noted")
            return
        }
        #expect(!noted.owesAnnouncements)
        #expect(handling.next(.written(true), at: Self.now) == .finish(.done))
    }

    @Test(
        "work that cannot be done ends the job, and owes announcements and a dead letter",
        arguments: [
            (JobHandling.WorkEnd.badInput, 1, JobStatus.rejected), (.permanent, 1, .failed), (.transient, 3, .failed),
        ])
    func undone(_ how: JobHandling.WorkEnd, _ attempt: Int, _ status: JobStatus) throws {
        var (handling, state) = try Self.claimed(attempt: attempt)
        guard case .replace(let end, _, .end) = handling.next(.worked(how, state), at: Self.now) else {
            Issue.record("not ended")
            return
        }
        #expect((end.status, end.owesAnnouncements, end.owesDeadLetter) == (status, true, true))
        #expect(handling.next(.written(true), at: Self.now) == .announce)
        _ = handling.next(.announced, at: Self.now)
        #expect(handling.next(.written(true), at: Self.now) == .finish(.rejected))
    }

    @Test("a transient failure gives the job back and waits longer each time; at the last delivery it is final")
    func transient() throws {
        for (attempt, seconds) in [(1, 5), (2, 10)] {
            var (handling, state) = try Self.claimed(attempt: attempt)
            guard case .replace(let released, _, .release) = handling.next(.worked(.transient, state), at: Self.now) else {
                Issue.record("not released")
                return
            }
            #expect((released.owner, released.leaseUntil, released.attempt) == (nil, nil, attempt))
            #expect(handling.next(.written(true), at: Self.now) == .finish(.retry(after: .seconds(seconds))))
        }
        var (handling, state) = try Self.claimed(Self.request(isLast: true))
        guard case .replace(let end, _, .end) = handling.next(.worked(.transient, state), at: Self.now) else {
            Issue.record("not ended")
            return
        }
        #expect(end.status == .failed)
    }

    @Test("an interrupted attempt is taken off; a lost lease writes nothing; a superseded job is not announced")
    func others() throws {
        var (handling, state) = try Self.claimed(attempt: 2)
        guard case .replace(let released, _, .release) = handling.next(.worked(.interrupted, state), at: Self.now) else {
            Issue.record("not released")
            return
        }
        #expect(released.attempt == 1)
        #expect(handling.next(.written(true), at: Self.now) == .finish(.interrupted))

        (handling, state) = try Self.claimed()
        #expect(handling.next(.worked(.leaseLost, state), at: Self.now) == .finish(.interrupted))

        (handling, state) = try Self.claimed()
        guard case .replace(let end, _, .end) = handling.next(.worked(.superseded, state), at: Self.now) else {
            Issue.record("not ended")
            return
        }
        #expect((end.status, end.owesAnnouncements, end.owesDeadLetter) == (.superseded, false, false))
        #expect(handling.next(.written(true), at: Self.now) == .finish(.superseded))
    }

    @Test("who lost the job while it worked ends nothing", arguments: [JobHandling.WorkEnd.succeeded, .transient, .badInput])
    func fenced(_ how: JobHandling.WorkEnd) throws {
        for found in [Self.running(attempt: 2, owner: "other"), Self.ended(.succeeded), nil] {
            var (handling, state) = try Self.claimed()
            _ = handling.next(.worked(how, state), at: Self.now)
            #expect(handling.next(.written(false), at: Self.now) == .find)
            #expect(handling.next(.found(found), at: Self.now) == .finish(.interrupted))
        }
    }

    @Test(
        "an end or a release that only our own heartbeat stands against is written after it",
        arguments: [JobHandling.WorkEnd.succeeded, .interrupted])
    func ownHeartbeat(_ how: JobHandling.WorkEnd) throws {
        var (handling, state) = try Self.claimed()
        guard case .replace(let written, state.fence, let write) = handling.next(.worked(how, state), at: Self.now) else {
            Issue.record("nothing was written")
            return
        }
        // The heartbeat was cut off when the work ended: its write was made, its answer not read.
        let renewed = HeldLease(state, length: .seconds(30)).renewed(at: Self.now.advanced(by: .seconds(10)))
        #expect(handling.next(.written(false), at: Self.now) == .find)
        #expect(handling.next(.found(renewed), at: Self.now) == .replace(written, expecting: renewed.fence, write))
        let after = handling.next(.written(true), at: Self.now)
        #expect(after == (how == .succeeded ? .announce : .finish(.interrupted)))
    }

    @Test("a lease goes on after a write of its own whose answer was lost, and not after another's")
    func lostAnswer() {
        let state = Self.running()
        var lease = HeldLease(state, length: .seconds(30))
        let renewed = lease.renewed(at: Self.now.advanced(by: .seconds(10)))
        let isOurs = lease.goesOn(from: renewed)
        #expect(isOurs)
        #expect(lease.state == renewed)
        for found in [
            Self.running(attempt: 2, owner: "other"), Self.running(attempt: 2), Self.running(owner: nil), Self.ended(.failed), nil,
        ] {
            let isTaken = !lease.goesOn(from: found)
            #expect(isTaken)
        }
        #expect(lease.state == renewed)
    }

    @Test("a job whose attempts are used up is only finished, where its rows are loaded, or fails")
    func exhaustedOnce() {
        var handling = JobHandling(Self.request(), rules: Self.rules)
        _ = handling.next(.begun, at: Self.now)
        _ = handling.next(.found(Self.running(attempt: 3, owner: nil)), at: Self.now)
        guard case .finishWork(let state) = handling.next(.written(true), at: Self.now) else {
            Issue.record("not finished")
            return
        }
        #expect(state.attempt == 4)
        for (how, status) in [(JobHandling.WorkEnd.permanent, JobStatus.failed), (.transient, .failed), (.succeeded, .succeeded)] {
            var copy = handling
            guard case .replace(let end, _, .end) = copy.next(.worked(how, state), at: Self.now) else {
                Issue.record("not ended")
                return
            }
            #expect(end.status == status)
        }
    }

    @Test("a job begun more often than is allowed fails without work")
    func exhausted() {
        var handling = JobHandling(Self.request(), rules: Self.rules)
        _ = handling.next(.begun, at: Self.now)
        _ = handling.next(.found(Self.running(attempt: 4, owner: nil)), at: Self.now)
        guard case .replace(let end, _, .end) = handling.next(.written(true), at: Self.now) else {
            Issue.record("not ended")
            return
        }
        #expect(end.status == .failed)
    }

    // MARK: Jobs that ended before

    @Test("an ended job is alreadyDone, and what it still owes is said after a while of grace")
    func settledAgain() {
        func first(_ found: JobState) -> JobHandling.Action {
            var handling = JobHandling(Self.request(), rules: Self.rules)
            _ = handling.next(.begun, at: Self.now)
            return handling.next(.found(found), at: Self.now)
        }
        for status in JobStatus.allCases where status.isEnded {
            #expect(first(Self.ended(status)) == .finish(.alreadyDone))
        }
        func isSettled(_ found: JobState) -> Bool {
            if case .replace(let state, found.fence, .settle) = first(found) { return state.owner == "me" && state.updatedAt == Self.now }
            return false
        }
        #expect(isSettled(Self.ended(.succeeded, announcements: true)))
        #expect(first(Self.ended(.succeeded, ago: .seconds(9), announcements: true)) == .finish(.retry(after: .seconds(10))))
        #expect(isSettled(Self.ended(.rejected, deadLetter: true)))
        #expect(first(Self.ended(.rejected, ago: .seconds(9), deadLetter: true)) == .finish(.retry(after: .seconds(10))))
    }

    @Test("of two deliveries that settle an ended job one does, and the other comes back")
    func settledOnce() {
        let found = Self.ended(.rejected, deadLetter: true)
        var winner = JobHandling(Self.request(owner: "winner"), rules: Self.rules)
        _ = winner.next(.begun, at: Self.now)
        guard case .replace(let settled, _, .settle) = winner.next(.found(found), at: Self.now) else {
            Issue.record("not settled")
            return
        }
        #expect(winner.next(.written(true), at: Self.now) == .finish(.rejected))
        var loser = JobHandling(Self.request(owner: "loser"), rules: Self.rules)
        _ = loser.next(.begun, at: Self.now)
        _ = loser.next(.found(found), at: Self.now)
        #expect(loser.next(.written(false), at: Self.now) == .find)
        #expect(loser.next(.found(settled), at: Self.now) == .finish(.retry(after: .seconds(10))))
    }

    @Test("a redriven dead letter, or another Step Functions task, opens an undone job again")
    func reopened() {
        func isReopened(_ request: JobHandling.Request, _ found: JobState) -> Bool {
            var handling = JobHandling(request, rules: Self.rules)
            _ = handling.next(.begun, at: Self.now)
            if case .replace(let state, _, .reopen) = handling.next(.found(found), at: Self.now) { return state.attempt == 1 }
            return false
        }
        let rejected = Self.ended(.rejected, asker: "task 1")
        #expect(isReopened(Self.request(redrivenFrom: rejected.endedAt), rejected))
        // A copy of an earlier letter: the job was tried since.
        #expect(!isReopened(Self.request(redrivenFrom: rejected.endedAt?.advanced(by: .milliseconds(-1))), rejected))
        #expect(isReopened(Self.request(asker: "task 2"), rejected))
        // What it owes is said first, and the message comes back.
        var handling = JobHandling(Self.request(asker: "task 2"), rules: Self.rules)
        _ = handling.next(.begun, at: Self.now)
        _ = handling.next(.found(Self.ended(.rejected, announcements: true)), at: Self.now)
        #expect(handling.next(.written(true), at: Self.now) == .announce)
        _ = handling.next(.announced, at: Self.now)
        #expect(handling.next(.written(true), at: Self.now) == .finish(.retry(after: .zero)))
        #expect(!isReopened(Self.request(asker: "task 1"), rejected))
        for status in [JobStatus.succeeded, .superseded] {
            let found = Self.ended(status)
            #expect(!isReopened(Self.request(asker: "task 2", redrivenFrom: found.endedAt), found))
        }
    }

    @Test("an end is announced before its job is opened again")
    func announcedBeforeReopened() {
        let found = Self.ended(.failed, asker: "task 1", announcements: true)
        var handling = JobHandling(Self.request(asker: "task 2"), rules: Self.rules)
        _ = handling.next(.begun, at: Self.now)
        guard case .replace(_, found.fence, .settle) = handling.next(.found(found), at: Self.now) else {
            Issue.record("not settled")
            return
        }
        #expect(handling.next(.written(true), at: Self.now) == .announce)
        _ = handling.next(.announced, at: Self.now)
        #expect(handling.next(.written(true), at: Self.now) == .finish(.retry(after: .zero)))
    }

    @Test("each write to an ended job changes its fence, so that who read it before cannot put back what was crossed out")
    func settlingFences() throws {
        var (handling, state) = try Self.claimed()
        guard case .replace(let ended, _, .end) = handling.next(.worked(.badInput, state), at: Self.now) else {
            Issue.record("not ended")
            return
        }
        _ = handling.next(.written(true), at: Self.now)
        guard case .replace(let announced, ended.fence, .announced) = handling.next(.announced, at: Self.now) else {
            Issue.record("not noted")
            return
        }
        let claimed = announced.claimingDeadLetter(at: Self.now)
        let noted = claimed.notingDeadLetter(at: Self.now)
        #expect(Set([ended, announced, claimed, noted].map(\.fence)).count == 4)
        #expect(!noted.owesAnnouncements && !noted.owesDeadLetter && claimed.owesDeadLetter)
    }

    @Test("a task is heard once, also where another asked in between")
    func askers() {
        func opens(_ task: String, _ found: JobState) -> JobState? {
            var handling = JobHandling(Self.request(asker: task), rules: Self.rules)
            _ = handling.next(.begun, at: Self.now)
            if case .replace(let state, _, .reopen) = handling.next(.found(found), at: Self.now) { return state }
            return nil
        }
        var state = Self.ended(.failed, asker: "first")
        for number in 2...8 {
            guard let opened = opens("task\(number)", state) else {
                Issue.record("task \(number) was not heard")
                return
            }
            state = Self.ended(.failed, asker: opened.asker)
            #expect(opens("task\(number)", state) == nil)
            #expect(opens("first", state) == nil)
        }
        // Only the last few are remembered.
        #expect(opens("ninth", state)?.asker?.split(separator: ",").count == 8)
    }

    @Test("a record's times never go back, so that a redriven letter is older than the end after it")
    func clocks() {
        let late = Self.now.advanced(by: .seconds(500))
        var handling = JobHandling(Self.request(redrivenFrom: late), rules: Self.rules)
        var found = Self.ended(.rejected)
        found.endedAt = late
        found.updatedAt = late
        _ = handling.next(.begun, at: Self.now)
        guard case .replace(let opened, _, .reopen) = handling.next(.found(found), at: Self.now) else {
            Issue.record("not opened")
            return
        }
        #expect(opened.leaseUntil == Self.now.advanced(by: .seconds(30)))
        _ = handling.next(.written(true), at: Self.now)
        let renewed = HeldLease(opened, length: .seconds(30)).renewed(at: Self.now)
        #expect(renewed.updatedAt > late)
        guard case .replace(let ended, _, .end) = handling.next(.worked(.badInput, renewed), at: Self.now) else {
            Issue.record("not ended")
            return
        }
        #expect(ended.endedAt.map { $0 > late } == true)
    }

    @Test("who waits for another's settlement waits up to twice as long as it has, so that two do not wait for each other")
    func spreadGrace() {
        var request = Self.request()
        request.jitter = 1
        var handling = JobHandling(request, rules: Self.rules)
        _ = handling.next(.begun, at: Self.now)
        let found = Self.ended(.rejected, ago: .seconds(9), deadLetter: true)
        #expect(handling.next(.found(found), at: Self.now) == .finish(.retry(after: .seconds(20))))
    }

    @Test("a call that is refused leaves the message to come back, whatever was under way")
    func refused() throws {
        var handling = JobHandling(Self.request(), rules: Self.rules)
        _ = handling.next(.begun, at: Self.now)
        #expect(handling.next(.refused, at: Self.now) == .finish(.retry(after: .seconds(15))))
        var (working, state) = try Self.claimed()
        _ = working.next(.worked(.succeeded, state), at: Self.now)
        #expect(working.next(.refused, at: Self.now) == .finish(.retry(after: .seconds(15))))
        (working, state) = try Self.claimed()
        _ = working.next(.worked(.succeeded, state), at: Self.now)
        _ = working.next(.written(true), at: Self.now)
        #expect(working.next(.refused, at: Self.now) == .finish(.retry(after: .seconds(15))))
    }

    // MARK: Settlement

    private static func settlement(_ outcomes: [Outcome], refusing refused: Settlement.Action? = nil) -> [Settlement.Action] {
        var settlement = Settlement(outcomes)
        var actions: [Settlement.Action] = []
        var event = Settlement.Event.begun
        for _ in 0..<20 {
            let action = settlement.next(event)
            if action == .finish { break }
            actions.append(action)
            event = action == refused ? .refused : .done
        }
        return actions
    }

    @Test("a message is deleted only when all its requests have ended, and never before its dead letter is stored")
    func settles() {
        #expect(Self.settlement([.done, .alreadyDone, .superseded]) == [.respond, .delete])
        #expect(
            Self.settlement([.done, .rejected, .rejected]) == [
                .respond, .claimDeadLetter(1), .claimDeadLetter(2), .copyToDeadLetters, .noteDeadLetter(1), .noteDeadLetter(2),
                .delete,
            ])
        #expect(Self.settlement([.rejected, .retry(after: .seconds(9)), .retry(after: .seconds(4))]) == [.release(after: .seconds(4))])
        #expect(Self.settlement([.rejected, .retry(after: .seconds(9)), .interrupted]) == [.release(after: .zero)])
    }

    @Test("a settlement that is refused goes no further, but for the note of a copy that is there")
    func refusedSettlement() {
        #expect(Self.settlement([.rejected], refusing: .respond) == [.respond])
        #expect(Self.settlement([.rejected], refusing: .claimDeadLetter(0)) == [.respond, .claimDeadLetter(0)])
        let copied: [Settlement.Action] = [.respond, .claimDeadLetter(0), .copyToDeadLetters]
        #expect(Self.settlement([.rejected], refusing: .copyToDeadLetters) == copied)
        #expect(
            Self.settlement([.rejected], refusing: .noteDeadLetter(0)) == copied + [.noteDeadLetter(0), .delete])
        #expect(Self.settlement([.done], refusing: .delete) == [.respond, .delete])
    }
}
