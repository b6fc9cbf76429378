import CPostgres
import Glibc

/// One libpq connection: the only place that calls libpq. Blocks the calling thread, yet notices a cancelled task.
///
/// How this works: libpq is used without blocking (PQsendQuery, PQflush, PQconsumeInput), and whenever it has to wait
/// we poll its socket, for ``pollMilliseconds`` at a time; in between we look at the task and the deadline.
///
/// Source: PostgreSQL 15 manual, chapter 34 "libpq".
final class ServerLink {
    /// How long a cancelled task or a passed deadline may go unnoticed.
    static let pollMilliseconds: Int32 = 100
    /// How long a server may take to acknowledge a cancellation or a rollback before it is hung up on.
    static let goodbyeTimeout: Duration = .seconds(10)
    /// Bytes handed to libpq at once.
    static let copyPieceBytes = 1 << 18

    private let connection: OpaquePointer
    private var deadline: ContinuousClock.Instant?
    private var heedsCancellation = true

    /// What a statement led to.
    enum Reply {
        case rows([[String?]])
        /// The command's tag and how many rows it touched.
        case done(tag: String, rows: Int64)
        case copyIn
    }

    // MARK: Connecting

    /// The parts of a connection string, by libpq's names; nil where libpq cannot read it.
    static func parse(_ text: String) -> [String: String]? {
        guard !text.utf8.contains(0), let options = PQconninfoParse(text, nil) else { return nil }
        defer { PQconninfoFree(options) }
        var parts: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { parts[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return parts
    }

    /// Connects. Later settings win over earlier ones; those of a `dbname` that is a whole URL stand in its place.
    init(_ settings: [(name: String, value: String)], to url: DatabaseURL, timeout: Duration) throws {
        let started = withCStrings(settings.map(\.name)) { names in
            withCStrings(settings.map(\.value)) { values in PQconnectStartParams(names, values, 1) }
        }
        guard let started else { throw PostgresError.unavailable("There is no memory for a database connection.") }
        connection = started
        // From here on deinit closes the connection, whatever is thrown.
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        _ = PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)  // the only way to learn the SQLSTATE of a refusal
        deadline = .now + timeout
        do {
            try finishConnecting()
        } catch is DeadlinePassed {
            throw PostgresError.unavailable("The database \(url) did not answer within \(timeout).")
        } catch let refusal as PostgresError {
            var error = refusal
            error.message = "The database \(url) cannot be reached: \(refusal.message)"
            throw error
        }
        deadline = nil
        _ = PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        PQsetnonblocking(connection, 1)
    }

    deinit { PQfinish(connection) }

    private func finishConnecting() throws {
        var state = PGRES_POLLING_WRITING
        while true {
            if PQstatus(connection) == CONNECTION_BAD { throw refusal }
            switch state {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: try wait(for: POLLIN)
            case PGRES_POLLING_WRITING: try wait(for: POLLOUT)
            default: throw refusal
            }
            state = PQconnectPoll(connection)
        }
    }

    private var refusal: PostgresError {
        ConnectionRefusal(
            text: String(cString: PQerrorMessage(connection)), needsPassword: PQconnectionNeedsPassword(connection) == 1
        ).error
    }

    // MARK: State

    var serverVersion: Int { Int(PQserverVersion(connection)) }
    var isUsable: Bool { PQstatus(connection) == CONNECTION_OK }
    var isIdle: Bool { PQtransactionStatus(connection) == PQTRANS_IDLE }
    /// True within BEGIN … COMMIT, failed or not.
    var isInTransaction: Bool {
        let status = PQtransactionStatus(connection)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }
    private(set) var isCopying = false

    // MARK: Statements

    /// Runs statements and gives the last one's reply. `sql` has no NUL byte in it.
    func run(_ sql: [UInt8], _ parameters: [String?] = []) throws -> Reply {
        guard !sql.contains(0), !parameters.contains(where: { $0?.utf8.contains(0) ?? false }) else {
            throw PostgresError(
                code: "database.bad_value", message: "A statement or a parameter contains a NUL byte.")
        }
        let sent = (sql + [0]).withUnsafeBytes { bytes in
            let text = bytes.assumingMemoryBound(to: CChar.self).baseAddress
            if parameters.isEmpty { return PQsendQuery(connection, text) }
            return withCStrings(parameters) {
                PQsendQueryParams(connection, text, Int32(parameters.count), nil, $0, nil, nil, 0)
            }
        }
        guard sent == 1 else { throw linkError }
        return try lastReply()
    }

    func run(_ sql: String, _ parameters: [String?] = []) throws -> Reply {
        try run(Array(sql.utf8), parameters)
    }

    /// Reads results until there is none, or a COPY begins. The first error is thrown, after the rest has been read.
    private func lastReply() throws -> Reply {
        var reply = Reply.rows([])
        var failure: PostgresError?
        while let result = try nextResult() {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK: reply = .done(tag: String(cString: PQcmdStatus(result)), rows: Self.affected(result))
            case PGRES_TUPLES_OK: reply = .rows(Self.rows(of: result))
            case PGRES_EMPTY_QUERY: break
            case PGRES_COPY_IN:
                isCopying = true
                return .copyIn
            case PGRES_COPY_OUT, PGRES_COPY_BOTH:
                throw PostgresError.badScript("COPY TO stdout is not supported here.")
            default: failure = failure ?? error(of: result)
            }
        }
        if let failure { throw failure }
        return reply
    }

    private func nextResult() throws -> OpaquePointer? {
        try flush()
        while PQisBusy(connection) == 1 {
            try wait(for: POLLIN)
            if PQconsumeInput(connection) == 0 { break }  // PQgetResult tells what happened
        }
        return PQgetResult(connection)
    }

