import Jobs

/// A call, with all that its effect depends on.
struct Order {
    var call: Call
    var hand: Int
    var message: Int
    var receipt: Int
    var file: Int
    var claim: Int
    /// Which end is announced.
    var end = -1
    var letter: Letter?
}

/// What calls do to the world.
extension World {
    func order(_ hand: Hand, _ call: Call) -> Order {
        var order = Order(
            call: call, hand: hand.index, message: hand.message, receipt: hand.receipt, file: file(of: hand), claim: hand.claim)
        if case .announce = call { order.end = hand.record?.end ?? -1 }
        if case .copy = call { order.letter = letter(of: hand) }
        return order
    }

    func file(of hand: Hand) -> Int {
        guard hand.message >= 0 else { return -1 }
        let files = queue.messages[hand.message].files
        return hand.request < files.count ? files[hand.request] : -1
    }

    /// The effect of a call at its moment, with what may go wrong on the way.
    func effect(_ hand: Hand, _ call: Call) -> Reply {
        let order = order(hand, call)
        guard hasFaults else { return perform(order) }
        if chance.happens(scenario.faults.refuse) {
            tally.refusals += 1
            strike(hand)
            let isMade = chance.happens(500)
            note { "\(self.name(hand)): \(call.name) is refused\(isMade ? ", but made" : "")" }
            if isMade { _ = perform(order) }
            strike(hand)
            return .refused
        }
        // A transaction ends with its connection, never later.
        var isLoad: Bool { if case .load = call { true } else { false } }
        if chance.happens(scenario.faults.late), !isLoad {
            tally.lateCalls += 1
            strike(hand)
            note { "\(self.name(hand)): \(call.name) is refused, and made later" }
            lateCalls.append(LateCall(at: now + Int64(chance.within(100...90_000)), order: order))
            if hand.message >= 0 { queue.messages[hand.message].isDisturbed = true }
            return .refused
        }
        if chance.happens(scenario.faults.double) {
            note { "\(self.name(hand)): \(call.name) is made twice" }
            if case .copy = call { strike(hand) }
            _ = perform(order)
        }
        return perform(order)
    }

    func perform(_ order: Order) -> Reply {
        switch order.call {
        case .receive, .respond:
            if case .respond = order.call { queue.messages[order.message].isAnswered = true }
            return .done
        case .find: return .found(rows[order.file])
        case .write(let write): return .written(apply(write))
        case .compare(let write):
            let found = rows[write.file]?.state
            return .written(found?.fence == write.next.state.fence && found?.updatedAt == write.next.state.updatedAt)
        case .announce:
            if order.end >= 0 {
                ends[order.end].announced += 1
                if ends[order.end].announced > 1 { tally.secondAnnouncements += 1 }
            }
            return .done
        case .load:
            watchEffect(order)
            if files[order.file].loads == 0, rows[order.file]?.claim != order.claim { files[order.file].isLoadedLate = true }
            if files[order.file].loads == 0 || mutant == .noLedger { files[order.file].loads += 1 }
            if files[order.file].loads > 1 { fail("the rows of file \(order.file) were loaded twice") }
            return .done
        case .upload:
            watchEffect(order)
            files[order.file].uploads += 1
            return .done
        case .copy:
            if let letter = order.letter { store(letter) }
            return .done
        case .extend(let milliseconds):
            queue.extend(order.message, order.receipt, by: milliseconds, at: now)
            return .done
        case .delete:
            guard queue.isCurrent(order.message, order.receipt), !queue.messages[order.message].isDeleted else { return .done }
            queue.delete(order.message, order.receipt)
            watchDelete(order.message)
            return .done
        }
    }

    /// The conditional write of a record; whether it was made.
    private func apply(_ write: RecordWrite) -> Bool {
        let old = rows[write.file]
        if mutant != .noFencing || old == nil {
            guard old?.state.fence == write.fence else { return false }
        }
        var next = write.next
        switch write.kind {
        case .create, .takeOver, .reopen:
            if write.kind == .reopen { next.steps = 0 }
            next.end = -1
        case .end:
            next.end = ends.count
        case .step, .beat, .release, .settle, .announced, .letterClaimed, .letterNoted: break
        }
        watchWrite(write, over: old)
        if write.kind == .end {
            tally.ends += 1
            ends.append(
                JobEnd(
                    file: write.file, status: next.state.status, endedAt: next.state.endedAt ?? next.state.updatedAt,
                    isAnnouncementDue: next.state.status != .superseded))
            claims[next.claim].end = next.end
        }
        rows[write.file] = next
        note { "  record of file \(write.file): \(write.kind) by claim \(next.claim): \(next.state.words)" }
        return true
    }

    // MARK: Dead letters

    private func letter(of hand: Hand) -> Letter {
        var letter = Letter(message: hand.message, files: 0)
        for (index, outcome) in hand.outcomes.enumerated() where outcome == .rejected {
            guard let record = hand.records[index], record.end >= 0 else { continue }
            letter.files |= 1 << UInt8(queue.messages[hand.message].files[index])
            letter.ends.append(record.end)
            let endedAt = record.state.endedAt ?? record.state.updatedAt
            letter.rejectedAt = max(letter.rejectedAt ?? endedAt, endedAt)
        }
        return letter
    }

    private func store(_ letter: Letter) {
        queue.letters.append(letter)
        for end in letter.ends {
            ends[end].letters += 1
            guard ends[end].letters > 1 else { continue }
            tally.secondLetters += 1
            if !ends[end].isStruck, !isWild {
                fail("file \(ends[end].file) is in the dead-letter queue twice for one end, and no fault is to blame")
            }
        }
    }
}

extension Call {
    /// For traces.
    var name: String {
        switch self {
        case .receive: "receive"
        case .find: "find"
        case .announce: "announce"
        case .load: "load"
        case .upload: "upload"
        case .respond: "respond"
        case .copy: "copy to the dead letters"
        case .delete: "delete"
        case .write(let write): "write (\(write.kind))"
        case .compare: "compare"
        case .extend(let milliseconds): "hide for \(milliseconds) ms"
        }
    }
}

extension JobState {
    /// For traces.
    var words: String {
        var words = "\(status.rawValue), attempt \(attempt)"
        if let owner { words += ", owner \(owner)" }
        if let leaseUntil { words += ", lease until \(leaseUntil.milliseconds % 10_000_000)" }
        if owesAnnouncements { words += ", owes announcements" }
        if owesDeadLetter { words += ", owes a dead letter" }
        return words
    }
}
