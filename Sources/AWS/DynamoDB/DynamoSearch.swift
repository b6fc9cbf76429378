// The names of what is encoded and decoded here are the wire's.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

extension DynamoDB {
    private struct Search: Encodable {
        var TableName: String
        var IndexName: String?
        var KeyConditionExpression: String?
        var FilterExpression: String?
        var ExpressionAttributeNames: [String: String]?
        var ExpressionAttributeValues: DynamoItem?
        var ScanIndexForward: Bool?
        var ConsistentRead: Bool?
        var Limit: Int?
        var ExclusiveStartKey: DynamoItem?
    }

    private struct SearchAnswer: Decodable {
        var Items: [DynamoItem]?
        var LastEvaluatedKey: DynamoItem?

        var page: DynamoPage {
            DynamoPage(items: Items ?? [], nextKey: LastEvaluatedKey?.isEmpty == true ? nil : LastEvaluatedKey)
        }
    }

    /// DynamoDB `Query`: one page of the items of one partition, in the order of the sort key.
    ///
    /// - Parameters:
    ///   - limit: items looked at (not: found) for the page; a page ends at 1 MB in any case.
    ///   - startKey: the page before's `nextKey`.
    package func query(
        table: String, index: String? = nil, keyCondition: DynamoExpression, filter: DynamoExpression? = nil,
        ascending: Bool = true, limit: Int? = nil, startKey: DynamoItem? = nil
    ) async throws(AWSError) -> DynamoPage {
        let placeholders = try ExpressionPlaceholders([keyCondition, filter], action: "Query")
        let input = Search(
            TableName: table, IndexName: index, KeyConditionExpression: keyCondition.text,
            FilterExpression: filter?.text,
            ExpressionAttributeNames: placeholders.names, ExpressionAttributeValues: placeholders.values,
            ScanIndexForward: ascending, Limit: limit, ExclusiveStartKey: startKey)
        return try await client.json(
            .dynamoDB, Self.wire, "Query", subject: index.map { "\(table)/\($0)" } ?? table, input,
            answer: SearchAnswer.self
        ).page
    }

    /// DynamoDB `Scan`: one page of all items of a table, in no order.
    package func scan(
        table: String, filter: DynamoExpression? = nil, limit: Int? = nil, startKey: DynamoItem? = nil
    ) async throws(AWSError) -> DynamoPage {
        let placeholders = try ExpressionPlaceholders([filter], action: "Scan")
        let input = Search(
            TableName: table, FilterExpression: filter?.text, ExpressionAttributeNames: placeholders.names,
            ExpressionAttributeValues: placeholders.values, Limit: limit, ExclusiveStartKey: startKey)
        return try await client.json(
            .dynamoDB, Self.wire, "Scan", subject: table, input, answer: SearchAnswer.self
        ).page
    }

    private struct DescribeTable: Encodable {
        var TableName: String
    }

    private struct DescribeTableAnswer: Decodable {
        struct KeyElement: Decodable {
            var AttributeName: String
            var KeyType: String
        }
        struct Index: Decodable {
            var IndexName: String
        }
        struct Table: Decodable {
            var TableStatus: String?
            var ItemCount: Int64?
            var KeySchema: [KeyElement]?
            var GlobalSecondaryIndexes: [Index]?
        }
        var Table: Table
    }

    /// DynamoDB `DescribeTable`.
    package func describeTable(_ table: String) async throws(AWSError) -> DynamoTable {
        let answer = try await client.json(
            .dynamoDB, Self.wire, "DescribeTable", subject: table, DescribeTable(TableName: table),
            answer: DescribeTableAnswer.self
        ).Table
        let keys = answer.KeySchema ?? []
        return DynamoTable(
            status: answer.TableStatus ?? "", itemCount: answer.ItemCount ?? 0,
            hashKey: keys.first { $0.KeyType == "HASH" }?.AttributeName ?? "",
            rangeKey: keys.first { $0.KeyType == "RANGE" }?.AttributeName,
            indexNames: (answer.GlobalSecondaryIndexes ?? []).map(\.IndexName))
    }
}

/// Some of the items that a query or scan finds.
package struct DynamoPage: Hashable, Sendable {
    package var items: [DynamoItem]
    /// Where the next page starts; nil after the last one.
    package var nextKey: DynamoItem?
}

/// What a table is like.
package struct DynamoTable: Hashable, Sendable {
    /// `ACTIVE` when it can be used.
    package var status: String
    /// Brought up to date by DynamoDB about every six hours.
    package var itemCount: Int64
    package var hashKey: String
    package var rangeKey: String?
    package var indexNames: [String]
}