    private static func rows(of result: OpaquePointer) -> [[String?]] {
        let columns = PQnfields(result)
        return (0..<PQntuples(result)).map { row in
            (0..<columns).map { column in
                PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
            }
        }
    }

    private static func affected(_ result: OpaquePointer) -> Int64 {
        Int64(String(cString: PQcmdTuples(result))) ?? 0
    }

    // MARK: COPY

    /// Sends some bytes of a COPY. False where the connection is gone: ``endCopy(failing:)`` tells why.
    func copy(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            let count = min(rest.count, Self.copyPieceBytes)
            guard PQputCopyData(connection, base.assumingMemoryBound(to: CChar.self), Int32(count)) == 1 else {
                return false
            }
            guard try flush() else { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }

    /// Ends a COPY and gives the number of rows; with a reason, makes it fail.
    func endCopy(failing reason: String? = nil) throws -> Int64 {
        isCopying = false
        guard PQputCopyEnd(connection, reason) == 1 else { throw linkError }
        guard case .done(_, let rows) = try lastReply() else { return 0 }
        return rows
    }

    /// Sends what libpq has collected. False where the connection is gone.
    @discardableResult
    private func flush() throws -> Bool {
        while true {
            switch PQflush(connection) {
            case 0: return isUsable
            case 1:
                let ready = try wait(for: POLLIN | POLLOUT)
                if ready & POLLIN != 0, PQconsumeInput(connection) == 0 { return false }
            default: return false
            }
        }
    }

    /// Why the connection went away in the middle of a COPY.
    var reasonGone: PostgresError {
        do {
            _ = try endCopy()
            return linkError
        } catch let error as PostgresError {
            return error.isTransient ? error : .unavailable(error.message)
        } catch {
            return linkError
        }
    }

    /// Commits. Where the connection is lost on the way nobody knows whether it happened: `database.commit_unknown`.
    func commit() throws {
        let reply: Reply
        do {
            reply = try run("COMMIT")
        } catch let error as PostgresError where !isUsable {
            throw PostgresError(
                code: "database.commit_unknown", sqlState: error.sqlState,
                message: "The connection was lost during COMMIT, so the load may or may not be in the database; the "
                    + "ledger landfall.loads tells. \(error.message)",
                isTransient: true)
        }
        guard case .done("COMMIT", _) = reply else {
            throw PostgresError(code: "database.error", message: "The transaction had failed and was rolled back.")
        }
    }

    // MARK: Giving up

    /// After an error: ends the COPY or the statement under way and, if asked to, the transaction; false where the
    /// connection is of no more use.
    func recover(rollingBack: Bool) -> Bool {
        guard isUsable else { return false }
        heedsCancellation = false
        deadline = .now + Self.goodbyeTimeout
        defer {
            heedsCancellation = true
            deadline = nil
        }
        do {
            if isCopying {
                _ = try? endCopy(failing: "the client gave up")
            } else if PQtransactionStatus(connection) == PQTRANS_ACTIVE {
                cancel()
                _ = try? lastReply()
            }
            if rollingBack && isInTransaction { _ = try run("ROLLBACK") }
            return isUsable && (isIdle || !rollingBack && isInTransaction)
        } catch {
            return false
        }
    }

    private func cancel() {
        guard let cancellation = PQgetCancel(connection) else { return }
        defer { PQfreeCancel(cancellation) }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
            _ = PQcancel(cancellation, message.baseAddress, Int32(message.count))
        }
    }

    // MARK: Waiting

    private struct DeadlinePassed: Error {}

    /// Waits until the socket is ready; gives the events that it is ready for.
    @discardableResult
    private func wait(for events: Int32) throws -> Int32 {
        while true {
            if heedsCancellation { try Task.checkCancellation() }
            if let deadline, deadline < .now { throw DeadlinePassed() }
            var socket = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
            guard socket.fd >= 0 else { throw linkError }
            let ready = poll(&socket, 1, Self.pollMilliseconds)
            if ready < 0 && errno != EINTR {
                throw PostgresError.unavailable("Waiting for the database failed: \(String(cString: strerror(errno))).")
            }
            if ready > 0 {
                // A socket in trouble counts as readable: reading tells what the trouble is.
                let trouble = Int32(socket.revents) & ~events != 0
                return Int32(socket.revents) | (trouble ? POLLIN : 0)
            }
        }
    }

    // MARK: Errors

    private func error(of result: OpaquePointer) -> PostgresError {
        func field(_ code: Unicode.Scalar) -> String? {
            PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
        }
        guard let state = field("C"), let primary = field("M") else {
            return PostgresError.unavailable(Self.oneLine(String(cString: PQresultErrorMessage(result))))
        }
        return ServerReport(state: state, primary: primary, detail: field("D"), hint: field("H"), context: field("W"))
            .error
    }

    private var linkError: PostgresError {
        .unavailable(Self.oneLine(String(cString: PQerrorMessage(connection))))
    }

    private static func oneLine(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.isEmpty
            ? "The database connection is lost." : ServerReport.cut(line, ServerReport.maxPrimaryCharacters)
    }
}

/// Calls with C strings, ended by a null pointer; nil stays nil.
private func withCStrings<R>(_ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R) -> R {
    let copies = strings.map { string in string.flatMap { strdup($0) } }
    defer { for copy in copies { free(copy) } }
    return (copies.map { $0.map { UnsafePointer($0) } } + [nil]).withUnsafeBufferPointer { body($0.baseAddress) }
}
