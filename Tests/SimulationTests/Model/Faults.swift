import Jobs

/// What goes wrong with workers, and what the operator does about dead letters.
extension World {
    /// Lets faults strike before an event; true where the event does not happen (now).
    func isStopped(_ hand: Hand, isBeat: Bool) -> Bool {
        let worker = hand.worker
        if hasFaults, hand.stage != .idle {
            let faults = scenario.faults
            if chance.happens(faults.kill) {
                kill(worker)
                return true
            }
            if chance.happens(faults.pause) { pause(worker) }
            if chance.happens(faults.leave), !workers[worker].isLeaving { leave(worker) }
            if chance.happens(faults.redrive) { redriveOne() }
        }
        guard workers[worker].pausedUntil > now else { return false }
        // A call that is on the wire takes effect though its worker is stopped.
        let isEffect = isBeat ? hand.beat == .extendEffect || hand.beat == .writeEffect : hand.stage == .effect
        if isEffect, chance.happens(500) { return false }
        let wakes = workers[worker].pausedUntil + Int64(chance.below(50))
        if isBeat {
            hand.beatAt = wakes
        } else if hand.stage == .idle {
            hand.readyAt = wakes
            hand.pollAt = max(hand.pollAt, wakes)
        } else {
            hand.at = wakes
        }
        return true
    }

    func kill(_ worker: Int) {
        tally.kills += 1
        let readyAt = now + Int64(chance.within(100...20_000))
        note { "kill -9 worker \(worker)" }
        for hand in hands where hand.worker == worker {
            strike(hand)
            // What was on the wire may still arrive.
            if hand.stage == .effect, chance.happens(500) { _ = perform(order(hand, hand.call)) }
            if hand.claim >= 0 { claims[hand.claim].isLive = false }
            hand.drop(readyAt: readyAt)
        }
        workers[worker].isLeaving = false
        workers[worker].pausedUntil = 0
    }

    private func pause(_ worker: Int) {
        tally.pauses += 1
        let lease = Int(Scenario.leaseMilliseconds)
        let length = chance.happens(300) ? chance.within(100...lease) : chance.within(lease...3 * lease)
        workers[worker].pausedUntil = now + Int64(length)
        note { "worker \(worker) is stopped for \(length) ms" }
        if isWild { workers[worker].offset += Int64(chance.within(-60_000...60_000)) }
        for hand in hands where hand.worker == worker {
            strike(hand)
            hand.isPausedSinceConfirmed = true
        }
    }

    private func leave(_ worker: Int) {
        tally.leaves += 1
        workers[worker].isLeaving = true
        note { "worker \(worker) is asked to leave" }
        for hand in hands where hand.worker == worker {
            if hand.stage == .idle {
                hand.readyAt = max(hand.readyAt, now + Int64(chance.within(1_000...30_000)))
            } else if hand.isWorking {
                stopWork(hand, .interrupted)
            }
        }
        if hands.allSatisfy({ $0.worker != worker || $0.stage == .idle }) { workers[worker].isLeaving = false }
    }

    /// Marks whatever the hand is about: what goes wrong with it from now on has a reason.
    func strike(_ hand: Hand) {
        hand.isStruck = true
        if hand.claim >= 0 { claims[hand.claim].isStruck = true }
        guard hand.purpose == .settling || hand.purpose == .noting else { return }
        for (outcome, record) in zip(hand.outcomes, hand.records) where outcome == .rejected {
            if let end = record?.end, end >= 0 { ends[end].isStruck = true }
        }
    }

    // MARK: The operator

    private func redriveOne() {
        let open = queue.letters.indices.filter { !queue.letters[$0].isRedriven }
        if !open.isEmpty { redrive(open[chance.below(open.count)]) }
    }

    private func redrive(_ index: Int) {
        tally.redrives += 1
        queue.letters[index].isRedriven = true
        let letter = queue.letters[index]
        let message = queue.messages[letter.message]
        for file in message.files where !letter.isNative {
            files[file].reasons += 1
            if chance.happens(700) { files[file].isMended = true }
        }
        note { "letter \(index) of message \(letter.message) is redriven" }
        // The queue's own letters keep what the message brought along.
        let from = letter.rejectedAt ?? message.redrivenFrom
        queue.send(Message(files: message.files, asker: message.asker, redrivenFrom: from, visibleAt: now + latency()))
    }

    /// When all is quiet: the queue's own letters, which have no reason, are redriven; others if the scenario says so.
    func operatorSteps() -> Bool {
        guard operatorRounds < Self.maxOperatorRounds else { return false }
        operatorRounds += 1
        let all = scenario.redrivesAtEnd && operatorRounds == 1
        let open = queue.letters.indices.filter { !queue.letters[$0].isRedriven && (all || queue.letters[$0].isNative) }
        for index in open { redrive(index) }
        return !open.isEmpty
    }
}
