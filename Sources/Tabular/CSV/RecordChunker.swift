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
    /// What a scan may read beyond the end.
    static let paddingBytes = 64

    let dialect: Dialect
    private let source: any ByteSource
    private let readBytes: Int
    private let exactScanOnly: Bool
    private var buffer: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Text that has been read but not handed out: `buffer[begin..<end]`.
    private var begin = 0
    private var end = 0
    private var sourceEnded = false
    private var textOffset: Int64 = 0
    private var line: Int64 = 1

    private let starts = IndexBuffer()
    private let firstFields = IndexBuffer()
    private let ends = IndexBuffer()

    /// `source` must stand at the first byte to read; a byte order mark is skipped here. `exactScanOnly` is for tests,
    /// which hold both scans against each other.
    init(
        source: any ByteSource, dialect: Dialect, chunkBytes: Int = RecordChunker.chunkBytes, exactScanOnly: Bool = false
    ) throws {
        self.source = source
        self.dialect = dialect
        self.exactScanOnly = exactScanOnly || !dialect.isSimple
        readBytes = max(1, chunkBytes)
        capacity = 2 * readBytes
        buffer = .allocate(capacity: capacity + Self.paddingBytes)
        buffer.initialize(repeating: 0, count: capacity + Self.paddingBytes)
        while end < 3, !sourceEnded { try fill(to: 3) }
        if end >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF {
            begin = 3
            textOffset = 3
        }
    }

    deinit {
        buffer.deallocate()
    }

    /// The next records; nil at the end. `fieldsPerRecord` is how many fields each should have (0: not known yet), and
    /// `maxRecords` bounds the chunk.
    func next(fieldsPerRecord: Int, maxRecords: Int = .max) throws -> RecordChunk? {
        var wanted = readBytes
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
            textOffset += Int64(at - begin)
            begin = at
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
            begin += skipped
            textOffset += Int64(skipped)
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
        if target + 1 > capacity {
            let larger = target * 2
            let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger + Self.paddingBytes)
            moved.initialize(repeating: 0, count: larger + Self.paddingBytes)
            moved.update(from: buffer, count: end)
            buffer.deallocate()
            buffer = moved
            capacity = larger
        }
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
        let length = end - begin
        let text = UnsafePointer(buffer + begin)
        ends.reserve(length + FastScan.sparePositions)
        var found =
            exactScanOnly
            ? Separators(isIrregular: true)
            : FastScan.run(text: text, length: length, dialect: dialect, positions: ends.elements)
        let isOpen = found.endsInsideQuotes && dialect.fit.keepsOpenQuotes && (sourceEnded || length > Self.maxRecordBytes)
        if found.isIrregular || isOpen {
            found = ExactScan.run(
                text: text, length: length, dialect: dialect, expectedFields: fieldsPerRecord, isFinal: sourceEnded,
                positions: ends.elements)
        }
        guard found.newlines > 0 else {
            if sourceEnded { throw unclosedQuote() }
            if length > Self.maxRecordBytes { throw found.endsInsideQuotes ? unclosedQuote() : recordTooLong(length) }
            return nil
        }
        return index(found, text: text, fieldsPerRecord: fieldsPerRecord, maxRecords: maxRecords)
    }

    /// Builds the records' index from the separators and moves on behind the last record of the chunk.
    private func index(
        _ found: Separators, text: UnsafePointer<UInt8>, fieldsPerRecord: Int, maxRecords: Int
    ) -> RecordChunk {
        let newline = dialect.newline
        let other = dialect.endsAtReturns ? UInt8(ascii: "\r") : newline
        func isRecordEnd(_ byte: UInt8) -> Bool { byte == newline || byte == other }
        let limit = min(found.newlines, maxRecords)
        starts.reserve(limit)
        firstFields.reserve(limit + 1)
        let (starts, firstFields, ends) = (self.starts.elements, self.firstFields.elements, self.ends.elements)
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
            text: text, textOffset: textOffset, firstLine: line, starts: starts, firstFields: firstFields, ends: ends,
            recordCount: limit, isRegular: regular, fieldsPerRecord: fieldsPerRecord,
            mayBreakUTF8: found.mayBreakUTF8, dialect: dialect)
        let used = Int(start)
        // Most often little is left over, and the scan has counted all.
        let length = end - begin
        if length - used <= used {
            line += Int64(found.rawNewlines - Self.count(of: newline, text + used, length - used))
        } else {
            line += Int64(Self.count(of: newline, text, used))
        }
        begin += used
        textOffset += Int64(used)
        return chunk
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
        let ends = self.ends.elements
        var last = fields &- 1
        for _ in 0..<found.newlines {
            if text[Int(ends[last])] != newline { return false }
            last &+= fields
        }
        return true
    }

    private func unclosedQuote() -> TabularError {
        TabularError(
            "csv.unclosed_quote",
            "Line \(line) (byte \(textOffset)): a quote is opened in the record that begins here and never closed. "
                + "Close it, or declare the file's quote and escape.")
    }

    private func recordTooLong(_ length: Int) -> TabularError {
        let isCSV = dialect.delimiter != dialect.newline
        return TabularError(
            isCSV ? "csv.record_too_long" : "json.record_too_long",
            "Line \(line) (byte \(textOffset)): \(length) bytes without a record end; a record may have "
                + "\(Self.maxRecordBytes). "
                + (isCSV ? "Is this a CSV file, and are its line ends LF, CRLF or CR?" : "JSON lines have one object a line."))
    }
}

/// Memory for an index that grows and never moves while it is read.
private final class IndexBuffer {
    private(set) var elements = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    private var capacity = 1

    /// Makes room for `count` elements; what was there is lost.
    func reserve(_ count: Int) {
        guard count > capacity else { return }
        elements.deallocate()
        capacity = count + count / 2
        elements = .allocate(capacity: capacity)
    }

    deinit {
        elements.deallocate()
    }
}
