import Jobs

/// The work of one attempt: two steps, each begun and ended by a write of the record, with the heartbeat beside them.
extension World {
    private static let steps = 2
    private static let beatInterval = Scenario.leaseMilliseconds / 3

    func startWork(_ hand: Hand, _ state: JobState) {
        watchWork(hand, state)
        hand.lease = HeldLease(state, length: Scenario.lease)
        hand.isWorking = true
        hand.step = -1
        hand.beat = .sleeping
        hand.beatAt = now + Self.beatInterval
        hand.stop = workers[hand.worker].isLeaving ? .interrupted : nil
        nextStep(hand)
    }

    /// Works only where the rows are loaded already, as `JobWork` does.
    func finishWork(_ hand: Hand, _ state: JobState) {
        if files[file(of: hand)].loads > 0 { return startWork(hand, state) }
        handle(hand, .worked(.permanent, state))
    }

    private func nextStep(_ hand: Hand) {
        if let stop = hand.stop { return endWork(hand, stop) }
        repeat { hand.step += 1 } while hand.step < Self.steps && (hand.record?.steps ?? 0) & (1 << UInt8(hand.step)) != 0
        if hand.step == Self.steps { return endWork(hand, .succeeded) }
        write(hand, .stepStart)
    }

    /// Stops the work from beside it: what computes stops at once, what calls when it is answered.
    func stopWork(_ hand: Hand, _ why: JobHandling.WorkEnd) {
        guard hand.stop == nil else { return }
        hand.stop = why
        if hand.stage == .body || hand.stage == .waiting {
            hand.stage = .body
            hand.at = now
        }
    }

    // MARK: Steps

    /// Writes the record under a renewed lease; writes queue up.
    private func write(_ hand: Hand, _ purpose: Hand.Purpose) {
        hand.purpose = purpose
        if isWriting(hand.beat) {
            hand.stage = .waiting
            hand.at = .max
            return
        }
        guard let write = renewal(hand, .step) else { return fail("work without a lease") }
        issue(hand, purpose, .write(write))
    }

    private func isWriting(_ beat: Hand.Beat) -> Bool { beat == .writeEffect || beat == .writeAnswer }

    private func renewal(_ hand: Hand, _ kind: WriteKind) -> RecordWrite? {
        guard let lease = hand.lease, var next = hand.record else { return nil }
        next.state = lease.renewed(at: clock(hand))
        if mutant == .beatWithoutLease, kind == .beat { next.state.leaseUntil = lease.state.leaseUntil }
        next.claim = hand.claim
        return RecordWrite(file: file(of: hand), next: next, fence: lease.state.fence, kind: kind)
    }

    func bodyEnded(_ hand: Hand) {
        if let stop = hand.stop { return endWork(hand, stop) }
        let file = file(of: hand)
        let script = scenario.files[file]
        if hand.step == 0 {
            // A file whose rows are loaded has not been overtaken, whatever was begun since.
            if latest[script.key] > script.sequence, files[file].loads == 0 { return endWork(hand, .superseded) }
            latest[script.key] = max(latest[script.key], script.sequence)
        }
        if script.step == hand.step {
            switch script.fault {
            case .none: break
            case .badInput: if !files[file].isMended { return failed(hand, .badInput) }
            case .permanent: if !files[file].isMended { return failed(hand, .permanent) }
            case .transient: if files[file].failures < script.times { return failed(hand, .transient) }
            case .crash:
                if files[file].failures < script.times, !files[file].isMended {
                    files[file].failures += 1
                    claims[hand.claim].isFailed = true
                    return kill(hand.worker)
                }
            }
        }
        hand.isPausedSinceConfirmed = false
        if hand.lease?.mustBeConfirmed(at: clock(hand)) ?? true, mutant != .noConfirmation { return write(hand, .confirming) }
        callStep(hand)
    }

    private func failed(_ hand: Hand, _ how: JobHandling.WorkEnd) {
        files[file(of: hand)].failures += 1
        claims[hand.claim].isFailed = true
        endWork(hand, how)
    }

    private func callStep(_ hand: Hand) {
        issue(hand, .stepEffect, hand.step == 0 ? .load : .upload)
    }

