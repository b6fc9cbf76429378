/// How a job ended for one delivery of its request, or why it did not: what settlement acts on.
package enum Outcome: Hashable, Sendable {
    case done
    /// Another delivery of the same arrival ended before.
    case alreadyDone
    /// A newer version of the key was taken first.
    case superseded
    /// Try again, not before this time has passed.
    case retry(after: Duration)
    /// It can't be done; the message goes to the dead-letter queue with the reason that the job's record holds.
    case rejected
    /// The worker is leaving or lost its lease: give the message back as it was.
    case interrupted
}

/// The protocol by which one worker takes one request from claim to outcome: event in, action out.
///
/// Pure: it reads no clock and touches nothing, so that the simulation (`Tests/SimulationTests`) explores the very rules
/// that the worker follows. Each action is one call to the outside; the worker may die before and after any of them.
///
///     find -> create | take over -> work -> end -> announce -> note that it is announced -> finish
///          -> settle what an ended job owes  ----> announce -> …
package struct JobHandling: Sendable {
    package enum Event: Hashable, Sendable {
        case begun
        case found(JobState?)
        /// Whether a conditional write was made; false: the record is no longer as expected.
        case written(Bool)
        /// The work is over; the state is as the attempt last wrote it.
        case worked(WorkEnd, JobState)
        case announced
        /// A call failed, and whether it took effect is not known.
        case refused
    }

    package enum Action: Hashable, Sendable {
        /// Read the job's record.
        case find
        /// Make the job's record, where there is none.
        case create(JobState)
        /// Write the record, where it is still as `expecting` says.
        case replace(JobState, expecting: JobState.Fence, Write)
        /// Run the workflow, with a heartbeat beside it.
        case work(JobState)
        /// The attempts are used up, each by a worker that died: run the workflow to its end only where its effect is there
        /// already (the rows are loaded), so that no job fails whose rows are. Else the work ends as ``WorkEnd/permanent``.
        case finishWork(JobState)
        /// Send the announcements that the record holds.
        case announce
        case finish(Outcome)
    }

    /// What a write is for, so that whoever makes it adds what belongs to it.
    package enum Write: Hashable, Sendable {
        case takeOver, reopen
        /// Ends the job: the error or the receipt and the announcements are written with it.
        case end
        /// Gives the job back, with the reason.
        case release
        /// Takes it upon us to say what an ended job still owes: of several deliveries one does.
        case settle
        /// Notes that the announcements are out.
        case announced
    }

    /// How an attempt's work ended.
    package enum WorkEnd: Hashable, Sendable {
        case succeeded
        /// The one step that was asked for is done.
        case stepDone
        case superseded
        /// The file is at fault.
        case badInput
        /// We, our settings or our rights are at fault.
        case permanent
        /// It may pass.
        case transient
        /// The worker is leaving.
        case interrupted
        /// Another worker has taken the job over: nothing more may be written.
        case leaseLost
    }

    /// The numbers of the protocol.
    package struct Rules: Hashable, Sendable {
        package var lease: Duration
        /// How often a job is tried before it fails for good.
        package var maxAttempts: Int
        /// How long a request waits whose job another worker holds, at the most.
        package var maxHeldWait = Duration.seconds(60)
        /// How long the worker that ended a job has to announce it and to settle its message, before another does.
        package var settlementGrace = Duration.seconds(10)
        /// How soon we try again when a job could not be claimed, or its end not be recorded or announced.
        package var refusedWait = Duration.seconds(15)
        package var firstBackoff = Duration.seconds(5)
        package var maxBackoff = Duration.seconds(300)
        /// How often a lost race is run again before the job counts as held.
        package var maxRaces = 5

        package init(lease: Duration, maxAttempts: Int) {
            self.lease = lease
            self.maxAttempts = maxAttempts
        }

        /// 5 s, 10 s, 20 s … up to 5 minutes, of which `jitter` (0...1) takes up to a half.
        func backoff(after attempt: Int, jitter: Double) -> Duration {
            let doublings = min(max(attempt - 1, 0), 16)
            return min(firstBackoff * (1 << doublings), maxBackoff) * (1 - jitter / 2)
        }
    }

    /// What is known of the request beyond its job.
    package struct Request: Hashable, Sendable {
        /// Unique to this claim: a write whose answer was lost is known again by it.
        package var owner: String
        /// The Step Functions task that asks (a digest of its token): another than before asks for another try.
        package var asker: String?
        /// When the job ended that this message's dead letter speaks of: set where it was redriven, and so asks for another try.
        package var redrivenFrom: Timestamp?
        /// Whether the queue gives the message out for the last time: a failure now is final.
        package var isLastDelivery = false
        /// 0...1; spreads retries.
        package var jitter: Double

        package init(owner: String, jitter: Double) {
            self.owner = owner
            self.jitter = jitter
        }
    }

    private let rules: Rules
    private let request: Request
    private var races = 0
    private var phase = Phase.reading

    private enum Phase: Hashable, Sendable {
        case reading
        case claiming(JobState)
        case working
        case ending(JobState, then: Outcome)
        case settling(JobState, then: Outcome)
        case releasing(JobState, then: Outcome)
        /// Looks whether a write was refused because of ourselves: of a heartbeat whose answer was cut off when the work ended.
        case checking(JobState, Write, then: Outcome)
        case announcing(JobState, then: Outcome)
        case noting(JobState, then: Outcome)
    }

    package init(_ request: Request, rules: Rules) {
        self.request = request
        self.rules = rules
    }

    /// What to do after an event. `now` is the worker's own clock.
    package mutating func next(_ event: Event, at now: Timestamp) -> Action {
        switch (phase, event) {
        case (.reading, .begun): return .find
        case (.reading, .found(let state)): return claim(state, now)
        case (.claiming(let state), .written(true)):
            return work(state, now)
        case (.claiming, .written(false)), (.settling, .written(false)), (.noting, .written(false)):
            races += 1
            phase = .reading
            return races < rules.maxRaces ? .find : .finish(.retry(after: rules.lease))
        case (.working, .worked(let how, let state)): return end(how, state, now)
        case (.ending(let state, let outcome), .written(true)), (.settling(let state, let outcome), .written(true)):
            return announce(state, then: outcome)
        case (.ending(let next, let outcome), .written(false)): return check(next, .end, then: outcome)
        case (.releasing(let next, let outcome), .written(false)): return check(next, .release, then: outcome)
        case (.checking(let next, let write, let outcome), .found(let found)):
            guard let found, found.owner == request.owner, !found.status.isEnded else { return .finish(.interrupted) }
            phase = write == .end ? .ending(next, then: outcome) : .releasing(next, then: outcome)
            return .replace(next, expecting: found.fence, write)
        case (.releasing(_, let outcome), .written(true)): return .finish(outcome)
        case (.announcing(let state, let outcome), .announced):
            var next = state
            next.updatedAt = state.nextUpdate(at: now)
            next.owesAnnouncements = false
            phase = .noting(next, then: outcome)
            return .replace(next, expecting: state.fence, .announced)
        case (.noting(_, let outcome), .written(true)): return .finish(outcome)
        default: return .finish(.retry(after: rules.refusedWait))
        }
    }

    // MARK: Claim

    private mutating func claim(_ found: JobState?, _ now: Timestamp) -> Action {
        guard let found else {
            let state = JobState(
                status: .running, attempt: 1, owner: request.owner, leaseUntil: now.advanced(by: rules.lease), updatedAt: now,
                asker: request.asker)
            phase = .claiming(state)
            return .create(state)
        }
        if found.status.isEnded {
            // An end is announced before the job may have another.
            let reopens = found.status.isUndone && asksAgain(found)
            return reopens && !found.owesAnnouncements ? take(found, .reopen, now) : settleAgain(found, reopens: reopens, now)
        }
        if found.owner == request.owner { return work(found, now) }
        if let until = found.leaseUntil, until > now {
            let rest = Duration.milliseconds(until.milliseconds - now.milliseconds)
            return .finish(.retry(after: min(max(rest, .seconds(1)), rules.maxHeldWait)))
        }
        return take(found, .takeOver, now)
    }

    private func asksAgain(_ found: JobState) -> Bool {
        if let asker = request.asker, !found.isAsked(by: asker) { return true }
        if let redriven = request.redrivenFrom, let ended = found.endedAt { return redriven >= ended }
        return false
    }

    private mutating func take(_ found: JobState, _ write: Write, _ now: Timestamp) -> Action {
        // The next end is later than the one redriven, whatever the workers' clocks say.
        var updatedAt = found.nextUpdate(at: now)
        if let redriven = request.redrivenFrom { updatedAt = max(updatedAt, redriven.advanced(by: .milliseconds(1))) }
        let state = JobState(
            status: .running, attempt: write == .reopen ? 1 : found.attempt + 1, owner: request.owner,
            leaseUntil: now.advanced(by: rules.lease), updatedAt: updatedAt, asker: found.asker(and: request.asker))
        phase = .claiming(state)
        return .replace(state, expecting: found.fence, write)
    }

    /// A job that ended before: says what was not said, and settles its message accordingly. Who ended it, or took its
    /// settlement upon itself, has a while to do so.
    private mutating func settleAgain(_ found: JobState, reopens: Bool, _ now: Timestamp) -> Action {
        guard found.owesAnnouncements || found.owesDeadLetter else { return .finish(.alreadyDone) }
        let grace = min(rules.settlementGrace, rules.lease)
        // Spread, or two messages that ask for the same two files could make each other wait for ever.
        if now < found.updatedAt.advanced(by: grace) { return .finish(.retry(after: grace * (1 + request.jitter))) }
        var state = found
        state.owner = request.owner
        state.updatedAt = found.nextUpdate(at: now)
        let outcome = reopens ? Outcome.retry(after: .zero) : found.owesDeadLetter ? .rejected : .alreadyDone
        phase = .settling(state, then: outcome)
        return .replace(state, expecting: found.fence, .settle)
    }

    private mutating func work(_ state: JobState, _ now: Timestamp) -> Action {
        if state.attempt > rules.maxAttempts + 1 { return end(.permanent, state, now) }
        phase = .working
        return state.attempt > rules.maxAttempts ? .finishWork(state) : .work(state)
    }

    // MARK: End

    private mutating func end(_ how: WorkEnd, _ state: JobState, _ now: Timestamp) -> Action {
        switch how {
        case .leaseLost: return .finish(.interrupted)
        case .interrupted: return release(state, counted: false, then: .interrupted, now)
        case .stepDone: return release(state, counted: false, then: .done, now)
        case .transient where state.attempt < rules.maxAttempts && !request.isLastDelivery:
            return release(state, counted: true, then: .retry(after: rules.backoff(after: state.attempt, jitter: request.jitter)), now)
        case .succeeded: return end(state, .succeeded, then: .done, now)
        case .superseded: return end(state, .superseded, then: .superseded, now)
        case .badInput: return end(state, .rejected, then: .rejected, now)
        case .permanent, .transient: return end(state, .failed, then: .rejected, now)
        }
    }

    private mutating func end(_ state: JobState, _ status: JobStatus, then outcome: Outcome, _ now: Timestamp) -> Action {
        var next = state
        next.status = status
        next.leaseUntil = nil
        next.updatedAt = state.nextUpdate(at: now)
        next.endedAt = next.updatedAt
        next.owesAnnouncements = status != .superseded
        next.owesDeadLetter = outcome == .rejected
        phase = .ending(next, then: outcome)
        return .replace(next, expecting: state.fence, .end)
    }

    private mutating func release(_ state: JobState, counted: Bool, then outcome: Outcome, _ now: Timestamp) -> Action {
        var next = state
        next.owner = nil
        next.leaseUntil = nil
        next.updatedAt = state.nextUpdate(at: now)
        next.attempt -= counted ? 0 : 1
        phase = .releasing(next, then: outcome)
        return .replace(next, expecting: state.fence, .release)
    }

    private mutating func check(_ next: JobState, _ write: Write, then outcome: Outcome) -> Action {
        races += 1
        phase = .checking(next, write, then: outcome)
        return races < rules.maxRaces ? .find : .finish(.interrupted)
    }

    private mutating func announce(_ state: JobState, then outcome: Outcome) -> Action {
        guard state.owesAnnouncements else { return .finish(outcome) }
        phase = .announcing(state, then: outcome)
        return .announce
    }
}
