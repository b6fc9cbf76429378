import Columns
import Compression

/// What all columns of a reader share.
struct ReadContext {
    let file: RandomAccessFile
    /// The offset of the footer, beyond which no page lies.
    let fileEnd: Int64
    /// Bytes that a column reads at once.
    let readAhead: Int
    let options: ParquetReadOptions
    let decompressors = PageDecompressors()
}

/// One decompressor a codec: zstd's takes 96 KB, which wide files must not pay for each column.
final class PageDecompressors {
    private var made: [PageDecompressor.Codec: PageDecompressor] = [:]

    func decompressor(_ codec: PageDecompressor.Codec) throws -> PageDecompressor {
        if let known = made[codec] { return known }
        let new = try PageDecompressor(codec)
        made[codec] = new
        return new
    }
}

/// Walks the pages of one leaf through column chunk after column chunk, and decodes levels and values from them.
final class PageCursor {
    let leaf: Leaf
    let form: ValueForm
    private let context: ReadContext
    private let chunks: [ColumnChunk]
    private var nextChunk = 0
    private var pages: ChunkPages?
    private var decompressor: PageDecompressor?
    private var chunkValuesLeft: Int64 = 0
    /// Values and nulls of the open page that were not decoded yet.
    private(set) var pageValuesLeft = 0
    /// The page's bytes, which the decoders point into.
    private let page = ByteBuffer(capacity: 0)
    private var definitions = LevelDecoder.zero
    private var repetitions = LevelDecoder.zero
    private var values = ValueDecoder.empty
    private var dictionary: PendingValues?
    private var dictionaryMaxBytes = 0
    private var indices: [UInt32] = []

    /// The most rows that are decoded at once.
    static let stepRows = 4096
    /// Pages larger than this give their memory back.
    private static let keptPageBytes = 4 << 20

    init(_ context: ReadContext, _ leaf: Leaf, _ type: ReadType, chunks: [ColumnChunk]) throws {
        self.context = context
        self.leaf = leaf
        form = try ValueForm(leaf.element, type)
        self.chunks = chunks
    }

    /// Where the cursor stands, for messages.
    var place: String {
        let offset = pages.map { ", page at byte \($0.pageOffset)" } ?? ""
        let group = nextChunk > 0 ? ", row group \(chunks[nextChunk - 1].groupNumber)" : ""
        return "\(context.file.path): column \"\(leaf.name)\"\(group)\(offset)"
    }

    /// How many chunks have been begun, and whether the last of them has been decoded to its end.
    var chunksBegun: Int { nextChunk }
    var isAtChunkEnd: Bool { pageValuesLeft == 0 && chunkValuesLeft == 0 }

    /// So many values at once that all of them together stay within `room` bytes even where all are the longest.
    func stepLimit(room: Int) -> Int {
        var longest: Int?
        if case .dictionary = values { longest = dictionaryMaxBytes } else { longest = values.maxValueBytes }
        guard let longest, longest > 0 else { return Self.stepRows }
        return max(1, min(Self.stepRows, room / longest))
    }

    // MARK: Pages

    /// Goes on to the next page, which may be empty or a dictionary.
    ///
    /// - Parameter skippable: a data page of at most so many values is passed over without being read.
    /// - Returns: how many values were passed over, nil at the end of the column.
    func nextPage(skippable: Int64 = 0) throws -> Int? {
        if chunkValuesLeft == 0 {
            guard nextChunk < chunks.count else { return nil }
            if chunks[nextChunk].valueCount <= skippable {
                nextChunk += 1
                pages = nil
                return Int(chunks[nextChunk - 1].valueCount)
            }
            try begin(chunks[nextChunk])
            return 0
        }
        guard let pages else { return nil }
        let header = try pages.nextHeader()
        let size = Int(header.compressedSize)
        switch header.kind {
        case .other: try pages.skipBody(size)
        case .dictionary(let valueCount, let encoding):
            guard dictionary == nil else { throw ParquetError.page("a column chunk has two dictionaries") }
            try pages.withBody(size) {
                try verify($0, header)
                try decompress($0, to: Int(header.uncompressedSize))
            }
            try readDictionary(Int(valueCount), encoding)
        case .data(let data):
            let count = Int64(data.valueCount)
            guard count <= chunkValuesLeft else {
                throw ParquetError.page("a page has \(count) values where its chunk has \(chunkValuesLeft) left")
            }
            chunkValuesLeft -= count
            if count <= skippable {
                try pages.skipBody(size)
                return Int(count)
            }
            try pages.withBody(size) {
                try verify($0, header)
                try beginData($0, data, uncompressedSize: Int(header.uncompressedSize))
            }
            pageValuesLeft = Int(count)
        }
        return 0
    }

