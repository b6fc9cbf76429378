// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// The EventBridge event buses.
package struct EventBridge: Sendable {
    let client: AWSClient
    private static let wire = JSONProtocol(targetPrefix: "AWSEvents", version: "1.1")
    /// Entries in one request (API reference, `PutEvents`).
    package static let maxEvents = 10

    private struct PutEvents: Encodable {
        struct Entry: Encodable {
            var Source: String
            var DetailType: String
            var Detail: String
            var EventBusName: String
            var Resources: [String]
            var Time: Int64?
        }
        var Entries: [Entry]
    }

    private struct PutEventsAnswer: Decodable {
        struct Entry: Decodable {
            var EventId: String?
            var ErrorCode: String?
            var ErrorMessage: String?
        }
        var FailedEntryCount: Int?
        var Entries: [Entry]?
    }

    /// EventBridge `PutEvents`: 1 to ``maxEvents`` events; the first that the bus did not take is thrown as an error.
    ///
    /// The others may have been taken then: sending all of them again sends some of them twice.
    package func putEvents(_ events: [EventBridgeEvent]) async throws(AWSError) {
        let action = "PutEvents"
        guard (1...Self.maxEvents).contains(events.count) else {
            throw .invalid(.eventBridge, action, "\(events.count) events in one request; 1 to \(Self.maxEvents) can go")
        }
        let entries = events.map {
            PutEvents.Entry(
                Source: $0.source, DetailType: $0.detailType, Detail: $0.detail, EventBusName: $0.bus,
                Resources: $0.resources, Time: $0.time)
        }
        let subject = events[0].bus
        let answer = try await client.json(
            .eventBridge, Self.wire, action, subject: subject, PutEvents(Entries: entries), answer: PutEventsAnswer.self
        )
        guard answer.FailedEntryCount ?? 0 > 0 else { return }
        let failed = answer.Entries?.enumerated().first { $0.element.ErrorCode != nil }
        let code = failed?.element.ErrorCode
        let kind = AWSError.kind(code: code, status: 400)
        throw AWSError(
            kind, service: AWSService.eventBridge.name, action: action,
            message:
                "eventbridge PutEvents on \(subject): event \((failed?.offset ?? 0) + 1) of \(events.count) was not taken: "
                + "\(code ?? "no code"): \(failed?.element.ErrorMessage ?? "no message").",
            awsCode: code, isTransient: kind == .throttled || kind == .unavailable)
    }

    private struct DescribeBus: Encodable {
        var Name: String
    }

    private struct DescribeBusAnswer: Decodable {
        var Arn: String
    }

    /// EventBridge `DescribeEventBus`: shows that a bus (name or ARN) is there; gives its ARN.
    package func describeBus(_ name: String) async throws(AWSError) -> String {
        try await client.json(
            .eventBridge, Self.wire, "DescribeEventBus", subject: name, DescribeBus(Name: name),
            answer: DescribeBusAnswer.self
        ).Arn
    }
}

/// One event for a bus.
package struct EventBridgeEvent: Hashable, Sendable {
    package var source: String
    package var detailType: String
    /// A JSON object.
    package var detail: String
    /// Name or ARN.
    package var bus: String
    package var resources: [String]
    /// Unix seconds; nil lets the bus say now.
    package var time: Int64?

    package init(
        source: String, detailType: String, detail: String, bus: String, resources: [String] = [], time: Int64? = nil
    ) {
        self.source = source
        self.detailType = detailType
        self.detail = detail
        self.bus = bus
        self.resources = resources
        self.time = time
    }
}
