/// Some whole records of a CSV text and where their fields end: what both passes (inference and typed parsing) walk over.
///
/// Memory belongs to the ``RecordChunker``: a chunk is valid until the chunker's next call.
struct RecordChunk {
    /// The text; readable up to 64 bytes beyond its end.
    var text: UnsafePointer<UInt8>
    /// The offset in the (decompressed) file of the text's first byte, and how places in the text are found in the file.
    var offset: Int64
    var offsets: OriginalOffsets
    /// The line on which the text begins, from 1.
    var firstLine: Int64
    /// Where each record begins in the text.
    var starts: UnsafePointer<UInt32>
    /// Index into `ends` of each record's first field; one element more than there are records.
    var firstFields: UnsafePointer<UInt32>
    /// Where each field ends: the position of the separator behind it.
    var ends: UnsafePointer<UInt32>
    var recordCount: Int
    /// Whether every record has `fieldsPerRecord` fields, so that field `c` of record `r` is `ends[r * n + c]`.
    var isRegular: Bool
    /// The number of fields that records should have; 0 while it is not known.
    var fieldsPerRecord: Int
    /// Whether text cells must be checked for being UTF-8, because not all of the text is known to be.
    var mayBreakUTF8: Bool
    let dialect: Dialect

    func fieldCount(_ record: Int) -> Int {
        Int(firstFields[record + 1] - firstFields[record])
    }

    /// The bytes of a field, quotes included, a carriage return before the newline left out.
    func field(_ record: Int, _ index: Int) -> UnsafeBufferPointer<UInt8> {
        let first = Int(firstFields[record])
        let start = index == 0 ? Int(starts[record]) : Int(ends[first + index - 1]) + dialect.delimiterBytes
        var end = Int(ends[first + index])
        if index + 1 == fieldCount(record), end > start, dialect.newline == UInt8(ascii: "\n"), text[end] == dialect.newline {
            if text[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            if !dialect.recordSuffix.isEmpty { end = CellGrid.withoutSuffix(text, start, end, dialect.recordSuffix) }
        }
        return UnsafeBufferPointer(start: text + start, count: end - start)
    }
}

extension RecordChunk {
    /// Whether a record is an empty line.
    func isBlank(_ record: Int) -> Bool {
        fieldCount(record) == 1 && field(record, 0).isEmpty
    }

    func isComment(_ record: Int) -> Bool {
        dialect.comment.map { text[Int(starts[record])] == $0 } ?? false
    }

    /// Whether a record is nothing but delimiters.
    func isEmpty(_ record: Int) -> Bool {
        let fields = fieldCount(record)
        let separators = (fields - 1) * dialect.delimiterBytes
        let length = Int(ends[Int(firstFields[record]) + fields - 1]) - Int(starts[record])
        guard length <= separators + 1 + dialect.recordSuffix.count else { return false }
        return (0..<fields).allSatisfy { field(record, $0).isEmpty }
    }

    /// The cells of all records in a regular chunk.
    var grid: CellGrid {
        CellGrid(text: text, starts: starts, ends: ends, columnCount: fieldsPerRecord, rowCount: recordCount, dialect: dialect)
    }
}

/// Counts the lines and bytes of a chunk from record to record, so that many rejects cost one walk over the text.
struct PlaceCounter {
    private let newline: UInt8
    private var at = 0
    private var line: Int64
    private var byte: Int64

    init(_ chunk: RecordChunk) {
        newline = chunk.dialect.newline
        (line, byte) = (chunk.firstLine, chunk.offset)
    }

    /// The line on which a record begins, from 1, and the offset of its first byte in the file, nil where that is not known;
    /// records are to be asked for in their order.
    mutating func place(of record: Int, in chunk: RecordChunk) -> (line: Int64, byte: Int64?) {
        let start = Int(chunk.starts[record])
        byte += chunk.offsets.bytes(chunk.text + at, start - at)
        while at < start {
            if chunk.text[at] == newline { line += 1 }
            at += 1
        }
        return (line, chunk.offsets == .unknown ? nil : byte)
    }
}