    private func begin(_ chunk: ColumnChunk) throws {
        nextChunk += 1
        dictionary = nil
        values = .empty
        pages = nil
        page.removeAll(keepingAtMost: Self.keptPageBytes)
        if let obstacle = chunk.obstacle { throw obstacle }
        guard chunk.type == form.physical else {
            throw ParquetError.footer("the column is \(form.physical.name) in the schema and \(chunk.type.name) in the row group")
        }
        chunkValuesLeft = chunk.valueCount
        guard chunkValuesLeft > 0 else { return }
        let codec = try PageDecompressor.Codec(chunk.codec)
        decompressor = try context.decompressors.decompressor(codec)
        pages = try ChunkPages(context.file, chunk, fileEnd: context.fileEnd, readAhead: context.readAhead)
    }

    /// Holds a page's bytes as they stand in the file against its checksum (parquet.thrift, `PageHeader.crc`).
    private func verify(_ body: UnsafeRawBufferPointer, _ header: PageHeader) throws {
        guard context.options.verifiesChecksums, let expected = header.checksum else { return }
        let found = crc32(body)
        guard found == expected else {
            throw ParquetError(
                code: "parquet.checksum",
                message: "A page of \(body.count) bytes has the checksum \(found), where its header says \(expected). "
                    + "The file is damaged: fetch it again.")
        }
    }

    /// Appends the uncompressed bytes to the page, which the caller has emptied.
    private func decompress(_ input: UnsafeRawBufferPointer, to size: Int) throws {
        page.removeAll()
        try appendDecompressed(input, to: size)
    }

    private func appendDecompressed(_ input: UnsafeRawBufferPointer, to size: Int) throws {
        guard let decompressor else { return }
        guard size <= context.options.maxPageBytes else {
            throw ParquetError.limit("a page's bytes", size, max: context.options.maxPageBytes)
        }
        guard size / decompressor.maxRatio <= input.count else {
            throw ParquetError.page("\(input.count) compressed bytes cannot hold the \(size) bytes that a page should have")
        }
        let room = UnsafeMutableRawBufferPointer(start: page.reserve(size), count: size)
        if size > 0 || !input.isEmpty, let failure = decompressor.decompress(input, into: room) {
            throw ParquetError.page("a page cannot be decompressed: \(failure)")
        }
        page.advance(size)
    }

    private func beginData(
        _ body: UnsafeRawBufferPointer, _ header: PageHeader.DataPage, uncompressedSize: Int
    ) throws {
        page.removeAll()
        values = .empty
        if let v2 = header.v2 {
            try beginVersion2(body, header, v2, uncompressedSize: uncompressedSize)
        } else {
            try appendDecompressed(body, to: uncompressedSize)
            var at = UnsafeRawPointer(page.base)
            repetitions = try levels(&at, max: leaf.maxRepetitionLevel, header.repetitionEncoding, header)
            definitions = try levels(&at, max: leaf.maxDefinitionLevel, header.definitionEncoding, header)
            try beginValues(header.encoding, from: at)
        }
    }

    /// Levels stand uncompressed before the values (README, "Data Pages").
    private func beginVersion2(
        _ body: UnsafeRawBufferPointer, _ header: PageHeader.DataPage, _ v2: PageHeader.Version2, uncompressedSize: Int
    ) throws {
        let levelBytes = Int(v2.repetitionBytes) + Int(v2.definitionBytes)
        guard levelBytes <= body.count, levelBytes <= uncompressedSize else {
            throw ParquetError.truncated("the levels of a page")
        }
        page.append(UnsafeRawBufferPointer(rebasing: body[..<levelBytes]))
        let rest = UnsafeRawBufferPointer(rebasing: body[levelBytes...])
        // Arrow before 3.0 compressed values and said that it did not: their size gives it away.
        if v2.isCompressed || rest.count != uncompressedSize - levelBytes {
            try appendDecompressed(rest, to: uncompressedSize - levelBytes)
        } else {
            page.append(rest)
        }
        let start = UnsafeRawPointer(page.base)
        let middle = start + Int(v2.repetitionBytes)
        let end = middle + Int(v2.definitionBytes)
        repetitions = try levels(from: start, to: middle, max: leaf.maxRepetitionLevel)
        definitions = try levels(from: middle, to: end, max: leaf.maxDefinitionLevel)
        try beginValues(header.encoding, from: end)
    }

    private func levels(from start: UnsafeRawPointer, to end: UnsafeRawPointer, max: Int) throws -> LevelDecoder {
        guard max > 0 else { return .zero }
        return .runs(try RunLengthDecoder(start, end: end, bitWidth: BitPacking.width(UInt64(max))), max: max)
    }

