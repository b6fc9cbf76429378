import AWS
import Jobs

/// Announcements to an SNS topic, an EventBridge bus, both or neither.
package struct AWSAnnouncements: Announcements {
    private let sns: SNS
    private let topicARN: String?
    private let eventBridge: EventBridge
    private let eventBus: String?

    /// `eventBus` is a name or an ARN.
    package init(sns: SNS, topicARN: String?, eventBridge: EventBridge, eventBus: String?) {
        self.sns = sns
        self.topicARN = topicARN
        self.eventBridge = eventBridge
        self.eventBus = eventBus
    }

    /// Tells both even where one refuses; then throws the first error, and a later try repeats both with the same id.
    package func announce(_ announcement: Announcement) async throws {
        var problem: AWSError?
        do {
            try await publish(announcement)
        } catch {
            problem = error
        }
        try await putEvent(announcement)
        if let problem { throw problem }
    }

    private func publish(_ announcement: Announcement) async throws(AWSError) {
        guard let topicARN else { return }
        let attributes = [
            "detail-type": announcement.detailType, "pipeline": announcement.pipeline,
            "workflow": announcement.workflow,
        ]
        _ = try await sns.publish(
            topicARN: topicARN, message: announcement.json, subject: announcement.detailType,
            attributes: attributes.filter { !$0.value.isEmpty })
    }

    private func putEvent(_ announcement: Announcement) async throws(AWSError) {
        guard let eventBus else { return }
        let event = EventBridgeEvent(
            source: Announcement.source, detailType: announcement.detailType,
            detail: Self.detail(announcement), bus: eventBus, time: announcement.time.seconds)
        try await eventBridge.putEvents([event])
    }

    /// The detail with the announcement's `id` in front: the envelope's own id is AWS's, and another each time.
    static func detail(_ announcement: Announcement) -> String {
        let members = announcement.detail.drop { $0.isWhitespace }.dropFirst().drop { $0.isWhitespace }
        return #"{"id":"\#(announcement.id)"\#(members.first == "}" ? "" : ",")\#(members)"#
    }
}
