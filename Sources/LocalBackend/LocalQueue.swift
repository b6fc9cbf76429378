import Jobs

/// The queue of arrivals and its dead letters in SQLite, as SQS behaves: a received message is hidden for a while and
/// comes back unless it is deleted.
package struct LocalQueue: ArrivalQueue {
    /// How often an empty queue is looked at while `receive` waits.
    static let pollInterval = Duration.milliseconds(100)
    /// The most messages one `receive` takes, and the longest it waits, as in SQS.
    static let maxMessages = 10
    static let maxWait = Duration.seconds(20)

    let database: LocalDatabase
    let clock: WallClock

    /// `clock` decides when a hidden message comes back.
    package init(database: LocalDatabase, clock: WallClock) {
        self.database = database
        self.clock = clock
    }

    /// Throws `CancellationError` when the task is cancelled while it waits.
    package func receive(max: Int, wait: Duration, visibility: Duration) async throws -> [QueueMessage] {
        let ends = ContinuousClock.now + min(wait, Self.maxWait)
        let count = min(Swift.max(max, 1), Self.maxMessages)
        while true {
            let messages = try take(count, visibility: visibility)
            if !messages.isEmpty { return messages }
            let rest = ends - .now
            if rest <= .zero { return [] }
            try await Task.sleep(for: min(rest, Self.pollInterval))
        }
    }

    package func extend(_ message: QueueMessage, visibility: Duration) async throws {
        guard let id = Int64(message.id) else { return }
        let until = clock.now().advanced(by: visibility)
        try database.transaction { database in
            _ = try database.run(
                "UPDATE messages SET visible_at = ? WHERE id = ? AND receipt = ?",
                [.integer(until.milliseconds), .integer(id), .text(message.receipt)])
        }
    }

    package func delete(_ message: QueueMessage) async throws {
        try database.transaction { database in _ = try Self.delete(message, in: database) }
    }

    /// Throws `queue.stale_delivery` where a later delivery has overtaken this one: that one settles the message.
    package func copyToDeadLetters(_ message: QueueMessage, reason: DeadLetterReason) async throws {
        let attributes = try JSONText.encode(reason.attributes)
        try database.transaction { database in
            let current = try database.rows(
                "SELECT id FROM messages WHERE id = ? AND receipt = ?",
                [.integer(Int64(message.id) ?? -1), .text(message.receipt)])
            if current.isEmpty {
                throw Failure(
                    .transient, "queue.stale_delivery", "Message \(message.id) was delivered again since; that delivery settles it.")
            }
            _ = try database.run(
                "INSERT INTO dead_letters (body, attributes) VALUES (?, ?)", [.text(message.body), .text(attributes)])
        }
    }

    package func send(_ body: String) async throws {
        let now = clock.now()
        try database.transaction { database in try Self.enqueue(body, at: now, in: database) }
    }

    /// Adds a message inside the caller's transaction.
    static func enqueue(_ body: String, _ attributes: [String: String] = [:], at now: Timestamp, in database: SQLite) throws {
        try database.run(
            "INSERT INTO messages (body, visible_at, attributes) VALUES (?, ?, ?)",
            [.text(body), .integer(now.milliseconds), .text(try JSONText.encode(attributes))])
    }

    private func take(_ count: Int, visibility: Duration) throws -> [QueueMessage] {
        let now = clock.now()
        let hiddenUntil = now.advanced(by: visibility)
        // Looking needs no write lock, so that waiting workers do not hinder those that write.
        let isEmpty = try database.use { database in
            try database.rows("SELECT 1 FROM messages WHERE visible_at <= ? LIMIT 1", [.integer(now.milliseconds)])
                .isEmpty
        }
        if isEmpty { return [] }
        return try database.transaction { database in
            // The longest visible first, so that one message that keeps coming back does not starve the others.
            let rows = try database.rows(
                """
                SELECT id, body, receive_count, attributes FROM messages WHERE visible_at <= ? ORDER BY visible_at, id LIMIT ?
                """, [.integer(now.milliseconds), .integer(Int64(count))])
            return try rows.map { row in
                let id = row.integer("id") ?? 0
                let receiveCount = (row.integer("receive_count") ?? 0) + 1
                // Unique: numbers are never used again, and the count goes up with every delivery.
                let receipt = "\(id)/\(receiveCount)"
                try database.run(
                    "UPDATE messages SET visible_at = ?, receive_count = ?, receipt = ? WHERE id = ?",
                    [.integer(hiddenUntil.milliseconds), .integer(receiveCount), .text(receipt), .integer(id)])
                return QueueMessage(
                    id: String(id), receipt: receipt, body: row.text("body") ?? "", receiveCount: Int(receiveCount),
                    attributes: try JSONText.decode(
                        [String: String].self, from: row.text("attributes") ?? "{}", column: "attributes"))
            }
        }
    }

    /// Whether there was such a delivery to delete.
    private static func delete(_ message: QueueMessage, in database: SQLite) throws -> Bool {
        guard let id = Int64(message.id) else { return false }
        return try database.run(
            "DELETE FROM messages WHERE id = ? AND receipt = ?", [.integer(id), .text(message.receipt)]) == 1
    }
}
