/// Collects the bytes of one statement after the other, and knows where each ends.
///
/// Source: PostgreSQL 15 manual, section 4.1 "Lexical Structure".
struct StatementScanner {
    private enum State: Equatable {
        case plain
        case lineComment
        case blockComment(depth: Int)
        case quoted(UInt8, backslashEscapes: Bool)
        /// After a backslash in an `E''` constant.
        case escaped
        /// After a `$` that may open a dollar quote; its place in the statement.
        case dollarTag(start: Int)
        /// Between dollar quotes: where the tag begins and how long it is with its dollars.
        case dollarQuoted(start: Int, length: Int)

        var isComment: Bool { self == .lineComment || commentDepth > 0 }

        var commentDepth: Int { if case .blockComment(let depth) = self { depth } else { 0 } }
    }

    private var state = State.plain
    private var statement: [UInt8] = []
    private var depth = 0
    /// The byte before, where it may belong to the same token; otherwise 0.
    private var previous: UInt8 = 0
    /// Whether the quoted constant before had backslash escapes: `''` goes on with it.
    private var lastEscapes = false

    /// True where nothing but blanks and comments came since the last statement.
    var isBetweenStatements: Bool { statement.isEmpty && (state == .plain || state == .lineComment) }

    /// Takes a byte; gives the statement that it ends.
    mutating func push(_ byte: UInt8) throws(PostgresError) -> [UInt8]? {
        let before = state
        let ended = try take(byte)
        let changesComment = before.isComment != state.isComment || state.commentDepth != before.commentDepth
        previous = changesComment || ended != nil ? 0 : byte
        return ended
    }

    private mutating func take(_ byte: UInt8) throws(PostgresError) -> [UInt8]? {
        switch state {
        case .plain: return try plain(byte)
        case .lineComment:
            if byte == UInt8(ascii: "\n") { try endComment() }
        case .blockComment(let depth): try blockComment(byte, depth)
        case .quoted(let quote, let backslashEscapes):
            try append(byte)
            if byte == quote {
                state = .plain
            } else if backslashEscapes && byte == UInt8(ascii: "\\") {
                state = .escaped
            }
        case .escaped:
            try append(byte)
            state = .quoted(UInt8(ascii: "'"), backslashEscapes: true)
        case .dollarTag(let start): return try dollarTag(byte, start)
        case .dollarQuoted(let start, let length):
            try append(byte)
            if byte == UInt8(ascii: "$"), statement.count >= start + 2 * length,
                statement.suffix(length).elementsEqual(statement[start..<start + length])
            {
                state = .plain
            }
        }
        return nil
    }

    private mutating func plain(_ byte: UInt8) throws(PostgresError) -> [UInt8]? {
        switch byte {
        case UInt8(ascii: ";") where depth == 0:
            defer { statement = [] }
            return statement.isEmpty ? nil : statement
        case UInt8(ascii: "'"):
            lastEscapes = previous == byte ? lastEscapes : Self.isEscapePrefix(statement)
            state = .quoted(byte, backslashEscapes: lastEscapes)
        case UInt8(ascii: "\""): state = .quoted(byte, backslashEscapes: false)
        case UInt8(ascii: "-") where previous == byte:
            statement.removeLast()
            state = .lineComment
            return nil
        case UInt8(ascii: "*") where previous == UInt8(ascii: "/"):
            statement.removeLast()
            state = .blockComment(depth: 1)
            return nil
        case UInt8(ascii: "$") where !Self.isNamePart(previous): state = .dollarTag(start: statement.count)
        case UInt8(ascii: "("): depth += 1
        case UInt8(ascii: ")"): depth = max(0, depth - 1)
        case UInt8(ascii: "\\"):
            throw .badScript("The script has a backslash command of psql, which is not understood here.")
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"), 0x0B, 0x0C:
            if statement.isEmpty { return nil }
        default: break
        }
        try append(byte)
        return nil
    }

    private mutating func blockComment(_ byte: UInt8, _ depth: Int) throws(PostgresError) {
        if previous == UInt8(ascii: "*") && byte == UInt8(ascii: "/") {
            if depth > 1 { state = .blockComment(depth: depth - 1) } else { try endComment() }
        } else if previous == UInt8(ascii: "/") && byte == UInt8(ascii: "*") {
            state = .blockComment(depth: depth + 1)
        }
    }

    /// A comment within a statement counts as a blank.
    private mutating func endComment() throws(PostgresError) {
        state = .plain
        if !statement.isEmpty { try append(UInt8(ascii: " ")) }
    }

    private mutating func dollarTag(_ byte: UInt8, _ start: Int) throws(PostgresError) -> [UInt8]? {
        let isFirst = statement.count == start + 1
        if byte == UInt8(ascii: "$") {
            try append(byte)
            state = .dollarQuoted(start: start, length: statement.count - start)
        } else if Self.isNamePart(byte) && byte != UInt8(ascii: "$") && !(isFirst && (48...57).contains(byte)) {
            try append(byte)
        } else {
            state = .plain
            previous = statement.last ?? 0
            return try plain(byte)
        }
        return nil
    }

    private mutating func append(_ byte: UInt8) throws(PostgresError) {
        guard statement.count < ScriptSplitter.maxStatementBytes else {
            throw .badScript("The script has a statement of more than \(ScriptSplitter.maxStatementBytes) bytes.")
        }
        statement.append(byte)
    }

    /// An `E` that is a word of its own stands right before the quote.
    private static func isEscapePrefix(_ statement: [UInt8]) -> Bool {
        guard let last = statement.last, last | 0x20 == UInt8(ascii: "e") else { return false }
        return !isNamePart(statement.dropLast().last ?? 0)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }
}
