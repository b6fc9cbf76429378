import Compression

/// Cuts a CSV text into chunks of whole records, with the places of all separators.
///
/// How this works: about a megabyte is read behind what was left over, the separators are found by ``FastScan``, and
/// everything up to the last record end is handed out; the rest is moved to the front and waits for more text. Text
/// whose quotes break RFC 4180's rules goes to the exact scan instead, chunk by chunk.
final class RecordChunker {
    /// How much is read at a time.
    static let chunkBytes = 1 << 20
    /// The longest record; a longer one is most often an open quote that swallows the file.
    static let maxRecordBytes = 32 << 20

    let dialect: Dialect
    private let source: any ByteSource
    private let readBytes: Int
    private let exactScanOnly: Bool
    private var memory: ChunkMemory
    private var buffer: UnsafeMutablePointer<UInt8> { memory.text }
    /// Text that has been read but not handed out: `buffer[begin..<end]`.
    private var begin = 0
    private var end = 0
    private var sourceEnded = false
    /// The offset in the file of what has not been handed out yet.
    private var offset: Int64 = 0
    private let offsets: OriginalOffsets
    private var line: Int64 = 1
    /// How much is looked at for one chunk: less than there is where records are so short that a chunk has as many as it may.
    private var scanBytes = Int.max

    /// `source` must stand at the first byte to read; a byte order mark is skipped here. `exactScanOnly` is for tests,
    /// which hold both scans against each other.
    init(
        source: any ByteSource, dialect: Dialect, chunkBytes: Int = RecordChunker.chunkBytes, exactScanOnly: Bool = false
    ) throws {
        self.source = source
        self.dialect = dialect
        self.exactScanOnly = exactScanOnly || !dialect.isSimple
        readBytes = max(1, chunkBytes)
        memory = ChunkMemory(capacity: 2 * readBytes)
        memory.reserve(4, keeping: 0)
        var isAtEnd = false
        while end < 3, !isAtEnd {
            let count = try source.read(into: UnsafeMutableRawBufferPointer(start: memory.text + end, count: 3 - end))
            end += count
            isAtEnd = count == 0
        }
        sourceEnded = isAtEnd
        offsets = OriginalOffsets(of: source)
        offset = offsets.first
        if end >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF { advance(3) }
    }

    private func advance(_ count: Int) {
        offset += offsets.bytes(buffer + begin, count)
        begin += count
    }

    /// Gives away the memory of the last chunk, and goes on in other memory.
    func moveOn(to next: ChunkMemory) -> ChunkMemory {
        // One more for the newline that the last record may lack.
        next.reserve(end - begin + 1, keeping: 0)
        next.text.update(from: buffer + begin, count: end - begin)
        end -= begin
        begin = 0
        defer { memory = next }
        return memory
    }

    /// The next records; nil at the end. `fieldsPerRecord` is how many fields each should have (0: not known yet), and
    /// `maxRecords` bounds the chunk.
    func next(fieldsPerRecord: Int, maxRecords: Int = .max) throws -> RecordChunk? {
        var wanted = min(readBytes, scanBytes)
        while true {
            try fillUp(wanted)
            if begin == end { return nil }
            if let chunk = try cut(fieldsPerRecord: fieldsPerRecord, maxRecords: maxRecords) { return chunk }
            if sourceEnded { return nil }
            wanted = (end - begin) * 2
        }
    }

    /// Moves on to the first data record: behind the header, the first record that is no empty line, unless the dialect
    /// says where it is.
    func skipHeader() throws {
        if let dataStart = dialect.dataStart { return try skip(dataStart) }
        guard dialect.header else { return }
        try skipBlankLines()
        _ = try next(fieldsPerRecord: 0, maxRecords: 1)
    }

