/// The Simple Notification Service.
package struct SNS: Sendable {
    let client: AWSClient
    static let version = "2010-03-31"

    /// SNS `Publish`; gives the message's id.
    ///
    /// - Parameters:
    ///   - message: UTF-8, at most 262,144 bytes with the attributes.
    ///   - subject: fewer than 100 ASCII characters, no line breaks.
    ///   - attributes: sent as type String, for filter policies; those with empty values are left out, because SNS
    ///     refuses them.
    package func publish(
        topicARN: String, message: String, subject: String? = nil, attributes: [String: String] = [:]
    ) async throws(AWSError) -> String {
        var parameters = [(name: "TopicArn", value: topicARN), (name: "Message", value: message)]
        if let subject { parameters.append((name: "Subject", value: subject)) }
        let sent = attributes.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
        for (index, attribute) in sent.enumerated() {
            let entry = "MessageAttributes.entry.\(index + 1)"
            parameters += [
                (name: "\(entry).Name", value: attribute.key), (name: "\(entry).Value.DataType", value: "String"),
                (name: "\(entry).Value.StringValue", value: attribute.value),
            ]
        }
        let root = try await client.query(
            .sns, "Publish", version: Self.version, subject: topicARN, parameters: parameters)
        guard let id = root["PublishResult"]?.text("MessageId") else {
            throw .badResponse(.sns, "Publish", "it holds no MessageId")
        }
        return id
    }

    /// SNS `GetTopicAttributes`: shows that a topic is there and may be read.
    package func topicAttributes(topicARN: String) async throws(AWSError) -> [String: String] {
        let root = try await client.query(
            .sns, "GetTopicAttributes", version: Self.version, subject: topicARN,
            parameters: [(name: "TopicArn", value: topicARN)])
        var attributes: [String: String] = [:]
        for entry in root["GetTopicAttributesResult"]?["Attributes"]?.all("entry") ?? [] {
            if let key = entry.text("key") { attributes[key] = entry.text("value") ?? "" }
        }
        return attributes
    }
}
