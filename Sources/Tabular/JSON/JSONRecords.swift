import Glibc

/// Takes in records one after the other.
protocol JSONRecordVisitor {
    /// Reads the record on which the scanner stands, and leaves it behind the record.
    mutating func take(_ scanner: inout JSONScanner) throws(JSONFault)

    /// Forgets the record that was taken last: it is broken, or taken once more when more of it was read.
    mutating func takeBack()
}

/// Finds the records of a JSON text, whatever its layout.
final class JSONRecords {
    /// What became of a record.
    enum Outcome {
        case taken
        /// Where it begins, and its text.
        case rejected(JSONFault, at: Int, text: UnsafeBufferPointer<UInt8>)
    }

    let window: JSONWindow
    private let layout: JSONLayout
    private let isLine: Bool
    private var stage = Stage.before
    /// What stands before the place at hand in an array.
    private var place = Place.bracket

    private enum Stage { case before, rows, behind, ended }
    private enum Place { case bracket, element, comma }

    init(window: JSONWindow, layout: JSONLayout) {
        self.window = window
        self.layout = layout
        isLine = layout == .lines
    }

    /// Has the next record taken in; nil at the end. A record that is JSON but no row, and any broken line of JSON lines, is
    /// given as rejected; other damage ends the reading.
    @inline(__always)
    func next<Visitor: JSONRecordVisitor>(_ visitor: inout Visitor) throws -> Outcome? {
        while true {
            switch stage {
            case .ended: return nil
            case .before: try begin()
            case .behind: try finish()
            case .rows:
                guard try findRecord() else { continue }
                if let outcome = try record(&visitor) { return outcome }
            }
        }
    }

    /// Nil where more of the record must be read first.
    @inline(__always)
    private func record<Visitor: JSONRecordVisitor>(_ visitor: inout Visitor) throws -> Outcome? {
        let start = window.at
        var scanner = JSONScanner(window.text, from: start, to: window.end, isLine: isLine)
        var fault: JSONFault?
        do throws(JSONFault) {
            try visitor.take(&scanner)
            if isLine { try expectLineEnd(&scanner, start) }
        } catch let found {
            fault = found
        }
        if !window.isEnded, scanner.at >= window.end || (fault != nil && !isAllThere(scanner.at)) {
            visitor.takeBack()
            try window.more()
            return nil
        }
        if let fault {
            visitor.takeBack()
            return try rejected(fault, start)
        }
        window.at = scanner.at
        place = .element
        return .taken
    }

    @inline(__always)
    private func expectLineEnd(_ scanner: inout JSONScanner, _ start: Int) throws(JSONFault) {
        let byte = scanner.peek()
        guard scanner.at < scanner.end, byte != 10, byte != UInt8(ascii: "{") else { return }
        scanner.fail("the end of the line")
        throw .malformed(scanner, from: start)
    }

    /// A record that is no row: JSON all the same, or else a line of JSON lines.
    private func rejected(_ fault: JSONFault, _ start: Int) throws -> Outcome? {
        guard !isLine else { return rejectedLine(fault) }
        if fault.isStructural { throw error(fault, at: start) }
        var whole = JSONScanner(window.text, from: start, to: window.end, isLine: false)
        let value = whole.value()
        if whole.at >= window.end, !window.isEnded {
            try window.more()
            return nil
        }
        guard value != nil else { throw error(.malformed(whole, from: start), at: start) }
        window.at = whole.at
        place = .element
        return .rejected(fault, at: start, text: whole.bytes(from: start))
    }

    /// Whether enough was read to say what is wrong at a place: the rest of the line, or what a message shows.
    private func isAllThere(_ at: Int) -> Bool {
        isLine ? memchr(window.text + at, 10, window.end - at) != nil : at + maxShownBytes < window.end
    }

    /// The whole rest of the line is rejected.
    private func rejectedLine(_ fault: JSONFault) -> Outcome {
        let (text, start) = (window.text, window.at)
        let newline = memchr(text + start, 10, window.end - start)?.assumingMemoryBound(to: UInt8.self)
        let length = newline.map { text.distance(to: UnsafePointer($0)) - start } ?? window.end - start
        window.at = start + length
        let isCRLF = length > 0 && text[start + length - 1] == 13
        return .rejected(fault, at: start, text: UnsafeBufferPointer(start: text + start, count: isCRLF ? length - 1 : length))
    }