    /// Moves on behind empty lines, so that what comes next is a record with something in it.
    func skipBlankLines() throws {
        while true {
            // Two bytes, so that a carriage return does not stand alone before its newline.
            try fillUp(max(2, readBytes))
            var at = begin
            while at < end {
                if buffer[at] == dialect.newline {
                    at += 1
                } else if buffer[at] == UInt8(ascii: "\r"), at + 1 < end, buffer[at + 1] == dialect.newline,
                    dialect.newline == UInt8(ascii: "\n")
                {
                    at += 2
                } else {
                    break
                }
                line += 1
            }
            advance(at - begin)
            if sourceEnded || end - begin > 1 { return }
        }
    }

    private func skip(_ count: Int) throws {
        var left = count
        while left > 0 {
            try fillUp(max(2, readBytes))
            if begin == end { return }
            let skipped = min(left, end - begin)
            for at in begin..<(begin + skipped) where buffer[at] == dialect.newline { line += 1 }
            advance(skipped)
            left -= skipped
        }
    }

    // MARK: Reading

    private func fillUp(_ wanted: Int) throws {
        if begin > 0, !sourceEnded, end - begin < wanted {
            buffer.update(from: buffer + begin, count: end - begin)
            end -= begin
            begin = 0
        }
        while !sourceEnded, end - begin < wanted { try fill(to: begin + wanted) }
    }

    /// Reads once, so that up to `target` bytes are in the buffer; notes the source's end.
    private func fill(to target: Int) throws {
        memory.reserve(target + 1, keeping: end)
        let count = try source.read(into: UnsafeMutableRawBufferPointer(start: buffer + end, count: target - end))
        end += count
        sourceEnded = count == 0
    }

    // MARK: Cutting

    private func cut(fieldsPerRecord: Int, maxRecords: Int) throws -> RecordChunk? {
        if sourceEnded, buffer[end - 1] != dialect.newline {
            // The last record lacks its newline; the buffer has room for one behind the end.
            buffer[end] = dialect.newline
            end += 1
        }
        let length = min(end - begin, scanBytes)
        let isFinal = sourceEnded && length == end - begin
        let found = separators(length, isFinal: isFinal, fieldsPerRecord)
        guard found.newlines > 0 else {
            if length < end - begin {
                scanBytes = .max
                return try cut(fieldsPerRecord: fieldsPerRecord, maxRecords: maxRecords)
            }
            if sourceEnded { throw unclosedQuote() }
            if length > Self.maxRecordBytes { throw recordTooLong(isQuoted: found.endsInsideQuotes) }
            return nil
        }
        return index(found, length: length, fieldsPerRecord: fieldsPerRecord, maxRecords: maxRecords)
    }

    /// Finds the separators of the next `length` bytes.
    private func separators(_ length: Int, isFinal: Bool, _ fieldsPerRecord: Int) -> Separators {
        let text = UnsafePointer(buffer + begin)
        memory.ends.reserve(length + FastScan.sparePositions)
        let positions = memory.ends.elements
        let found =
            exactScanOnly
            ? Separators(isIrregular: true)
            : FastScan.run(text: text, length: length, dialect: dialect, positions: positions)
        let isOpen = found.endsInsideQuotes && dialect.fit.keepsOpenQuotes && (isFinal || length > Self.maxRecordBytes)
        guard found.isIrregular || isOpen else { return found }
        return ExactScan.run(
            text: text, length: length, dialect: dialect, expectedFields: fieldsPerRecord, isFinal: isFinal, positions: positions)
    }

