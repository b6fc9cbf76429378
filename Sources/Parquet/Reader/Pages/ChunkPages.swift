import Compression

/// The pages of one column chunk after the other, read with a little read-ahead.
final class ChunkPages {
    private let file: RandomAccessFile
    /// The offset in the file of the first byte after the one handed out last, and where the chunk ends at the latest.
    private var offset: Int64
    private let end: Int64
    private let readAhead: Int
    /// Bytes from the file: `window[windowStart...]` begins at `offset`.
    private var window: [UInt8] = []
    private var windowStart = 0
    /// Where the current page begins in the file, for messages.
    private(set) var pageOffset: Int64

    /// - Parameter fileEnd: the offset of the footer, beyond which no page lies.
    init(_ file: RandomAccessFile, _ chunk: ColumnChunk, fileEnd: Int64, readAhead: Int) throws {
        self.file = file
        self.readAhead = readAhead
        // Some writers put 0, or a wrong offset behind the data, where there is no dictionary.
        var start = chunk.dataPageOffset
        if let dictionary = chunk.dictionaryPageOffset, dictionary > 0, dictionary < start { start = dictionary }
        // Old writers forgot the dictionary page's header when they summed up the size (PARQUET-816).
        let slack: Int64 = 100
        let (claimedEnd, overflow) = start.addingReportingOverflow(chunk.totalCompressedSize)
        guard !overflow, start >= 0, start <= fileEnd else {
            throw ParquetError.truncated("a column chunk of \(chunk.totalCompressedSize) bytes at offset \(start)")
        }
        offset = start
        pageOffset = start
        // A chunk that claims too much may have all of its pages nevertheless.
        end = claimedEnd >= fileEnd ? fileEnd : min(fileEnd, claimedEnd + slack)
    }

    /// The next page's header.
    func nextHeader() throws -> PageHeader {
        pageOffset = offset
        var wanted = min(256, Int(end - offset))
        while true {
            let available = try fill(wanted)
            do {
                let (header, size) = try window.withUnsafeBytes { bytes in
                    var reader = ThriftReader(UnsafeRawBufferPointer(rebasing: bytes[windowStart...]))
                    let header = try PageHeader.read(&reader)
                    return (header, reader.position)
                }
                take(size)
                return header
            } catch let error as ParquetError where error.code == "parquet.truncated" {
                // The window may have cut it: more of it, until the chunk has no more.
                guard available < Int(end - offset), available < ParquetLimits.maxPageHeaderBytes else { throw error }
                wanted = min(available * 4, Int(end - offset))
            }
        }
    }

    /// Hands over the bytes after the header.
    func withBody<Result>(_ size: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        guard size <= Int(end - offset), try fill(size) >= size else { throw ParquetError.truncated("a page of \(size) bytes") }
        let result = try window.withUnsafeBytes { bytes in
            try body(UnsafeRawBufferPointer(rebasing: bytes[windowStart..<windowStart + size]))
        }
        take(size)
        return result
    }

    func skipBody(_ size: Int) throws {
        guard size <= Int(end - offset) else { throw ParquetError.truncated("a page of \(size) bytes") }
        if size <= window.count - windowStart {
            take(size)
        } else {
            offset += Int64(size)
            window.removeAll(keepingCapacity: true)
            windowStart = 0
        }
    }

    private func take(_ size: Int) {
        windowStart += size
        offset += Int64(size)
    }

    /// Makes sure that `wanted` bytes, which the chunk has, are in the window.
    ///
    /// - Returns: how many are there, fewer only where the file has become shorter.
    private func fill(_ wanted: Int) throws -> Int {
        let available = window.count - windowStart
        guard available < wanted else { return available }
        let size = min(max(wanted, readAhead), Int(end - offset))
        window.removeFirst(windowStart)
        windowStart = 0
        window.append(contentsOf: repeatElement(0, count: size - available))
        let fileOffset = offset + Int64(available)
        let got = try window.withUnsafeMutableBytes { bytes in
            try file.read(at: fileOffset, into: UnsafeMutableRawBufferPointer(rebasing: bytes[available...]))
        }
        window.removeLast(size - available - got)
        return window.count
    }
}