    private func error(_ fault: JSONFault, at start: Int) -> TabularError {
        TabularError(
            fault.code, "Line \(window.line(at: start)) (byte \(window.position(start))): \(fault.reason). The text is not JSON (RFC 8259)."
        )
    }

    // MARK: Between records

    /// Moves to the next record; false where there is none, and the stage has changed.
    @inline(__always)
    private func findRecord() throws -> Bool {
        while true {
            let text = window.text
            var at = window.at
            let end = window.end
            while at < end, text[at] == 10 || text[at] == 32 || text[at] == 13 || text[at] == 9 { at &+= 1 }
            window.at = at
            if at == end {
                if !window.isEnded {
                    try window.more()
                    continue
                }
                guard case .array = layout else {
                    stage = .ended
                    return false
                }
                throw broken("',' or ']'")
            }
            guard case .array = layout else { return true }
            if text[at] == UInt8(ascii: "]"), place != .comma {
                window.at = at + 1
                stage = .behind
                return false
            }
            guard place == .element else { return true }
            guard text[at] == UInt8(ascii: ",") else { throw broken("',' or ']'") }
            window.at = at + 1
            place = .comma
        }
    }

    private func broken(_ expected: StaticString) -> TabularError {
        var scanner = JSONScanner(window.text, from: window.at, to: window.end, isLine: false)
        scanner.fail(expected)
        return error(.malformed(scanner, from: window.at), at: window.at)
    }

    /// Moves behind the bracket of the array that holds the rows.
    private func begin() throws {
        guard case .array(let path) = layout else {
            stage = .rows
            return
        }
        try scan { scanner in
            for key in path { guard try self.enter(key, path, &scanner) else { return false } }
            guard scanner.peek() == UInt8(ascii: "[") else {
                if path.isEmpty || scanner.at >= scanner.end { return scanner.take(UInt8(ascii: "["), "'['") }
                throw TabularError("json.bad_path", "What stands under the path \(path.joined(separator: ".")) is no array.")
            }
            return scanner.take(UInt8(ascii: "["), "'['")
        }
        stage = .rows
    }

    /// Moves to the value of a key of the object at hand; false where the text is broken or ends.
    private func enter(_ key: String, _ path: [String], _ scanner: inout JSONScanner) throws -> Bool {
        guard scanner.take(UInt8(ascii: "{"), "'{'") else { return false }
        if scanner.peek() == UInt8(ascii: "}") { throw notFound(path) }
        while true {
            guard let start = scanner.key() else { return false }
            let name = scanner.bytes(from: start)
            guard scanner.take(UInt8(ascii: ":"), "':'") else { return false }
            if let text = try? JSONString.decoded(name), text.elementsEqual(key.utf8) { return true }
            guard scanner.value() != nil else { return false }
            if scanner.peek() == UInt8(ascii: "}") { throw notFound(path) }
            guard scanner.take(UInt8(ascii: ","), "',' or '}'") else { return false }
        }
    }

    private func notFound(_ path: [String]) -> TabularError {
        TabularError(
            "json.bad_path", "The document has nothing under the path \(path.joined(separator: ".")). Check --path (input.path).")
    }

    /// Reads what follows the array, which must be the end of the objects around it.
    private func finish() throws {
        guard case .array(let path) = layout else { return }
        try scan { scanner in
            for _ in path {
                while scanner.peek() == UInt8(ascii: ",") {
                    guard scanner.take(UInt8(ascii: ","), "','"), scanner.key() != nil, scanner.take(UInt8(ascii: ":"), "':'"),
                        scanner.value() != nil
                    else { return false }
                }
                guard scanner.take(UInt8(ascii: "}"), "',' or '}'") else { return false }
            }
            scanner.skipBlanks()
            guard scanner.at == scanner.end else {
                scanner.fail("the end of the file")
                return false
            }
            return true
        }
        stage = .ended
    }

    /// Scans from the place at hand, once more with more text where it stopped at the end; moves there where all is well.
    private func scan(_ body: (inout JSONScanner) throws -> Bool) throws {
        while true {
            let start = window.at
            var scanner = JSONScanner(window.text, from: start, to: window.end, isLine: false)
            let isGood = try body(&scanner)
            if !window.isEnded, scanner.at >= window.end {
                try window.more()
                continue
            }
            guard isGood else { throw error(.malformed(scanner, from: start), at: start) }
            window.at = scanner.at
            return
        }
    }
}
