import AWSBackend
import Foundation
import Jobs
import LocalBackend
import Testing

@Suite("every channel of announcements", .timeLimit(.minutes(2)))
struct AnnouncementConformance {
    enum Channel: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case eventsFile, topic, bus

        static let available: [Channel] = Moto.isAvailable ? allCases : [.eventsFile]
        var testDescription: String { rawValue }
    }

    /// What a reader on the other side sees.
    struct Seen: Hashable {
        var id: String?
        var source: String?
        var detailType: String?
        var detail: [String: String]?
        /// To the second: EventBridge keeps no more.
        var time: String?
    }

    static let announcement = Announcement(
        id: "0123abcd/job-succeeded", detailType: Announcement.DetailType.jobSucceeded.rawValue,
        time: Timestamp(milliseconds: 1_790_000_000_000), pipeline: "orders", workflow: "loader",
        detail: #"{"job_id":"0123abcd", "source":"s3://a/März \"x\".csv"}"#)

    @Test("an announcement arrives whole, as often as it is sent, with the same id", arguments: Channel.available)
    func arrives(_ channel: Channel) async throws {
        let folder = try TemporaryFolder()
        let (announcements, read) = try await Self.open(channel, folder)
        try await announcements.announce(Self.announcement)
        try await announcements.announce(Self.announcement)
        let expected = Seen(
            id: "0123abcd/job-succeeded", source: "landfall", detailType: "Job Succeeded",
            detail: ["job_id": "0123abcd", "source": "s3://a/März \"x\".csv"], time: "2026-09-21T14:13:20")
        #expect(try await read(2) == [expected, expected])
    }

    private static func open(
        _ channel: Channel, _ folder: TemporaryFolder
    ) async throws -> (any Announcements, (Int) async throws -> [Seen]) {
        switch channel {
        case .eventsFile:
            let file = EventsFile(path: folder("events.jsonl"))
            return (
                file,
                { _ in try folder.read("events.jsonl").split(separator: UInt8(ascii: "\n")).map { try seen(Array($0)) }
                }
            )
        case .topic:
            let moto = try Moto.required()
            let topic = try await moto.makeTopic()
            let announcements = AWSAnnouncements(
                sns: moto.client.sns, topicARN: topic.arn, eventBridge: moto.client.eventBridge, eventBus: nil)
            return (
                announcements,
                { count in
                    try await moto.bodies(topic.observer, count).map { body in
                        let envelope = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
                        #expect(envelope?["Subject"] as? String == "Job Succeeded")
                        let attributes = envelope?["MessageAttributes"] as? [String: [String: String]]
                        #expect(
                            attributes?.mapValues { $0["Value"] } == [
                                "detail-type": "Job Succeeded", "pipeline": "orders", "workflow": "loader",
                            ])
                        return try seen(Array((envelope?["Message"] as? String ?? "").utf8))
                    }
                }
            )
        case .bus:
            let moto = try Moto.required()
            let bus = try await moto.makeBus()
            let announcements = AWSAnnouncements(
                sns: moto.client.sns, topicARN: nil, eventBridge: moto.client.eventBridge, eventBus: bus.name)
            return (
                announcements,
                { count in
                    try await moto.bodies(bus.observer, count).map { body in
                        var event = try seen(Array(body.utf8))
                        // The envelope's id is EventBridge's own; ours is in the detail.
                        event.id = event.detail?.removeValue(forKey: "id")
                        return event
                    }
                }
            )
        }
    }

    private static func seen(_ json: [UInt8]) throws -> Seen {
        let event = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any]
        return Seen(
            id: event?["id"] as? String, source: event?["source"] as? String,
            detailType: event?["detail-type"] as? String,
            detail: event?["detail"] as? [String: String],
            time: (event?["time"] as? String).map { String($0.prefix(19)) })
    }

    @Test("both channels are told by one announcement", .enabled(if: Moto.isAvailable, Moto.missing))
    func both() async throws {
        let moto = try Moto.required()
        let topic = try await moto.makeTopic()
        let bus = try await moto.makeBus()
        let announcements = AWSAnnouncements(
            sns: moto.client.sns, topicARN: topic.arn, eventBridge: moto.client.eventBridge, eventBus: bus.name)
        try await announcements.announce(Self.announcement)
        #expect(try await moto.bodies(topic.observer, 1).count == 1)
        #expect(try await moto.bodies(bus.observer, 1).count == 1)
    }

    @Test("a topic that refuses does not keep the bus from being told", .enabled(if: Moto.isAvailable, Moto.missing))
    func oneRefuses() async throws {
        let moto = try Moto.required()
        let bus = try await moto.makeBus()
        let announcements = AWSAnnouncements(
            sns: moto.client.sns, topicARN: "arn:aws:sns:us-east-1:123456789012:no-such-topic",
            eventBridge: moto.client.eventBridge, eventBus: bus.name)
        await #expect(throws: (any Error).self) { try await announcements.announce(Self.announcement) }
        #expect(try await moto.bodies(bus.observer, 1).count == 1)
    }

    @Test("with neither channel there is nothing to do", .enabled(if: Moto.isAvailable, Moto.missing))
    func neither() async throws {
        let moto = try Moto.required()
        let announcements = AWSAnnouncements(
            sns: moto.client.sns, topicARN: nil, eventBridge: moto.client.eventBridge, eventBus: nil)
        try await announcements.announce(Self.announcement)
    }
}

extension Moto {
    /// The bodies of the next messages in a queue, `count` at least unless they do not come.
    func bodies(_ queueURL: String, _ count: Int) async throws -> [String] {
        var bodies: [String] = []
        while bodies.count < count {
            let messages = try await client.sqs.receive(queueURL: queueURL, waitSeconds: 10, visibilitySeconds: 600)
            if messages.isEmpty { break }
            bodies += messages.map(\.body)
        }
        return bodies
    }
}