    /// Builds the records' index from the separators and moves on behind the last record of the chunk.
    private func index(_ found: Separators, length: Int, fieldsPerRecord: Int, maxRecords: Int) -> RecordChunk {
        let text = UnsafePointer(buffer + begin)
        let newline = dialect.newline
        let other = dialect.endsAtReturns ? UInt8(ascii: "\r") : newline
        func isRecordEnd(_ byte: UInt8) -> Bool { byte == newline || byte == other }
        let limit = min(found.newlines, maxRecords)
        memory.starts.reserve(limit)
        memory.firstFields.reserve(limit + 1)
        let (starts, firstFields, ends) = (memory.starts.elements, memory.firstFields.elements, memory.ends.elements)
        var regular = fieldsPerRecord > 0
        var start: UInt32 = 0
        var separator = 0
        let isGrid = regular && isGrid(found, text: text, fields: fieldsPerRecord)
        if isGrid {
            let fields = UInt32(fieldsPerRecord)
            var first: UInt32 = 0
            for record in 0..<limit {
                starts[record] = start
                firstFields[record] = first
                first &+= fields
                start = ends[Int(first) &- 1] &+ 1
            }
            separator = limit * fieldsPerRecord
        }
        for record in 0..<(isGrid ? 0 : limit) {
            starts[record] = start
            firstFields[record] = UInt32(truncatingIfNeeded: separator)
            let first = separator
            while !isRecordEnd(text[Int(ends[separator])]) { separator &+= 1 }
            start = ends[separator] &+ 1
            separator &+= 1
            regular = regular && separator &- first == fieldsPerRecord
        }
        firstFields[limit] = UInt32(truncatingIfNeeded: separator)
        let chunk = RecordChunk(
            text: text, offset: offset, offsets: offsets, firstLine: line, starts: starts, firstFields: firstFields, ends: ends,
            recordCount: limit, isRegular: regular, fieldsPerRecord: fieldsPerRecord,
            mayBreakUTF8: found.mayBreakUTF8, dialect: dialect)
        moveOn(behind: Int(start), of: length, found)
        // What is left over would be looked at again and again.
        scanBytes = limit < found.newlines && maxRecords > 1 ? Int(start) + Int(start) / 4 + 1 : scanBytes > .max / 2 ? .max : scanBytes * 2
        return chunk
    }

    /// Goes on behind the first `used` bytes, after `length` were scanned.
    private func moveOn(behind used: Int, of length: Int, _ found: Separators) {
        let text = UnsafePointer(buffer + begin)
        // Most often little is left over, and the scan has counted all.
        if length - used <= used {
            line += Int64(found.rawNewlines - Self.count(of: dialect.newline, text + used, length - used))
        } else {
            line += Int64(Self.count(of: dialect.newline, text, used))
        }
        advance(used)
    }

    private static func count(of byte: UInt8, _ text: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var found = 0
        for at in 0..<count where text[at] == byte { found &+= 1 }
        return found
    }

    /// Whether every record has the same number of fields: as many newlines stand at the records' ends as there are in all.
    private func isGrid(_ found: Separators, text: UnsafePointer<UInt8>, fields: Int) -> Bool {
        let newline = dialect.newline
        guard !dialect.endsAtReturns, dialect.delimiter != newline, found.newlines * fields <= found.count else { return false }
        let ends = memory.ends.elements
        var last = fields &- 1
        for _ in 0..<found.newlines {
            if text[Int(ends[last])] != newline { return false }
            last &+= fields
        }
        return true
    }

    /// Where the text stands that has not been handed out yet, in words.
    private var place: String { offsets == .unknown ? "Line \(line)" : "Line \(line) (byte \(offset))" }

    private func unclosedQuote() -> TabularError {
        TabularError(
            "csv.unclosed_quote",
            "\(place): a quote is opened in the record that begins here and never closed. "
                + "Close it, or declare the file's quote and escape.")
    }

    private func recordTooLong(isQuoted: Bool) -> TabularError {
        TabularError(
            "csv.record_too_long",
            "\(place): the record that begins here has more than the \(Self.maxRecordBytes) bytes that one may "
                + "have, "
                + (isQuoted
                    ? "and goes on within quotes. Close the quote, or declare the file's quote and escape."
                    : "and no line ends in it. Is this a CSV file, and are its line ends LF, CRLF or CR?"))
    }
}
