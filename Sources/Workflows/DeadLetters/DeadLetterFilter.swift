import Jobs

extension DeadLetter {
    /// The code of a letter that the queue itself moved to the dead-letter queue, after too many deliveries.
    package static let movedByQueueCode = "message.receives_exhausted"

    package var code: String { attributes["error.code"] ?? Self.movedByQueueCode }
    package var isMovedByQueue: Bool { attributes["error.code"] == nil }
    package var rejectedAt: Timestamp? { attributes["rejected.at"].flatMap { Timestamp($0) } }

    /// The files that the message asks for; none where it is not understood.
    package var requests: [JobRequest] {
        guard case .requests(let requests, _) = MessageReading(body: body) else { return [] }
        return requests
    }
}

/// Which dead letters an operator means: those that fit all that is set.
package struct DeadLetterFilter: Sendable {
    /// Empty: any.
    package var ids: Set<String> = []
    /// A whole code, or the beginning of some with `*` behind it.
    package var code: String?
    package var pipeline: String?
    /// A pattern over the key of a file that the message asks for.
    package var key: KeyPattern?
    /// Rejected (or, where that is not known, queued) before this, and at or after that.
    package var before: Timestamp?
    package var since: Timestamp?

    package init() {}

    package var takesAll: Bool {
        ids.isEmpty && code == nil && pipeline == nil && key == nil && before == nil && since == nil
    }

    /// `catalog` tells the pipeline of letters that name none.
    package func takes(_ letter: DeadLetter, catalog: PipelineCatalog?) -> Bool {
        if !ids.isEmpty, !ids.contains(letter.id) { return false }
        if let code, !Self.matches(code, letter.code) { return false }
        if let key, !letter.requests.contains(where: { key.matches($0.arrival.key) }) { return false }
        if let pipeline, !Self.belongs(letter, to: pipeline, catalog) { return false }
        if before != nil || since != nil {
            guard let moment = letter.rejectedAt ?? letter.sentAt else { return false }
            if let before, moment >= before { return false }
            if let since, moment < since { return false }
        }
        return true
    }

    private static func matches(_ pattern: String, _ code: String) -> Bool {
        pattern.hasSuffix("*") ? code.hasPrefix(pattern.dropLast()) : code == pattern
    }

    private static func belongs(_ letter: DeadLetter, to pipeline: String, _ catalog: PipelineCatalog?) -> Bool {
        if let own = letter.attributes["pipeline"] { return own == pipeline }
        return letter.requests.contains { request in
            if let named = request.pipeline { return named == pipeline }
            return (try? catalog?.pipeline(for: request))?.name == pipeline
        }
    }
}
