// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

extension DynamoDB {
    /// Actions in one transaction (API reference, `TransactWriteItems`).
    package static let maxTransactionWrites = 100

    private struct Transact: Encodable {
        struct Action: Encodable {
            var TableName: String
            var Key: DynamoItem?
            var Item: DynamoItem?
            var UpdateExpression: String?
            var ConditionExpression: String?
            var ExpressionAttributeNames: [String: String]?
            var ExpressionAttributeValues: DynamoItem?
            var ReturnValuesOnConditionCheckFailure: String?
        }
        struct Write: Encodable {
            var Put: Action?
            var Update: Action?
            var Delete: Action?
            var ConditionCheck: Action?
        }
        var TransactItems: [Write]
        var ClientRequestToken: String?
    }

    /// DynamoDB `TransactWriteItems`: all writes or none; no two may touch the same item, together at most 4 MB.
    ///
    /// Where a condition does not hold it throws `conditionFailed`; the message says which write's, and `conditionItem`
    /// is that item as it is. A conflict with another transaction is transient and tried again.
    ///
    /// - Parameter token: makes a repeated call the same call for 10 minutes (1 to 36 characters); nil makes one, so that
    ///   a try whose answer was lost does not fail by its own success.
    package func transact(_ writes: [DynamoWrite], token: String? = nil) async throws(AWSError) {
        let action = "TransactWriteItems"
        guard (1...Self.maxTransactionWrites).contains(writes.count) else {
            throw .invalid(.dynamoDB, action, "\(writes.count) writes; 1 to \(Self.maxTransactionWrites) go together")
        }
        var items: [Transact.Write] = []
        for write in writes { items.append(try Self.encoded(write, action)) }
        _ = try await client.json(
            .dynamoDB, Self.wire, action, subject: writes[0].table,
            Transact(TransactItems: items, ClientRequestToken: token ?? client.mark()), answer: NoAnswer.self)
    }

    private static func encoded(_ write: DynamoWrite, _ action: String) throws(AWSError) -> Transact.Write {
        let update: DynamoExpression?
        if case .update(_, let expression) = write.change { update = expression } else { update = nil }
        let placeholders = try ExpressionPlaceholders([update, write.condition], action: action)
        var one = Transact.Action(
            TableName: write.table, UpdateExpression: update?.text, ConditionExpression: write.condition?.text,
            ExpressionAttributeNames: placeholders.names, ExpressionAttributeValues: placeholders.values,
            ReturnValuesOnConditionCheckFailure: write.condition == nil ? nil : "ALL_OLD")
        switch write.change {
        case .put(let item):
            one.Item = item
            return Transact.Write(Put: one)
        case .update(let key, _):
            one.Key = key
            return Transact.Write(Update: one)
        case .delete(let key):
            one.Key = key
            return Transact.Write(Delete: one)
        case .check(let key):
            guard write.condition != nil else { throw .invalid(.dynamoDB, action, "a check needs a condition") }
            one.Key = key
            return Transact.Write(ConditionCheck: one)
        }
    }
}

/// One write of a transaction.
package struct DynamoWrite: Hashable, Sendable {
    package enum Change: Hashable, Sendable {
        case put(DynamoItem)
        case update(key: DynamoItem, DynamoExpression)
        case delete(key: DynamoItem)
        /// Changes nothing: the condition alone must hold.
        case check(key: DynamoItem)
    }

    package var table: String
    package var change: Change
    package var condition: DynamoExpression?

    package init(table: String, _ change: Change, condition: DynamoExpression? = nil) {
        self.table = table
        self.change = change
        self.condition = condition
    }
}
