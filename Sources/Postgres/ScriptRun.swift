import Glibc

/// How a script ended.
package enum ScriptOutcome: Hashable, Sendable {
    /// All of it has run; so many rows went through its COPY blocks.
    case completed(rowsCopied: Int64)
    /// Its load is in the ledger already; nothing was changed.
    case alreadyLoaded
    /// A newer version of its file is in the ledger already; nothing was changed.
    case superseded
    /// Another version of its file is in the ledger, and its pipeline refuses another; nothing was changed.
    case resent
}

/// How far a script has got, in bytes of its file.
package struct ScriptProgress: Hashable, Sendable {
    package var bytesDone: Int64
    package var bytesTotal: Int64
}

/// One script on its way through one connection.
struct ScriptRun {
    /// How much of the file is read at once.
    static let pieceBytes = 1 << 18

    let link: ServerLink
    let path: String
    /// Runs before each COMMIT; what it throws rolls back.
    var beforeCommit: (() throws -> Void)?

    /// Gives the number of rows copied.
    func run(_ progress: ((ScriptProgress) -> Void)?) throws -> Int64 {
        guard link.isIdle else { throw PostgresError.badScript("A script cannot run within a transaction.") }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unreadable }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw unreadable }
        var state = ScriptProgress(bytesDone: 0, bytesTotal: Int64(status.st_size))
        var splitter = ScriptSplitter()
        var rows: Int64 = 0
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceBytes, alignment: 16)
        defer { piece.deallocate() }
        while true {
            try Task.checkCancellation()
            let count = read(file, piece.baseAddress, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable }
            if count == 0 { break }
            var input = UnsafeRawBufferPointer(rebasing: piece[..<count])
            while let event = try splitter.next(&input) { rows += try take(event, &splitter) }
            state.bytesDone += Int64(count)
            progress?(state)
        }
        if let event = try splitter.finish() { rows += try take(event, &splitter) }
        guard link.isIdle else {
            throw PostgresError.badScript("The script \(path) ends within a transaction; a COMMIT is missing.")
        }
        return rows
    }

    private func take(_ event: ScriptSplitter.Event, _ splitter: inout ScriptSplitter) throws -> Int64 {
        switch event {
        case .statement(let sql):
            if Self.isCommit(sql) && link.isInTransaction {
                try beforeCommit?()
                try link.commit()
            } else if case .copyIn = try link.run(sql) {
                splitter.copyDataFollows()
            }
            return 0
        case .copyData(let bytes):
            guard try link.copy(bytes) else { throw ConnectionGone() }
            return 0
        case .copyEnd: return try link.endCopy()
        }
    }

    private static func isCommit(_ sql: [UInt8]) -> Bool {
        String(decoding: sql.prefix(64), as: UTF8.self).uppercased() == "COMMIT"
    }

    private var unreadable: PostgresError {
        PostgresError(
            code: "database.bad_script",
            message: "The script \(path) cannot be read: \(String(cString: strerror(errno))).")
    }
}