    /// Levels of a page of version 1, with `at` moved behind them.
    private func levels(
        _ at: inout UnsafeRawPointer, max: Int, _ encoding: Int32, _ header: PageHeader.DataPage
    ) throws -> LevelDecoder {
        guard max > 0 else { return .zero }
        let left = UnsafeRawPointer(page.end) - at
        let width = BitPacking.width(UInt64(max))
        if encoding == PageEncoding.bitPacked.rawValue {
            let size = BitPackedLevels.size(count: Int(header.valueCount), width: width)
            guard size <= left else { throw ParquetError.truncated("the levels of a page") }
            defer { at += size }
            return .bitPacked(BitPackedLevels(at, width: width), max: max)
        }
        guard encoding == PageEncoding.runLength.rawValue else {
            throw ParquetError(
                code: "parquet.unsupported_encoding", message: "The encoding \(encoding) of levels is not supported.")
        }
        // A page without values need not have levels either.
        if left == 0, header.valueCount == 0 { return .zero }
        guard left >= 4 else { throw ParquetError.truncated("the levels of a page") }
        let size = Int(UInt32(littleEndian: at.loadUnaligned(as: UInt32.self)))
        guard size <= left - 4 else { throw ParquetError.truncated("the levels of a page") }
        at += 4
        defer { at += size }
        return try levels(from: at, to: at + size, max: max)
    }

    private func beginValues(_ encoding: Int32, from start: UnsafeRawPointer) throws {
        values = try ValueDecoder(encoding, form.physical, width: form.width, start, UnsafeRawPointer(page.end))
        if case .dictionary = values, dictionary == nil {
            throw ParquetError.page("a page has indices into a dictionary that its column chunk does not have")
        }
    }

    private func readDictionary(_ count: Int, _ encoding: Int32) throws {
        guard encoding == PageEncoding.plain.rawValue || encoding == PageEncoding.plainDictionary.rawValue else {
            throw ParquetError(
                code: "parquet.unsupported_encoding", message: "The encoding \(encoding) of a dictionary is not supported.")
        }
        // A value takes one bit at least: what claims more values is not worth making room for.
        guard count <= page.count * 8 else { throw ParquetError.truncated("a dictionary of \(count) values") }
        guard count <= ParquetLimits.maxDictionaryValues else {
            throw ParquetError.limit("a dictionary's values", count, max: ParquetLimits.maxDictionaryValues)
        }
        var read = PendingValues(form.type.column)
        var decoder = ValueDecoder.plain(PlainDecoder(page.base, end: UnsafeRawPointer(page.end)))
        if count > 0 { try form.decode(count, from: &decoder, into: &read) }
        dictionaryMaxBytes = 0
        for i in 0..<read.bytes.count {
            dictionaryMaxBytes = max(dictionaryMaxBytes, Int(read.bytes.offsets[i + 1] - read.bytes.offsets[i]))
        }
        dictionary = read
        if indices.isEmpty { indices = [UInt32](repeating: 0, count: Self.stepRows) }
    }

    // MARK: Values

    /// Decodes rows of a column without lists: which are there, and the values of those that are.
    ///
    /// - Parameter rows: at most ``pageValuesLeft`` and ``stepRows``.
    func decodeRows(_ rows: Int, into out: inout PendingValues) throws {
        let first = out.valid.count
        out.valid.append(contentsOf: repeatElement(true, count: rows))
        let present = try out.valid.withUnsafeMutableBufferPointer { valid in
            guard let base = valid.baseAddress else { return 0 }
            return try definitions.decodePresence(rows, into: base + first)
        }
        try decodeValues(present, into: &out)
        out.spread(dense: present, over: rows)
        pageValuesLeft -= rows
    }

    /// Decodes the next levels, and the values of those that have the highest definition level.
    ///
    /// - Parameter count: at most ``pageValuesLeft`` and ``stepRows``.
    /// - Returns: how many values there are.
    func decodeEntries(
        _ count: Int, definitions definition: UnsafeMutablePointer<UInt8>,
        repetitions repetition: UnsafeMutablePointer<UInt8>, into out: inout PendingValues
    ) throws -> Int {
        try repetitions.decode(count, into: repetition)
        try definitions.decode(count, into: definition)
        var present = 0
        let highest = UInt8(leaf.maxDefinitionLevel)
        for i in 0..<count { present &+= definition[i] == highest ? 1 : 0 }
        try decodeValues(present, into: &out)
        out.valid.append(contentsOf: repeatElement(true, count: present))
        pageValuesLeft -= count
        return present
    }

    /// Appends `count` values, all there, to those of `out`.
    private func decodeValues(_ count: Int, into out: inout PendingValues) throws {
        guard count > 0 else { return }
        if case .dictionary(var decoder) = values {
            guard let dictionary else { return }
            let first = out.words.count
            try indices.withUnsafeMutableBufferPointer { indices in
                guard let base = indices.baseAddress else { return }
                try decoder.decode(count, into: base)
                try out.append(from: dictionary, at: UnsafeBufferPointer(start: base, count: count))
            }
            values = .dictionary(decoder)
            try form.checkRange(of: out, from: first)
            return
        }
        let first = out.words.count
        try form.decode(count, from: &values, into: &out)
        try form.checkRange(of: out, from: first)
    }
}
