import Jobs

/// The main thread of a hand: takes a message, handles its files one after another, settles it.
extension World {
    func name(_ hand: Hand) -> String { "worker \(hand.worker) hand \(hand.index)" }

    func mainStep(_ hand: Hand) {
        switch hand.stage {
        case .idle: receive(hand)
        case .effect:
            hand.reply = effect(hand, hand.call)
            hand.stage = .answer
            hand.at = now + latency()
        case .answer: answered(hand)
        case .body: bodyEnded(hand)
        case .waiting: break
        }
    }

    func issue(_ hand: Hand, _ purpose: Hand.Purpose, _ call: Call) {
        hand.purpose = purpose
        hand.call = call
        hand.stage = .effect
        hand.at = now + latency()
        note { "\(self.name(hand)): \(call.name)" }
    }

    private func answered(_ hand: Hand) {
        // A conditional write that was refused may be one that was made before.
        if case .write(let write) = hand.call, case .written(false) = hand.reply, write.kind != .create {
            return issue(hand, hand.purpose, .compare(write))
        }
        if mutant == .refusedIsDone, case .refused = hand.reply {
            switch hand.call {
            case .write, .compare: hand.reply = .written(true)
            case .find: break
            default: hand.reply = .done
            }
        }
        switch hand.purpose {
        case .receiving: break
        case .keeping: begin(hand)
        case .handling: handlingAnswered(hand)
        case .settling: settlingAnswered(hand)
        case .noting: settleRecordAnswered(hand)
        case .stepStart, .confirming, .stepEffect, .stepEnd: stepAnswered(hand)
        }
    }

    func isRefused(_ reply: Reply) -> Bool {
        if case .refused = reply { return true }
        return false
    }

    // MARK: Receive

    private func receive(_ hand: Hand) {
        guard hand.readyAt <= now else { return }
        if hasFaults, hand.pollAt <= now {
            hand.pollAt = nextPoll()
            if chance.happens(scenario.faults.duplicate) {
                // Hidden, or already deleted: delivered all the same.
                let index = chance.below(queue.messages.count)
                if queue.messages[index].receives > 0 {
                    tally.duplicates += 1
                    return take(index, hand, isDuplicate: true)
                }
            }
        }
        if queue.visibleAt > now { return }
        if let index = queue.receive(at: now, &chance) { take(index, hand, isDuplicate: false) }
    }

    private func take(_ index: Int, _ hand: Hand, isDuplicate: Bool) {
        if !isDuplicate { watchDelivery(index) }
        hand.receipt = queue.deliver(index, to: hand.index, at: now)
        hand.message = index
        let receives = queue.messages[index].receives
        hand.isLastDelivery = queue.maxReceives > 0 && receives >= queue.maxReceives
        hand.request = 0
        note {
            "\(self.name(hand)): receives message \(index) (files \(self.queue.messages[index].files)), delivery \(receives)"
                + (isDuplicate ? ", a duplicate" : "")
        }
        begin(hand)
    }

    // MARK: Handle

    private func begin(_ hand: Hand) {
        hand.claim = claims.count
        tally.claims += 1
        claims.append(Claim(file: file(of: hand), worker: hand.worker))
        hand.record = nil
        hand.stop = nil
        let message = queue.messages[hand.message]
        var request = JobHandling.Request(owner: Names.owner(hand.claim), jitter: Double(chance.below(1001)) / 1000)
        if message.asker > 0 { request.asker = Names.asker(message.asker) }
        request.redrivenFrom = message.redrivenFrom
        if mutant == .redriveAlways, request.redrivenFrom != nil { request.redrivenFrom = clock(hand) }
        request.isLastDelivery = hand.isLastDelivery
        hand.handling = JobHandling(request, rules: rules)
        act(hand, hand.handling.next(.begun, at: clock(hand)))
    }

    private func act(_ hand: Hand, _ action: JobHandling.Action) {
        let file = file(of: hand)
        switch action {
        case .find: issue(hand, .handling, .find)
        case .create(let state):
            issue(
                hand, .handling,
                .write(RecordWrite(file: file, next: Kept(state: state, claim: hand.claim), fence: nil, kind: .create)))
        case .replace(var state, var fence, let write):
            guard var next = hand.record else { return fail("a record is replaced that was not read") }
            if write == .takeOver { fence = next.state.fence }
            if write == .end {
                if mutant == .deleteBeforeRecord { _ = perform(order(hand, .delete)) }
                if mutant == .forgetAnnouncements { state.owesAnnouncements = false }
            }
            next.state = state
            if write == .takeOver || write == .reopen || write == .end || write == .release { next.claim = hand.claim }
            issue(hand, .handling, .write(RecordWrite(file: file, next: next, fence: fence, kind: WriteKind(write))))
        case .work(let state):
            hand.record?.state = state
            startWork(hand, state)
        case .finishWork(let state):
            hand.record?.state = state
            finishWork(hand, state)
        case .announce: issue(hand, .handling, .announce)
        case .finish(let outcome): finish(hand, outcome)
        }
    }

