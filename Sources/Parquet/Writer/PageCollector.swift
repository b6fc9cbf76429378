import Compression

/// What all columns of a writer share: the compressor, and room for a page on its way.
final class PageRoom {
    let compressor: PageCompressor
    /// A page before compression.
    let page = ByteBuffer(capacity: 1 << 20)
    let compressed = ByteBuffer(capacity: 1 << 20)
    /// An encoding of the page that may lose against another.
    let candidate = ByteBuffer()

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

/// The finished pages of one column chunk, and the levels of the page that is being filled (README, "Data Pages").
final class PageCollector {
    private let room: PageRoom
    private let column: String
    private let isNullable: Bool
    /// One byte a row of the open page: 1 where the value is there.
    private let levels = ByteBuffer()
    /// Headers and compressed bodies of the finished data pages.
    let pages = ByteBuffer()
    /// The same of the dictionary page, where there is one.
    let dictionaryPage = ByteBuffer(capacity: 64)

    private(set) var pageRows = 0
    private(set) var pageNulls = 0
    private(set) var rows: Int64 = 0
    private(set) var nulls: Int64 = 0
    private(set) var uncompressedBytes: Int64 = 0
    private(set) var pageCounts: [PageEncoding: Int32] = [:]

    init(_ room: PageRoom, column: String, isNullable: Bool) {
        self.room = room
        self.column = column
        self.isNullable = isNullable
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
        if isNullable {
            levels.append(UnsafeRawBufferPointer(start: valid, count: count))
        }
        pageRows += count
        pageNulls += count - present
        return present
    }

    /// Compresses the open page with the values that the caller appends, and begins a new one.
    func finishPage(_ encoding: PageEncoding, _ appendValues: (ByteBuffer) -> Void) throws {
        let page = room.page
        page.removeAll()
        if isNullable { appendLevels(to: page) }
        appendValues(page)
        let header = PageHeader.DataPage(valueCount: Int32(pageRows), encoding: encoding.rawValue)
        try append(page.bytes, .data(header), to: pages)
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

    /// Definition levels: their size in four bytes, then runs of one bit each.
    private func appendLevels(to page: ByteBuffer) {
        page.reserve(4)
        page.advance(4)
        if pageNulls == 0 {
            RunLengthEncoder.appendRun(of: 1, count: pageRows, 1, to: page)
        } else {
            let base = UnsafePointer(levels.base.assumingMemoryBound(to: UInt8.self))
            RunLengthEncoder.append(base, count: pageRows, bitWidth: 1, to: page)
        }
        page.base.storeBytes(of: UInt32(page.count - 4).littleEndian, as: UInt32.self)
    }

    private func append(_ body: UnsafeRawBufferPointer, _ kind: PageHeader.Kind, to out: ByteBuffer) throws {
        guard body.count <= ParquetLimits.maxPageBytes else {
            throw ParquetError.limit("a page's bytes", body.count, max: ParquetLimits.maxPageBytes)
        }
        let size = try room.compressedSize(body)
        let compressed = UnsafeRawBufferPointer(start: room.compressed.base, count: size)
        let header = PageHeader(
            kind: kind, uncompressedSize: Int32(body.count), compressedSize: Int32(size), checksum: crc32(compressed))
        var writer = ThriftWriter()
        header.write(&writer)
        out.append(writer.bytes)
        out.append(compressed)
        uncompressedBytes += Int64(writer.bytes.count + body.count)
    }

    /// Forgets the chunk, which has been written.
    func removeAll() {
        pages.removeAll()
        dictionaryPage.removeAll()
        rows = 0
        nulls = 0
        uncompressedBytes = 0
        pageCounts = [:]
    }
}
