import Compression

/// What all columns of a writer share: the compressor, and room for a page on its way.
final class PageRoom {
    let compressor: PageCompressor
    /// A page before compression.
    let page = ByteBuffer(capacity: 1 << 20)
    let compressed = ByteBuffer(capacity: 1 << 20)
    /// The levels of a page of version 2, which are not compressed.
    let levels = ByteBuffer()
    /// An encoding of the page that may lose against another, and what that needs on its way.
    let candidate = ByteBuffer()
    let suffixes = ByteBuffer()

    init(_ codec: PageCodec) throws {
        compressor = try PageCompressor(codec)
    }

    /// How many bytes would be left of some after compression.
    func compressedSize(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        compressed.removeAll()
        let bound = compressor.bound(bytes.count)
        return try compressor.compress(
            bytes, into: UnsafeMutableRawBufferPointer(start: compressed.reserve(bound), count: bound))
    }
}

/// The bounds of some values; each nil where there is none to tell.
struct EncodedBounds {
    var min: Statistics.Bound?
    var max: Statistics.Bound?
}

/// The finished pages of one column chunk, and the levels of the page that is being filled (README, "Data Pages").
final class PageCollector {
    /// A finished data page.
    struct Page {
        /// In ``pages``, and with its header.
        var offset: Int
        var size: Int32
        var firstRow: Int64
        var rows: Int32
        var nulls: Int64
        var bounds: EncodedBounds
    }

    private let room: PageRoom
    private let column: String
    private let isNullable: Bool
    private let version: ParquetWriteOptions.PageVersion
    private let writesChecksums: Bool
    /// One byte a row of the open page: 1 where the value is there. Kept only from the first null on.
    private let levels = ByteBuffer()
    /// Headers and compressed bodies of the finished data pages.
    let pages = ByteBuffer()
    /// The same of the dictionary page, where there is one.
    let dictionaryPage = ByteBuffer()
    private(set) var finished: [Page] = []

    private(set) var pageRows = 0
    private(set) var pageNulls = 0
    private(set) var rows: Int64 = 0
    private(set) var nulls: Int64 = 0
    private(set) var uncompressedBytes: Int64 = 0
    private(set) var pageCounts: [PageEncoding: Int32] = [:]

    init(_ room: PageRoom, _ column: String, isNullable: Bool, _ options: ParquetWriteOptions) {
        self.room = room
        self.column = column
        self.isNullable = isNullable
        version = options.pageVersion
        writesChecksums = options.writesChecksums
    }

    var bufferedBytes: Int { pages.count + dictionaryPage.count }

    /// Counts rows into the open page.
    ///
    /// - Returns: how many of them are not null.
    func addRows(_ valid: UnsafePointer<Bool>, count: Int, mayHaveNulls: Bool) throws -> Int {
        var present = count
        if mayHaveNulls {
            present = 0
            for i in 0..<count { present &+= valid[i] ? 1 : 0 }
        }
        guard isNullable || present == count else {
            throw ParquetError(
                code: "parquet.null_in_required", message: "The column \"\(column)\" is required, but a value is null.")
        }
        if isNullable, present < count || pageNulls > 0 {
            if pageNulls == 0 {
                // The rows before this one were all there.
                levels.reserve(pageRows).initializeMemory(as: UInt8.self, repeating: 1, count: pageRows)
                levels.advance(pageRows)
            }
            levels.append(UnsafeRawBufferPointer(start: valid, count: count))
        }
        pageRows += count
        pageNulls += count - present
        return present
    }

