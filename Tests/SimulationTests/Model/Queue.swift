import Jobs

/// A message in the queue.
struct Message {
    var files: [Int]
    var asker = 0
    var redrivenFrom: Timestamp?
    var visibleAt: Int64
    var receives = 0
    /// The receipt of the last delivery.
    var receipt = 0
    var isDeleted = false
    /// Whether the Step Functions task that waits for it was told.
    var isAnswered = false
    /// The hand that received it last.
    var hand = -1
    /// Whether a fault or an old delivery may have ended its visibility timeout early.
    var isDisturbed = false
}

/// A message in the dead-letter queue.
struct Letter {
    var message: Int
    /// The files that could not be done, one bit each; for the queue's own letters, none.
    var files: UInt8
    /// When they ended: with the first file the letter's id.
    var rejectedAt: Timestamp?
    var isRedriven = false
    var ends: [Int] = []
    var isNative: Bool { rejectedAt == nil }
}

/// The queue and its dead letters: a message that is received is hidden until it is deleted, or its time is over.
struct MessageQueue {
    var messages: [Message] = []
    var letters: [Letter] = []
    var maxReceives = 0
    var oldReceiptsWork = false
    /// When the next message can be received; `Int64.max` where none is left.
    private(set) var visibleAt = Int64.max

    mutating func reset() {
        messages.removeAll(keepingCapacity: true)
        letters.removeAll(keepingCapacity: true)
        visibleAt = .max
    }

    mutating func send(_ message: Message) {
        messages.append(message)
        look()
    }

    mutating func look() {
        visibleAt = .max
        for message in messages where !message.isDeleted { visibleAt = min(visibleAt, message.visibleAt) }
    }

    /// Gives out one of the messages that are visible (any of them; order is not promised), nil where the queue kept it for
    /// its dead letters or none is left.
    mutating func receive(at now: Int64, _ chance: inout Chance) -> Int? {
        func isVisible(_ index: Int) -> Bool { !messages[index].isDeleted && messages[index].visibleAt <= now }
        var count = 0
        for index in messages.indices where isVisible(index) { count += 1 }
        guard count > 0 else { return nil }
        var left = chance.below(count)
        guard
            let index = messages.indices.first(where: { index in
                guard isVisible(index) else { return false }
                left -= 1
                return left < 0
            })
        else { return nil }
        guard maxReceives > 0, messages[index].receives >= maxReceives else { return index }
        messages[index].isDeleted = true
        letters.append(Letter(message: index, files: 0))
        look()
        return nil
    }

    mutating func deliver(_ index: Int, to hand: Int, at now: Int64) -> Int {
        messages[index].receives += 1
        messages[index].receipt += 1
        messages[index].hand = hand
        messages[index].visibleAt = now + Scenario.leaseMilliseconds
        messages[index].isDisturbed = false
        look()
        return messages[index].receipt
    }

    func isCurrent(_ index: Int, _ receipt: Int) -> Bool {
        oldReceiptsWork || messages[index].receipt == receipt
    }

    mutating func extend(_ index: Int, _ receipt: Int, by milliseconds: Int64, at now: Int64) {
        guard isCurrent(index, receipt) else { return }
        if messages[index].receipt != receipt { messages[index].isDisturbed = true }
        messages[index].visibleAt = now + milliseconds
        look()
    }

    mutating func delete(_ index: Int, _ receipt: Int) {
        guard isCurrent(index, receipt) else { return }
        messages[index].isDeleted = true
        look()
    }
}
