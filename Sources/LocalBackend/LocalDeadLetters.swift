import Jobs

/// The dead letters, for those who look after them.
extension LocalQueue {
    /// Oldest first, also those that somebody has taken.
    package func deadLetters(limit: Int) async throws -> [DeadLetter] {
        let rows = try database.use { database in
            try database.rows(
                "SELECT id, body, attributes FROM dead_letters ORDER BY id LIMIT ?", [.integer(Int64(Swift.max(limit, 0)))])
        }
        return try rows.map { try Self.letter($0, receipt: "") }
    }

    package func takeDeadLetters(max: Int, visibility: Duration) async throws -> [DeadLetter] {
        let now = clock.now()
        let hiddenUntil = now.advanced(by: visibility).milliseconds
        let count = min(Swift.max(max, 1), Self.maxMessages)
        return try database.transaction { database in
            let rows = try database.rows(
                "SELECT id, body, attributes FROM dead_letters WHERE visible_at <= ? ORDER BY id LIMIT ?",
                [.integer(now.milliseconds), .integer(Int64(count))])
            return try rows.map { row in
                // Unique: two takings of a letter are some time apart.
                let letter = try Self.letter(row, receipt: "\(row.integer("id") ?? 0)/\(hiddenUntil)/\(UInt32.random(in: 0...UInt32.max))")
                try database.run(
                    "UPDATE dead_letters SET visible_at = ?, receipt = ? WHERE id = ?",
                    [.integer(hiddenUntil), .text(letter.receipt), .integer(row.integer("id") ?? 0)])
                return letter
            }
        }
    }

    /// In one transaction. Throws `queue.stale_delivery` where somebody else has taken the letter since.
    package func redrive(_ letter: DeadLetter) async throws {
        let now = clock.now()
        try database.transaction { database in
            guard try Self.delete(letter, in: database) else {
                throw Failure(
                    .transient, "queue.stale_delivery", "Dead letter \(letter.id) was taken by somebody else since; that one settles it.")
            }
            try Self.enqueue(letter.body, letter.attributes, at: now, in: database)
        }
    }

    package func deleteDeadLetter(_ letter: DeadLetter) async throws {
        try database.transaction { database in _ = try Self.delete(letter, in: database) }
    }

    package func giveBack(_ letters: [DeadLetter]) async throws {
        try database.transaction { database in
            for letter in letters {
                try database.run(
                    "UPDATE dead_letters SET visible_at = 0 WHERE id = ? AND receipt = ?",
                    [.integer(Int64(letter.id) ?? -1), .text(letter.receipt)])
            }
        }
    }

    private static func letter(_ row: SQLiteRow, receipt: String) throws -> DeadLetter {
        let attributes = try JSONText.decode([String: String].self, from: row.text("attributes") ?? "", column: "attributes")
        return DeadLetter(
            id: String(row.integer("id") ?? 0), body: row.text("body") ?? "", attributes: attributes, receipt: receipt)
    }

    /// Whether the letter was there, and still taken by us.
    private static func delete(_ letter: DeadLetter, in database: SQLite) throws -> Bool {
        try database.run(
            "DELETE FROM dead_letters WHERE id = ? AND receipt = ?",
            [.integer(Int64(letter.id) ?? -1), .text(letter.receipt)]) == 1
    }
}
