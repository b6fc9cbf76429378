import Jobs

/// What is watched while the world runs: what must not be at any moment.
extension World {
    /// A write that is made.
    func watchWrite(_ write: RecordWrite, over old: Kept?) {
        let (file, claim, next) = (write.file, write.next.claim, write.next.state)
        if write.kind.needsLease, let old, old.claim != claim || old.state.status.isEnded {
            return fail("claim \(claim) wrote the record of file \(file) (\(write.kind)), which it had lost")
        }
        if let old, old.state.status.isEnded, write.kind != .reopen, next.status != old.state.status {
            return fail("file \(file) was \(old.state.status.rawValue), and became \(next.status.rawValue)")
        }
        switch write.kind {
        case .takeOver:
            if let old, old.state.leaseUntil != nil, claims[old.claim].isLive, !claims[old.claim].isStruck, !isWild {
                fail("claim \(claim) took file \(file) from claim \(old.claim), which was at it")
            }
        case .reopen:
            files[file].reopens += 1
            files[file].epoch += 1
            if files[file].reopens > files[file].reasons { fail("file \(file) was opened again more often than was asked for") }
            if let old, !old.state.status.isUndone { fail("file \(file) was opened again, but it was done") }
        case .create:
            // The task that made the job has been heard.
            if next.asker != nil { files[file].reasons -= 1 }
        case .end: watchEnd(file, next, claim)
        case .step, .beat, .release, .settle, .announced, .letterClaimed, .letterNoted: break
        }
        if write.kind == .takeOver || write.kind == .reopen || write.kind == .create {
            claims[claim].attempts += 1
            claims[claim].epoch = files[file].epoch
        }
    }

    /// A good file fails only if each attempt did, for a reason.
    private func watchEnd(_ file: Int, _ next: JobState, _ claim: Int) {
        let script = scenario.files[file]
        guard next.status == .failed || next.status == .rejected else { return }
        guard script.isGood, !isWild else { return }
        var explained = 0
        for claim in claims where claim.file == file && claim.epoch == files[file].epoch && (claim.isStruck || claim.isFailed) {
            explained += claim.attempts
        }
        if explained < min(next.attempt, scenario.maxAttempts) {
            fail("file \(file) failed at attempt \(next.attempt), but only \(explained) attempts had a reason to")
        }
    }

    /// Work that begins.
    func watchWork(_ hand: Hand, _ state: JobState) {
        let file = file(of: hand)
        // A worker that was stopped after its claim learns at its first write that it is late.
        if !hand.isStruck, ends.contains(where: { $0.file == file && $0.status == .succeeded }) {
            return fail("file \(file) is done, and done again")
        }
        // Once more where the rows are loaded: to finish.
        let most = scenario.maxAttempts + (files[file].loads > 0 ? 1 : 0)
        if state.attempt > most { fail("file \(file) is tried a \(state.attempt)th time") }
        claims[hand.claim].hasWorked = true
        var tries = 0
        for claim in claims where claim.file == file && claim.hasWorked && claim.epoch == files[file].epoch && !claim.isInterrupted {
            tries += 1
        }
        if tries > most { fail("file \(file) is tried \(tries) times") }
    }

    /// An effect that others see.
    func watchEffect(_ order: Order) {
        let hand = hands[order.hand]
        guard let owner = rows[order.file]?.claim, owner != order.claim, !hand.isPausedSinceConfirmed, !isWild else { return }
        guard hand.claim == order.claim else { return }
        fail("claim \(order.claim) wrote for others to see, but file \(order.file) was claim \(owner)'s")
    }

    /// A worker that is told that it has lost its job.
    func watchLost(_ hand: Hand) {
        tally.lostLeases += 1
        if rows[claims[hand.claim].file]?.claim == hand.claim, rows[claims[hand.claim].file]?.end == -1 {
            fail("claim \(hand.claim) was told that it had lost file \(claims[hand.claim].file), which it held")
        }
    }

    /// A delivery that is no duplicate.
    func watchDelivery(_ index: Int) {
        let message = queue.messages[index]
        guard message.hand >= 0, !message.isDisturbed else { return }
        let hand = hands[message.hand]
        if hand.message == index, hand.receipt == message.receipt, !hand.isStruck, hand.isWorking {
            fail("message \(index) came back while hand \(hand.index) was at it")
        }
    }

    /// A deletion that is made: the last message that speaks of a file goes only when all is said and done.
    func watchDelete(_ index: Int) {
        let message = queue.messages[index]
        if message.asker > 0, !message.isAnswered { fail("message \(index) was deleted, but its task was not answered") }
        for file in message.files where !isQueued(file) && !isKeptByQueue(file) {
            guard let kept = rows[file], kept.end >= 0 else {
                return fail("message \(index) was deleted, but file \(file) had not ended")
            }
            let end = ends[kept.end]
            if end.isAnnouncementDue, end.announced == 0 {
                return fail("message \(index) was deleted, but the end of file \(file) not announced")
            }
            if end.status.isUndone, end.letters == 0 {
                return fail("message \(index) was deleted, but file \(file) is not in the dead-letter queue")
            }
        }
    }

    /// Whether a message that speaks of the file is still to be handled.
    private func isQueued(_ file: Int) -> Bool {
        queue.messages.contains { !$0.isDeleted && $0.files.contains(file) }
    }

    /// Whether the queue has dead-lettered such a message by itself, and the operator has not redriven it yet.
    private func isKeptByQueue(_ file: Int) -> Bool {
        queue.letters.contains { $0.isNative && !$0.isRedriven && queue.messages[$0.message].files.contains(file) }
    }
}
