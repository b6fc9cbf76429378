import Glibc

/// Cuts a script into statements and COPY data as its bytes come in, wherever the pieces end.
///
/// How this works: bytes go in, events come out, nothing else happens here. Between statements blanks and comments are
/// skipped; a statement ends at a `;` outside quotes, comments and parentheses. Only the server knows which statement
/// begins a COPY, so the caller says so with ``copyDataFollows()``; then everything up to a line `\.` is data, which is
/// handed on in pieces as large as the input's. psql reads scripts by the same rules.
///
/// Source: PostgreSQL 15 manual, section 4.1 "Lexical Structure"; `COPY`, "Text Format".
struct ScriptSplitter {
    enum Event {
        /// Without the `;`.
        case statement([UInt8])
        /// Some bytes of a COPY block, to be used before the next call.
        case copyData(UnsafeRawBufferPointer)
        case copyEnd
    }

    /// The longest statement (COPY data is no part of it).
    static let maxStatementBytes = 16 << 20

    private enum Mode { case statement, restOfCopyLine, copyData }

    private var mode = Mode.statement
    private var scanner = StatementScanner()
    private var atLineStart = true
    /// How many bytes of ``terminator`` ended the last piece.
    private var held = 0
    private static let terminator: StaticString = "\\.\r\n"

    /// The next event, with the input moved on behind it; nil when the input is used up.
    mutating func next(_ input: inout UnsafeRawBufferPointer) throws(PostgresError) -> Event? {
        switch mode {
        case .statement:
            while let byte = input.first {
                Self.drop(1, from: &input)
                if let statement = try scanner.push(byte) { return .statement(statement) }
            }
            return nil
        case .restOfCopyLine:
            while let byte = input.first {
                Self.drop(1, from: &input)
                if byte == UInt8(ascii: "\n") {
                    mode = .copyData
                    atLineStart = true
                    return try next(&input)
                }
                guard byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\t") else {
                    throw .badScript("The script has text behind a COPY statement, on the same line.")
                }
            }
            return nil
        case .copyData: return nextOfCopy(&input)
        }
    }

    /// The statement that came last began a COPY from stdin.
    mutating func copyDataFollows() {
        mode = .restOfCopyLine
    }

    /// The end of the script: the last event, if there is one.
    mutating func finish() throws(PostgresError) -> Event? {
        switch mode {
        case .copyData where held >= 2:
            held = 0
            mode = .statement
            return .copyEnd
        case .copyData, .restOfCopyLine:
            throw .badScript("The script ends within the data of a COPY statement; the line `\\.` is missing.")
        case .statement:
            guard scanner.isBetweenStatements else {
                throw .badScript("The script ends within a statement; a `;` or a closing quote is missing.")
            }
            return nil
        }
    }

    private mutating func nextOfCopy(_ input: inout UnsafeRawBufferPointer) -> Event? {
        if held > 0 { return continueTerminator(&input) }
        var at = 0
        while at < input.count {
            if atLineStart, input[at] == UInt8(ascii: "\\") {
                let isCandidate = at + 1 == input.count || input[at + 1] == UInt8(ascii: ".")
                if isCandidate {
                    if at > 0 { return .copyData(Self.drop(at, from: &input)) }
                    held = 1
                    Self.drop(1, from: &input)
                    return continueTerminator(&input)
                }
            }
            atLineStart = false
            guard let rest = input.baseAddress.map({ $0 + at }),
                let newline = memchr(rest, Int32(UInt8(ascii: "\n")), input.count - at)
            else { break }
            at += UnsafeRawPointer(newline) - rest + 1
            atLineStart = true
        }
        return input.isEmpty ? nil : .copyData(Self.drop(input.count, from: &input))
    }

    /// A line began with the first `held` bytes of `\.`, a line end behind it.
    private mutating func continueTerminator(_ input: inout UnsafeRawBufferPointer) -> Event? {
        while let byte = input.first {
            switch (held, byte) {
            case (1, UInt8(ascii: ".")), (2, UInt8(ascii: "\r")):
                held += 1
                Self.drop(1, from: &input)
            case (2, UInt8(ascii: "\n")), (3, UInt8(ascii: "\n")):
                Self.drop(1, from: &input)
                held = 0
                mode = .statement
                return .copyEnd
            default:
                let data = UnsafeRawBufferPointer(start: Self.terminator.utf8Start, count: held)
                held = 0
                atLineStart = false
                return .copyData(data)
            }
        }
        return nil
    }

    @discardableResult
    private static func drop(_ count: Int, from input: inout UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let dropped = UnsafeRawBufferPointer(rebasing: input[..<count])
        input = UnsafeRawBufferPointer(rebasing: input[count...])
        return dropped
    }
}
