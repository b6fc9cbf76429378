/// The protocol by which a message is settled when all its requests have ended for now: event in, action out.
///
/// Pure, as ``JobHandling``. A message with any request left comes back; one with a request that cannot be done is copied to
/// the dead-letter queue before it is deleted; else it is deleted. A call that fails leaves the message to come back.
package struct Settlement: Sendable {
    package enum Event: Hashable, Sendable {
        case begun
        case done
        /// A call failed, and whether it took effect is not known.
        case refused
    }

    package enum Action: Hashable, Sendable {
        /// Give the message back, hidden for a while.
        case release(after: Duration)
        /// Tell the Step Functions task that waits for the message's request how it ended.
        case respond
        /// Make sure, by a conditional write to the record of the request at this place, that nobody else is about to store the
        /// copy: a write that is not made counts as refused.
        case claimDeadLetter(Int)
        /// Store the body with its reason in the dead-letter queue.
        case copyToDeadLetters
        /// Note in the record of the request at this place that its message has a copy there.
        case noteDeadLetter(Int)
        case delete
        case finish
    }

    private var plan: [Action]
    private var index = 0

    package init(_ outcomes: [Outcome]) {
        var wait: Duration?
        for case .retry(let after) in outcomes { wait = min(wait ?? after, after) }
        if outcomes.contains(.interrupted) {
            plan = [.release(after: .zero)]
        } else if let wait {
            plan = [.release(after: wait)]
        } else {
            let rejected = outcomes.indices.filter { outcomes[$0] == .rejected }
            plan = [.respond]
            if !rejected.isEmpty {
                plan += rejected.map { .claimDeadLetter($0) } + [.copyToDeadLetters] + rejected.map { .noteDeadLetter($0) }
            }
            plan.append(.delete)
        }
    }

    package mutating func next(_ event: Event) -> Action {
        switch event {
        case .begun: break
        case .done: index += 1
        case .refused:
            // The copy is there: a note that failed must not make another.
            guard case .noteDeadLetter = plan[index] else { return .finish }
            index += 1
        }
        return index < plan.count ? plan[index] : .finish
    }
}