    func stepAnswered(_ hand: Hand) {
        defer { if !(hand.purpose.isStepWrite && hand.stage == .effect) { wakeBeat(hand) } }
        // Cut off while it was called: whether the answer was still read is a matter of chance.
        if let stop = hand.stop, hand.purpose == .stepEffect || chance.happens(500) { return endWork(hand, stop) }
        switch hand.reply {
        case .refused: return endWork(hand, hand.stop ?? .transient)
        case .written(false): return issue(hand, hand.purpose, .find)
        case .found(let kept):
            if hand.lease?.goesOn(from: kept?.state) ?? false { return write(hand, hand.purpose) }
            watchLost(hand)
            return endWork(hand, hand.stop ?? .leaseLost)
        case .written(true): wrote(hand, hand.call)
        case .done: break
        }
        if let stop = hand.stop { return endWork(hand, stop) }
        switch hand.purpose {
        case .stepStart:
            hand.stage = .body
            hand.at = now + bodyLength()
        case .confirming: callStep(hand)
        case .stepEffect:
            hand.record?.steps |= 1 << UInt8(hand.step)
            write(hand, .stepEnd)
        default: nextStep(hand)
        }
    }

    private func wrote(_ hand: Hand, _ call: Call) {
        switch call {
        case .write(let write), .compare(let write): hand.lease?.wrote(write.next.state)
        default: break
        }
    }

    private func bodyLength() -> Int64 {
        let lease = Int(Scenario.leaseMilliseconds)
        if scenario.isSlow { return Int64(chance.within(lease / 10...lease / 7)) }
        switch chance.below(10) {
        case 0...5: return Int64(chance.within(1...500))
        case 6...8: return Int64(chance.within(500...lease / 2))
        default: return Int64(chance.within(lease / 2...3 * lease))
        }
    }

    private func endWork(_ hand: Hand, _ how: JobHandling.WorkEnd) {
        guard let state = hand.lease?.state else { return fail("work without a lease") }
        // The heartbeat is cut off: its call may still be made, its answer is not read.
        if hand.beat == .writeEffect || hand.beat == .extendEffect, chance.happens(500) { _ = perform(order(hand, hand.beatCall)) }
        hand.beat = .off
        hand.beatAt = .max
        hand.isWorking = false
        if how == .interrupted { claims[hand.claim].isInterrupted = true }
        note { "\(self.name(hand)): work on file \(self.file(of: hand)) ends: \(how)" }
        hand.record?.state = state
        handle(hand, .worked(how, state))
    }

    // MARK: Heartbeat

    func beatStep(_ hand: Hand) {
        switch hand.beat {
        case .off, .waiting: hand.beatAt = .max
        case .sleeping:
            if mutant == .beatWithoutVisibility { return beatWrite(hand) }
            hand.beat = .extendEffect
            hand.beatCall = .extend(milliseconds: Scenario.leaseMilliseconds)
            hand.beatAt = now + latency()
        case .extendEffect, .writeEffect:
            hand.beatReply = effect(hand, hand.beatCall)
            hand.beat = hand.beat == .extendEffect ? .extendAnswer : .writeAnswer
            hand.beatAt = now + latency()
        case .extendAnswer:
            if isRefused(hand.beatReply) { sleep(hand) } else { beatWrite(hand) }
        case .writeAnswer: beatAnswered(hand)
        }
    }

    private func sleep(_ hand: Hand) {
        hand.beat = .sleeping
        hand.beatAt = now + Self.beatInterval
    }

    private func beatWrite(_ hand: Hand) {
        if hand.purpose.isStepWrite, hand.stage == .effect || hand.stage == .answer {
            hand.beat = .waiting
            hand.beatAt = .max
            return
        }
        guard let write = renewal(hand, .beat) else { return fail("a heartbeat without a lease") }
        hand.beat = .writeEffect
        hand.beatCall = .write(write)
        hand.beatAt = now + latency()
    }

    private func wakeBeat(_ hand: Hand) {
        if hand.beat == .waiting {
            hand.beat = .sleeping
            hand.beatAt = now
            // It has extended the visibility: what is left is its write.
            hand.beat = .extendAnswer
            hand.beatReply = .done
        }
    }

    private func beatAnswered(_ hand: Hand) {
        if case .write(let write) = hand.beatCall, case .written(false) = hand.beatReply {
            hand.beat = .writeEffect
            hand.beatCall = .compare(write)
            hand.beatAt = now + latency()
            return
        }
        switch hand.beatReply {
        case .written(true): wrote(hand, hand.beatCall)
        case .written(false):
            hand.beat = .writeEffect
            hand.beatCall = .find
            hand.beatAt = now + latency()
            return
        case .found(let kept):
            if hand.lease?.goesOn(from: kept?.state) ?? false { return beatWrite(hand) }
            watchLost(hand)
            stopWork(hand, .leaseLost)
        default: break
        }
        sleep(hand)
        // The main thread's own write was waiting for this one.
        if hand.stage == .waiting { write(hand, hand.purpose) }
    }
}
