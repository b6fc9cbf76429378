/// Which records of a chunk become rows of a grid, and which do not fit: the one place that decides it for both passes,
/// inference and typed parsing.
struct ChunkRows {
    /// Rows of the grid: the record's place in the chunk and its number in the file.
    private(set) var records: [(index: Int, number: Int64)] = []
    /// Records with the wrong number of fields.
    private(set) var misfits: [(index: Int, number: Int64)] = []
    private(set) var adjustments = Adjustments()
    private var starts: [UInt32] = []
    private var ends: [UInt32] = []

    /// Whether every record of a chunk becomes a row as it is.
    static func areAll(of chunk: RecordChunk) -> Bool {
        guard chunk.isRegular else { return false }
        guard chunk.dialect.fit.isLenient, chunk.fieldsPerRecord > 1 else { return chunk.dialect.comment == nil }
        let (starts, ends, fields) = (chunk.starts, chunk.ends, chunk.fieldsPerRecord)
        // A record that is hardly longer than its delimiters may be nothing but delimiters.
        let longest = UInt32((fields - 1) * chunk.dialect.delimiterBytes + 1)
        var shortest = UInt32.max
        for record in 0..<chunk.recordCount {
            shortest = min(shortest, ends[record &* fields &+ fields &- 1] &- starts[record])
        }
        guard shortest <= longest else { return true }
        return !(0..<chunk.recordCount).contains { chunk.isEmpty($0) }
    }

    /// Sorts the records of a chunk; the first that counts has the number `first`.
    mutating func sort(_ chunk: RecordChunk, first: Int64) {
        records.removeAll(keepingCapacity: true)
        misfits.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        adjustments = Adjustments()
        let fields = chunk.fieldsPerRecord
        let fit = chunk.dialect.fit
        var number = first
        for index in 0..<chunk.recordCount {
            if chunk.isComment(index) {
                adjustments.comments += 1
                continue
            }
            if fields > 1, chunk.isBlank(index) { continue }
            if fields > 1, fit.isLenient, chunk.isEmpty(index) {
                adjustments.empty += 1
                continue
            }
            if append(chunk, index, fields, fit) {
                records.append((index, number))
            } else {
                misfits.append((index, number))
            }
            number += 1
        }
    }

    /// How many records count.
    var count: Int { records.count + misfits.count }

    /// Adds a record's extents; false where it does not fit.
    private mutating func append(_ chunk: RecordChunk, _ index: Int, _ fields: Int, _ fit: RecordFit) -> Bool {
        let found = chunk.fieldCount(index)
        let extents = UnsafeBufferPointer(start: chunk.ends + Int(chunk.firstFields[index]), count: min(found, fields))
        if found > fields {
            guard let most = fit.mostFields, found <= most, (fields..<found).allSatisfy({ chunk.field(index, $0).isEmpty }) else {
                return false
            }
            adjustments.cut += 1
        } else if found < fields {
            guard let fewest = fit.fewestFields, found >= fewest else { return false }
            adjustments.filledUp += 1
        }
        starts.append(chunk.starts[index])
        ends.append(contentsOf: extents)
        if found < fields {
            // Fields that are not there end where they begin; the last that is there loses its carriage return here.
            let last = chunk.field(index, found - 1)
            var end = UInt32(last.baseAddress.map { $0 - chunk.text } ?? 0) + UInt32(last.count)
            ends[ends.count - 1] = end
            for _ in found..<fields {
                end += UInt32(chunk.dialect.delimiterBytes)
                ends.append(end)
            }
        }
        return true
    }

    /// Calls `body` with the rows' cells; not at all where there are none.
    func withGrid<Result>(of chunk: RecordChunk, _ body: (CellGrid) -> Result) -> Result? {
        starts.withUnsafeBufferPointer { starts in
            ends.withUnsafeBufferPointer { ends in
                guard let startsBase = starts.baseAddress, let endsBase = ends.baseAddress, !records.isEmpty else { return nil }
                return body(
                    CellGrid(
                        text: chunk.text, starts: startsBase, ends: endsBase, columnCount: chunk.fieldsPerRecord,
                        rowCount: records.count, dialect: chunk.dialect))
            }
        }
    }
}