    /// Compresses the open page with the values that the caller appends, and begins a new one.
    func finishPage(_ encoding: PageEncoding, _ bounds: EncodedBounds, _ appendValues: (ByteBuffer) -> Void) throws {
        room.page.removeAll()
        room.levels.removeAll()
        var header = PageHeader.DataPage(valueCount: Int32(pageRows), encoding: encoding.rawValue)
        let start = pages.count
        switch version {
        case .v1:
            if isNullable { appendLevels(to: room.page, withSize: true) }
            appendValues(room.page)
            try append(room.page.bytes, .data(header), to: pages)
        case .v2:
            if isNullable { appendLevels(to: room.levels, withSize: false) }
            appendValues(room.page)
            header.v2 = PageHeader.Version2(
                nullCount: Int32(pageNulls), rowCount: Int32(pageRows), definitionBytes: Int32(room.levels.count))
            try appendVersion2(header)
        }
        finished.append(
            Page(
                offset: start, size: Int32(pages.count - start), firstRow: rows, rows: Int32(pageRows), nulls: Int64(pageNulls),
                bounds: bounds))
        pageCounts[encoding, default: 0] += 1
        rows += Int64(pageRows)
        nulls += Int64(pageNulls)
        pageRows = 0
        pageNulls = 0
        levels.removeAll()
    }

    func finishDictionary(count: Int, _ values: UnsafeRawBufferPointer) throws {
        try append(
            values, .dictionary(valueCount: Int32(count), encoding: PageEncoding.plain.rawValue), to: dictionaryPage)
    }

    /// Definition levels in runs of one bit each; in version 1, after their size in four bytes.
    private func appendLevels(to page: ByteBuffer, withSize: Bool) {
        let start = page.count
        if withSize {
            page.reserve(4)
            page.advance(4)
        }
        if pageNulls == 0 {
            RunLengthEncoder.appendRun(of: 1, count: pageRows, 1, to: page)
        } else {
            let base = UnsafePointer(levels.base.assumingMemoryBound(to: UInt8.self))
            RunLengthEncoder.append(base, count: pageRows, bitWidth: 1, to: page)
        }
        if withSize {
            page.base.storeBytes(of: UInt32(page.count - start - 4).littleEndian, toByteOffset: start, as: UInt32.self)
        }
    }

    private func append(_ body: UnsafeRawBufferPointer, _ kind: PageHeader.Kind, to out: ByteBuffer) throws {
        try checkSize(body.count)
        let size = try room.compressedSize(body)
        let compressed = UnsafeRawBufferPointer(start: room.compressed.base, count: size)
        var header = PageHeader(kind: kind, uncompressedSize: Int32(body.count), compressedSize: Int32(size))
        if writesChecksums { header.checksum = crc32(compressed) }
        append(header, compressed, to: out)
    }

    private func appendVersion2(_ page: PageHeader.DataPage) throws {
        var page = page
        try checkSize(room.page.count + room.levels.count)
        let size = try room.compressedSize(room.page.bytes)
        let isCompressed = size < room.page.count
        page.v2?.isCompressed = isCompressed
        let values = isCompressed ? UnsafeRawBufferPointer(start: room.compressed.base, count: size) : room.page.bytes
        var header = PageHeader(
            kind: .data(page), uncompressedSize: Int32(room.levels.count + room.page.count),
            compressedSize: Int32(room.levels.count + values.count))
        // The checksum is of both together.
        room.levels.append(values)
        if writesChecksums { header.checksum = crc32(room.levels.bytes) }
        append(header, room.levels.bytes, to: pages)
    }

    private func append(_ header: PageHeader, _ body: UnsafeRawBufferPointer, to out: ByteBuffer) {
        var writer = ThriftWriter()
        header.write(&writer)
        out.append(writer.bytes)
        out.append(body)
        uncompressedBytes += Int64(writer.bytes.count) + Int64(header.uncompressedSize)
    }

    private func checkSize(_ bytes: Int) throws {
        guard bytes <= ParquetLimits.maxPageBytes else {
            throw ParquetError.limit("a page's bytes", bytes, max: ParquetLimits.maxPageBytes)
        }
    }

    /// Forgets the chunk, which has been written.
    func removeAll() {
        pages.removeAll(keepingAtMost: Self.keptBytes)
        dictionaryPage.removeAll(keepingAtMost: Self.keptBytes)
        finished.removeAll(keepingCapacity: true)
        rows = 0
        nulls = 0
        uncompressedBytes = 0
        pageCounts = [:]
    }

    /// Room for pages that is kept for the next chunk.
    private static let keptBytes = 8 << 20
}
