// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// DynamoDB, item by item.
///
/// A write whose condition does not hold throws an error of kind `conditionFailed` whose `conditionItem` is the item as
/// it is (nil where there is none).
package struct DynamoDB: Sendable {
    let client: AWSClient
    static let wire = JSONProtocol(targetPrefix: "DynamoDB_20120810", version: "1.0")

    private struct GetItem: Encodable {
        var TableName: String
        var Key: DynamoItem
        var ConsistentRead: Bool
    }

    private struct GetItemAnswer: Decodable {
        var Item: DynamoItem?
    }

    /// DynamoDB `GetItem`; nil where there is no such item. An item past its time to live may still be there.
    package func getItem(table: String, key: DynamoItem, consistent: Bool = true) async throws(AWSError) -> DynamoItem? {
        let input = GetItem(TableName: table, Key: key, ConsistentRead: consistent)
        let answer = try await client.json(
            .dynamoDB, Self.wire, "GetItem", subject: table, input, answer: GetItemAnswer.self)
        // an absent item comes as no item; some emulators send an empty one
        return answer.Item?.isEmpty == true ? nil : answer.Item
    }

    /// The input of all three writes; what an action does not have stays nil and is not sent.
    private struct Write: Encodable {
        var TableName: String
        var Key: DynamoItem?
        var Item: DynamoItem?
        var UpdateExpression: String?
        var ConditionExpression: String?
        var ExpressionAttributeNames: [String: String]?
        var ExpressionAttributeValues: DynamoItem?
        var ReturnValues: String?
        var ReturnValuesOnConditionCheckFailure: String?

        init(
            _ action: String, table: String, key: DynamoItem? = nil, item: DynamoItem? = nil,
            update: DynamoExpression? = nil, condition: DynamoExpression?, returning: DynamoReturn? = nil
        ) throws(AWSError) {
            let placeholders = try ExpressionPlaceholders([update, condition], action: action)
            TableName = table
            Key = key
            Item = item
            UpdateExpression = update?.text
            ConditionExpression = condition?.text
            ExpressionAttributeNames = placeholders.names
            ExpressionAttributeValues = placeholders.values
            ReturnValues = returning?.rawValue
            ReturnValuesOnConditionCheckFailure = condition == nil ? nil : "ALL_OLD"
        }
    }

    private struct WriteAnswer: Decodable {
        var Attributes: DynamoItem?
    }

    /// DynamoDB `PutItem`: writes a whole item (at most 400 KB), in place of one that may be there.
    package func putItem(table: String, item: DynamoItem, condition: DynamoExpression? = nil) async throws(AWSError) {
        let input = try Write("PutItem", table: table, item: item, condition: condition)
        _ = try await client.json(.dynamoDB, Self.wire, "PutItem", subject: table, input, answer: NoAnswer.self)
    }

    /// DynamoDB `UpdateItem`: changes some attributes, or makes the item where there is none and no condition forbids it.
    package func updateItem(
        table: String, key: DynamoItem, update: DynamoExpression, condition: DynamoExpression? = nil,
        returning: DynamoReturn = .allNew
    ) async throws(AWSError) -> DynamoItem {
        let input = try Write(
            "UpdateItem", table: table, key: key, update: update, condition: condition, returning: returning)
        return try await client.json(
            .dynamoDB, Self.wire, "UpdateItem", subject: table, input, answer: WriteAnswer.self
        ).Attributes ?? [:]
    }

    /// DynamoDB `DeleteItem`; no item there is no error.
    package func deleteItem(table: String, key: DynamoItem, condition: DynamoExpression? = nil) async throws(AWSError) {
        let input = try Write("DeleteItem", table: table, key: key, condition: condition)
        _ = try await client.json(.dynamoDB, Self.wire, "DeleteItem", subject: table, input, answer: NoAnswer.self)
    }
}

/// Which state of an item `UpdateItem` gives back.
package enum DynamoReturn: String, Sendable {
    case none = "NONE"
    case allOld = "ALL_OLD"
    case allNew = "ALL_NEW"
    case updatedOld = "UPDATED_OLD"
    case updatedNew = "UPDATED_NEW"
}
