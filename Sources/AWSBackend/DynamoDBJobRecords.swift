import AWS
import Jobs

/// Job records in a DynamoDB table with the hash key `job_id` and the index `by_status`.
package struct DynamoDBJobRecords: JobRecords {
    /// The index that serves listings: hash `status`, range `updated_at`, all attributes projected.
    package static let index = "by_status"
    /// The most pages (of up to 1 MB) one listing reads from the index for each status.
    static let maxQueryPages = 1000
    /// The most pages one listing reads from a table without the index.
    static let maxScanPages = 100

    private let dynamoDB: DynamoDB
    private let table: String

    package init(dynamoDB: DynamoDB, table: String) {
        self.dynamoDB = dynamoDB
        self.table = table
    }

    package func find(_ jobID: String) async throws -> JobRecord? {
        let item = try await dynamoDB.getItem(table: table, key: ["job_id": .s(jobID)], consistent: true)
        return try item.map { try JobItem.record($0, table: table) }
    }

    package func create(_ record: JobRecord) async throws -> Bool {
        try await put(record, condition: DynamoExpression("attribute_not_exists(#job)", names: ["#job": "job_id"]))
    }

    package func replace(_ record: JobRecord, expecting fence: JobRecord.Fence) async throws -> Bool {
        try await put(record, condition: Self.condition(fence))
    }

    /// Reads the index; a table without it is read whole, and refused (`records.no_index`) where that takes more than
    /// ``maxScanPages`` pages.
    package func list(status: JobStatus?, limit: Int) async throws -> [JobRecord] {
        do {
            var records: [JobRecord] = []
            for status in status.map({ [$0] }) ?? JobStatus.allCases {
                records += try await query(status, limit: limit)
            }
            return Self.latest(records, limit: limit)
        } catch let error as AWSError where Self.saysNoIndex(error) {
            return Self.latest(try await scan(status), limit: limit)
        }
    }

    /// The most pages (of up to 1 MB) that are looked through for relatives, for each status: the latest some hundred jobs.
    static let maxRelativePages = 2

    package func relatives(of record: JobRecord) async throws -> [JobRecord] {
        var found: [JobRecord] = []
        let arrival = record.arrival
        var names = ["#pipeline": "pipeline", "#bucket": "bucket", "#key": "key"]
        var values: DynamoItem = [
            ":pipeline": .s(record.pipeline), ":bucket": .s(arrival.bucket), ":key": .s(arrival.key),
        ]
        var likeness = "#bucket = :bucket AND #key = :key"
        if let content = record.content {
            // DynamoDB refuses parentheses that do nothing.
            likeness = "(\(likeness)) OR #content = :content"
            names["#content"] = "content_sha256"
            values[":content"] = .s(content)
        }
        let filter = DynamoExpression("#pipeline = :pipeline AND (\(likeness))", names: names, values: values)
        do {
            for status in [JobStatus.running, .succeeded] {
                var next: DynamoItem?
                for _ in 0..<Self.maxRelativePages {
                    let page = try await dynamoDB.query(
                        table: table, index: Self.index, keyCondition: Self.having(status), filter: filter, ascending: false,
                        startKey: next)
                    found += try page.items.map { try JobItem.record($0, table: table) }
                    next = page.nextKey
                    if next == nil { break }
                }
            }
        } catch let error as AWSError where Self.saysNoIndex(error) {
            return []
        }
        return found.filter(record.isRelative)
    }

    private static func having(_ status: JobStatus) -> DynamoExpression {
        DynamoExpression("#status = :status", names: ["#status": "status"], values: [":status": .s(status.rawValue)])
    }

    private func put(_ record: JobRecord, condition: DynamoExpression) async throws -> Bool {
        do {
            try await dynamoDB.putItem(table: table, item: JobItem.item(record), condition: condition)
            return true
        } catch  where error.kind == .conditionFailed {
            return false
        }
    }

    /// Every part of the fence as the writer last saw it; a nil one must be absent. The attempt is always there, so
    /// that a record which is gone fails the condition.
    private static func condition(_ fence: JobRecord.Fence) -> DynamoExpression {
        var parts = ["#attempt = :attempt", "#updated_at = :updated_at"]
        var names = ["#attempt": "attempt", "#updated_at": "updated_at"]
        var values: DynamoItem = [":attempt": .number(fence.attempt), ":updated_at": .s(fence.updatedAt.description)]
        for (attribute, value) in [("owner", fence.owner), ("lease_until", fence.leaseUntil?.description)] {
            names["#\(attribute)"] = attribute
            if let value {
                parts.append("#\(attribute) = :\(attribute)")
                values[":\(attribute)"] = .s(value)
            } else {
                parts.append("attribute_not_exists(#\(attribute))")
            }
        }
        return DynamoExpression(parts.joined(separator: " AND "), names: names, values: values)
    }

    private func query(_ status: JobStatus, limit: Int) async throws -> [JobRecord] {
        var records: [JobRecord] = []
        var next: DynamoItem?
        for _ in 0..<Self.maxQueryPages {
            let page = try await dynamoDB.query(
                table: table, index: Self.index,
                keyCondition: Self.having(status),
                ascending: false, limit: limit - records.count, startKey: next)
            records += try page.items.map { try JobItem.record($0, table: table) }
            next = page.nextKey
            if next == nil || records.count >= limit { break }
        }
        return records
    }

    private func scan(_ status: JobStatus?) async throws -> [JobRecord] {
        let filter = status.map(Self.having)
        var records: [JobRecord] = []
        var next: DynamoItem?
        for _ in 0..<Self.maxScanPages {
            let page = try await dynamoDB.scan(table: table, filter: filter, startKey: next)
            records += try page.items.map { try JobItem.record($0, table: table) }
            next = page.nextKey
            if next == nil { return records }
        }
        throw Failure(
            .permanent, "records.no_index",
            """
            table \(table) has no index \(Self.index) and is too large to be listed without one. \
            Create it with hash key status (S), range key updated_at (S) and all attributes projected.
            """)
    }

    private static func latest(_ records: [JobRecord], limit: Int) -> [JobRecord] {
        Array(records.sorted { $0.updatedAt > $1.updatedAt }.prefix(limit))
    }

    /// DynamoDB calls it a ValidationException, emulators a ResourceNotFoundException; that of a table names no index.
    private static func saysNoIndex(_ error: AWSError) -> Bool {
        let code = error.awsCode ?? ""
        return (code.hasSuffix("ValidationException") || code.hasSuffix("ResourceNotFoundException"))
            && error.message.contains("index: \(index)")
    }
}
