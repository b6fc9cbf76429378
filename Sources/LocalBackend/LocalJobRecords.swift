import Jobs

/// Job records in SQLite, one row a job.
package struct LocalJobRecords: JobRecords {
    /// The longest error message that is kept, in bytes of UTF-8, as in DynamoDB.
    static let maxErrorBytes = 2048

    private let database: LocalDatabase

    package init(database: LocalDatabase) {
        self.database = database
    }

    package func find(_ jobID: String) async throws -> JobRecord? {
        let rows = try database.use { try $0.rows("SELECT * FROM jobs WHERE job_id = ?", [.text(jobID)]) }
        return try rows.first.map(Self.record)
    }

    package func create(_ record: JobRecord) async throws -> Bool {
        let columns = try Self.columns(of: record)
        return try database.transaction { database in
            try database.run(Self.insertion(columns.map(\.name)), columns.map(\.value)) == 1
        }
    }

    package func replace(_ record: JobRecord, expecting fence: JobRecord.Fence) async throws -> Bool {
        let columns = try Self.columns(of: record)
        let fenceValues: [SQLiteValue] = [
            .text(record.jobID), .init(fence.owner), .integer(Int64(fence.attempt)),
            .init(fence.leaseUntil?.description), .text(fence.updatedAt.description),
        ]
        return try database.transaction { database in
            try database.run(Self.replacement(columns.map(\.name)), columns.map(\.value) + fenceValues) == 1
        }
    }

    package func list(status: JobStatus?, limit: Int) async throws -> [JobRecord] {
        let rows = try database.use { database in
            guard let status else {
                return try database.rows(
                    "SELECT * FROM jobs ORDER BY updated_at DESC LIMIT ?", [.integer(Int64(limit))])
            }
            return try database.rows(
                "SELECT * FROM jobs WHERE status = ? ORDER BY updated_at DESC LIMIT ?",
                [.text(status.rawValue), .integer(Int64(limit))])
        }
        return try rows.map(Self.record)
    }

    package func relatives(of record: JobRecord) async throws -> [JobRecord] {
        let rows = try database.use { database in
            try database.rows(
                """
                SELECT * FROM jobs WHERE pipeline = ? AND job_id <> ? AND status IN ('running', 'succeeded')
                    AND ((bucket = ? AND key = ?) OR content_sha256 = ?) ORDER BY created_at LIMIT 1000
                """,
                [
                    .text(record.pipeline), .text(record.jobID), .text(record.arrival.bucket), .text(record.arrival.key),
                    .init(record.content),
                ])
        }
        return try rows.map(Self.record).filter(record.isRelative)
    }

    private static func insertion(_ names: [String]) -> String {
        let places = names.map { _ in "?" }.joined(separator: ", ")
        return "INSERT OR IGNORE INTO jobs (\(names.joined(separator: ", "))) VALUES (\(places))"
    }

    private static func replacement(_ names: [String]) -> String {
        let assignments = names.map { "\($0) = ?" }.joined(separator: ", ")
        return "UPDATE jobs SET \(assignments) WHERE job_id = ? AND owner IS ? AND attempt = ? AND lease_until IS ? AND updated_at = ?"
    }

    private static func columns(of record: JobRecord) throws -> [(name: String, value: SQLiteValue)] {
        [
            ("job_id", .text(record.jobID)),
            ("pipeline", .text(record.pipeline)),
            ("workflow", .text(record.workflow)),
            ("bucket", .text(record.arrival.bucket)),
            ("key", .text(record.arrival.key)),
            ("version", .init(record.arrival.version)),
            ("etag", .init(record.arrival.etag)),
            ("sequencer", .init(record.arrival.sequencer)),
            ("size", .init(record.arrival.size)),
            ("source", .text(record.arrival.source)),
            ("status", .text(record.status.rawValue)),
            ("step", .init(record.step)),
            ("attempt", .integer(Int64(record.attempt))),
            ("owner", .init(record.owner)),
            ("lease_until", .init(record.leaseUntil?.description)),
            ("created_at", .text(record.createdAt.description)),
            ("updated_at", .text(record.updatedAt.description)),
            ("ended_at", .init(record.endedAt?.description)),
            ("steps", .text(try JSONText.encode(record.steps))),
            ("counts", .text(try JSONText.encode(record.counts))),
            ("error", .init(try record.error.map { try errorText($0) })),
            ("receipt", .init(record.receipt)),
            ("announcements", .text(try JSONText.encode(record.announcements))),
            ("asker", .init(record.asker)),
            ("content_sha256", .init(record.content)),
            ("duplicate_of", .init(record.duplicateOf)),
            ("revision", .init(record.revision)),
            ("expires_at", .integer(record.expiresAt.seconds)),
        ]
    }

    private static func errorText(_ error: JobRecord.ErrorRecord) throws -> String {
        let message = error.message.clipped(toUTF8Bytes: maxErrorBytes)
        return try JSONText.encode(JobRecord.ErrorRecord(code: error.code, message: message))
    }

    private static func record(_ row: SQLiteRow) throws -> JobRecord {
        func text(_ column: String) throws(Failure) -> String {
            guard let text = row.text(column) else { throw unreadable(column) }
            return text
        }
        func moment(_ column: String) throws(Failure) -> Timestamp {
            guard let moment = Timestamp(try text(column)) else { throw unreadable(column) }
            return moment
        }
        func integer(_ column: String) throws(Failure) -> Int64 {
            guard let integer = row.integer(column) else { throw unreadable(column) }
            return integer
        }
        guard let status = JobStatus(rawValue: try text("status")) else { throw unreadable("status") }
        let arrival = Arrival(
            bucket: try text("bucket"), key: try text("key"), version: row.text("version"), etag: row.text("etag"),
            size: row.integer("size"), sequencer: row.text("sequencer"), source: try text("source"))
        return JobRecord(
            jobID: try text("job_id"), pipeline: try text("pipeline"), workflow: try text("workflow"),
            arrival: arrival, status: status, step: row.text("step"), attempt: Int(try integer("attempt")),
            owner: row.text("owner"), leaseUntil: row.text("lease_until") == nil ? nil : try moment("lease_until"),
            createdAt: try moment("created_at"), updatedAt: try moment("updated_at"),
            endedAt: row.text("ended_at") == nil ? nil : try moment("ended_at"),
            steps: try JSONText.decode([StepRecord].self, from: text("steps"), column: "steps"),
            counts: try JSONText.decode(Counts.self, from: text("counts"), column: "counts"),
            error: try row.text("error").map {
                try JSONText.decode(JobRecord.ErrorRecord.self, from: $0, column: "error")
            },
            receipt: row.text("receipt"),
            announcements: try JSONText.decode([String].self, from: text("announcements"), column: "announcements"),
            asker: row.text("asker"), content: row.text("content_sha256"), duplicateOf: row.text("duplicate_of"),
            revision: row.text("revision"),
            expiresAt: Timestamp(milliseconds: try integer("expires_at") * 1000))
    }

    private static func unreadable(_ column: String) -> Failure {
        Failure(
            .permanent, "local.database",
            "table jobs holds a row whose \(column) cannot be read. Was the database changed by hand?")
    }
}