    func handle(_ hand: Hand, _ event: JobHandling.Event) {
        act(hand, hand.handling.next(event, at: clock(hand)))
    }

    private func handlingAnswered(_ hand: Hand) {
        switch hand.reply {
        case .refused: handle(hand, .refused)
        case .done: handle(hand, .announced)
        case .found(let kept):
            hand.record = kept
            var state = kept?.state
            if mutant == .endedIsFree || mutant == .heldIsFree, state?.status.isEnded == (mutant == .endedIsFree) {
                state?.status = .running
                state?.leaseUntil = nil
            }
            handle(hand, .found(state))
        case .written(let isWritten):
            if isWritten {
                switch hand.call {
                case .write(let write), .compare(let write):
                    hand.record = write.next
                    if write.kind == .end { hand.record?.end = claims[hand.claim].end }
                    if write.kind == .takeOver || write.kind == .reopen || write.kind == .create { hand.record?.end = -1 }
                    if write.kind == .reopen { hand.record?.steps = 0 }
                default: break
                }
            }
            handle(hand, .written(isWritten))
        }
    }

    private func finish(_ hand: Hand, _ outcome: Outcome) {
        note { "\(self.name(hand)): file \(self.file(of: hand)): \(outcome)" }
        claims[hand.claim].isLive = false
        hand.outcomes.append(outcome)
        hand.records.append(hand.record)
        hand.request += 1
        if hand.request < queue.messages[hand.message].files.count {
            let isOver = mutant == .deleteAfterFirst && (outcome == .done || outcome == .alreadyDone)
            if !isOver { return keepHidden(hand) }
        }
        hand.claim = -1
        hand.settlement = Settlement(hand.outcomes)
        settle(hand, .begun)
    }

    /// Before each further file of a message its visibility begins anew: many short works are as long as one, and none of
    /// them lives to its first heartbeat.
    private func keepHidden(_ hand: Hand) {
        hand.claim = -1
        if mutant == .hiddenOnce { return begin(hand) }
        issue(hand, .keeping, .extend(milliseconds: Scenario.leaseMilliseconds))
    }

    // MARK: Settle

    private func settle(_ hand: Hand, _ event: Settlement.Event) {
        switch hand.settlement.next(event) {
        case .release(let after):
            let (seconds, attoseconds) = after.components
            issue(hand, .settling, .extend(milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000))
        case .respond:
            issue(hand, .settling, .respond)
        case .claimDeadLetter(let index): settleRecord(hand, index, .letterClaimed)
        case .copyToDeadLetters:
            if mutant == .deleteBeforeCopy { _ = perform(order(hand, .delete)) }
            issue(hand, .settling, .copy)
        case .noteDeadLetter(let index): settleRecord(hand, index, .letterNoted)
        case .delete: issue(hand, .settling, .delete)
        case .finish: leaveMessage(hand)
        }
    }

    private func settlingAnswered(_ hand: Hand) {
        settle(hand, isRefused(hand.reply) ? .refused : .done)
    }

    /// Claims a dead letter, or notes that it is stored, as `JobExecutor` does.
    private func settleRecord(_ hand: Hand, _ index: Int, _ kind: WriteKind) {
        guard let record = hand.records[index] else { return settle(hand, .done) }
        if kind == .letterNoted ? mutant == .noNote : mutant == .noLetterClaim { return settle(hand, .done) }
        var next = record
        let fence = record.state.fence
        if kind == .letterNoted {
            next.state = record.state.notingDeadLetter(at: clock(hand))
            if mutant == .sameFence { next.state.updatedAt = fence.updatedAt }
        } else {
            next.state = record.state.claimingDeadLetter(at: clock(hand))
            hand.records[index] = next
        }
        let file = queue.messages[hand.message].files[index]
        issue(hand, .noting, .write(RecordWrite(file: file, next: next, fence: fence, kind: kind)))
    }

    private func settleRecordAnswered(_ hand: Hand) {
        var isClaimed = true
        if case .written(false) = hand.reply, case .compare(let write) = hand.call { isClaimed = write.kind == .letterNoted }
        settle(hand, isRefused(hand.reply) || !isClaimed ? .refused : .done)
    }

    private func leaveMessage(_ hand: Hand) {
        let isLeaving = workers[hand.worker].isLeaving
        hand.drop(readyAt: now + (isLeaving ? Int64(chance.within(500...30_000)) : Int64(chance.below(50))))
        if isLeaving, hands.allSatisfy({ $0.worker != hand.worker || $0.stage == .idle }) { workers[hand.worker].isLeaving = false }
    }
}

/// Names of claims and tasks, made once.
enum Names {
    private static let owners = (0..<4096).map { "claim\($0)" }
    private static let askers = (0..<8).map { "task\($0)" }

    static func owner(_ claim: Int) -> String { claim < owners.count ? owners[claim] : "claim\(claim)" }
    static func asker(_ number: Int) -> String { askers[number] }
}
