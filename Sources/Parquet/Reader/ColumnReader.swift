import Columns
import Compression

/// Reads one flat column through all row groups, page after page, as far as it is asked to.
final class ColumnReader {
    private let file: RandomAccessFile
    private let leaf: Leaf
    private let form: ValueForm
    private let chunks: [ColumnChunk]
    private let fileEnd: Int64
    private let readAhead: Int

    private(set) var pending: PendingValues
    private var nextChunk = 0
    private var pages: ChunkPages?
    private var decompressor: PageDecompressor?
    private var chunkRowsLeft: Int64 = 0
    private var pageRowsLeft = 0
    /// The page's bytes, which the decoders point into.
    private let page = ByteBuffer()
    private var levels = LevelDecoder.allPresent
    private var values = ValueDecoder.empty
    private var dictionary: PendingValues?
    private var dictionaryMaxBytes = 0
    private var indices: [UInt32] = []

    /// The most rows that are decoded at once.
    private static let stepRows = 4096
    /// Pages larger than this give their memory back.
    private static let keptPageBytes = 4 << 20

    init(
        _ file: RandomAccessFile, _ leaf: Leaf, _ type: ReadType, chunks: [ColumnChunk], fileEnd: Int64, readAhead: Int
    ) throws {
        self.file = file
        self.leaf = leaf
        form = try ValueForm(leaf.element, type)
        self.chunks = chunks
        self.fileEnd = fileEnd
        self.readAhead = readAhead
        pending = PendingValues(type.column)
    }

    /// Decodes until `rows` rows are pending, the batch's bytes are as many as it may have, or the column ends.
    func fill(_ rows: Int) throws {
        do {
            while pending.count < rows, pending.bytes.bytes.count < ParquetLimits.maxBatchColumnBytes {
                if pageRowsLeft == 0 {
                    guard try nextPage() else { return }
                    continue
                }
                let step = min(rows - pending.count, pageRowsLeft, stepLimit)
                try decode(step)
                pageRowsLeft -= step
            }
        } catch let error as ParquetError {
            throw error.at(place)
        }
    }

    func take(_ rows: Int) -> ColumnVector {
        pending.take(rows)
    }

    private var place: String {
        let offset = pages.map { ", page at byte \($0.pageOffset)" } ?? ""
        return "\(file.path): column \"\(leaf.name)\", row group \(nextChunk)\(offset)"
    }

    /// So many rows at once that the bytes of a batch stay within bounds even where all have the longest value.
    private var stepLimit: Int {
        var longest: Int?
        if case .dictionary = values { longest = dictionaryMaxBytes } else { longest = values.maxValueBytes }
        guard let longest, longest > 0 else { return Self.stepRows }
        let room = ParquetLimits.maxBatchColumnBytes - pending.bytes.bytes.count
        return max(1, min(Self.stepRows, room / longest))
    }

    // MARK: Pages

    /// - Returns: false at the end of the column.
    private func nextPage() throws -> Bool {
        if chunkRowsLeft == 0 {
            guard nextChunk < chunks.count else { return false }
            try begin(chunks[nextChunk])
            return true
        }
        guard let pages else { return false }
        let header = try pages.nextHeader()
        let size = Int(header.compressedSize)
        switch header.kind {
        case .other: try pages.skipBody(size)
        case .dictionary(let valueCount, let encoding):
            guard dictionary == nil else { throw ParquetError.page("a column chunk has two dictionaries") }
            try pages.withBody(size) { try decompress($0, to: Int(header.uncompressedSize)) }
            try readDictionary(Int(valueCount), encoding)
        case .data(let data):
            guard Int64(data.valueCount) <= chunkRowsLeft else {
                throw ParquetError.page("a page has \(data.valueCount) values where its chunk has \(chunkRowsLeft) left")
            }
            try pages.withBody(size) { try beginData($0, data, uncompressedSize: Int(header.uncompressedSize)) }
            pageRowsLeft = Int(data.valueCount)
            chunkRowsLeft -= Int64(data.valueCount)
        }
        return true
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
        chunkRowsLeft = chunk.valueCount
        guard chunkRowsLeft > 0 else { return }
        let codec = try PageDecompressor.Codec(chunk.codec)
        if decompressor?.codec != codec { decompressor = try PageDecompressor(codec) }
        pages = try ChunkPages(file, chunk, fileEnd: fileEnd, readAhead: readAhead)
    }

    /// Appends the uncompressed bytes to the page, which the caller has emptied.
    private func decompress(_ input: UnsafeRawBufferPointer, to size: Int) throws {
        page.removeAll()
        try appendDecompressed(input, to: size)
    }

    private func appendDecompressed(_ input: UnsafeRawBufferPointer, to size: Int) throws {
        guard let decompressor else { return }
        guard size <= ParquetLimits.maxPageBytes else {
            throw ParquetError.limit("a page's bytes", size, max: ParquetLimits.maxPageBytes)
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
            // Levels stand uncompressed before the values (README, "Data Pages").
            let levelBytes = Int(v2.repetitionBytes) + Int(v2.definitionBytes)
            guard levelBytes <= body.count, levelBytes <= uncompressedSize else {
                throw ParquetError.truncated("the levels of a page")
            }
            page.append(UnsafeRawBufferPointer(rebasing: body[..<levelBytes]))
            let rest = UnsafeRawBufferPointer(rebasing: body[levelBytes...])
            if v2.isCompressed {
                try appendDecompressed(rest, to: uncompressedSize - levelBytes)
            } else {
                page.append(rest)
            }
            let start = UnsafeRawPointer(page.base) + Int(v2.repetitionBytes)
            levels =
                leaf.maxDefinitionLevel == 0
                ? .allPresent
                : .runs(try RunLengthDecoder(start, end: start + Int(v2.definitionBytes), bitWidth: 1))
            try beginValues(header.encoding, from: start + Int(v2.definitionBytes))
        } else {
            try appendDecompressed(body, to: uncompressedSize)
            try beginValues(header.encoding, from: try beginLevels(header))
        }
    }

    /// - Returns: where the values begin.
    private func beginLevels(_ header: PageHeader.DataPage) throws -> UnsafeRawPointer {
        let start = UnsafeRawPointer(page.base)
        guard leaf.maxDefinitionLevel > 0 else {
            levels = .allPresent
            return start
        }
        if header.levelEncoding == PageEncoding.bitPacked.rawValue {
            let size = BitPackedLevels.size(count: Int(header.valueCount))
            guard size <= page.count else { throw ParquetError.truncated("the levels of a page") }
            levels = .bitPacked(BitPackedLevels(start))
            return start + size
        }
        guard header.levelEncoding == PageEncoding.runLength.rawValue else {
            throw ParquetError(
                code: "parquet.unsupported_encoding",
                message: "The encoding \(header.levelEncoding) of definition levels is not supported.")
        }
        // A page without values need not have levels either.
        if page.isEmpty, header.valueCount == 0 { return start }
        guard page.count >= 4 else { throw ParquetError.truncated("the levels of a page") }
        let size = Int(UInt32(littleEndian: start.loadUnaligned(as: UInt32.self)))
        guard size <= page.count - 4 else { throw ParquetError.truncated("the levels of a page") }
        levels = .runs(try RunLengthDecoder(start + 4, end: start + 4 + size, bitWidth: 1))
        return start + 4 + size
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
        var read = PendingValues(form.type.column)
        values = .plain(PlainDecoder(page.base, end: UnsafeRawPointer(page.end)))
        try decodeValues(count, into: &read)
        values = .empty
        dictionaryMaxBytes = 0
        for i in 0..<read.bytes.count {
            dictionaryMaxBytes = max(dictionaryMaxBytes, Int(read.bytes.offsets[i + 1] - read.bytes.offsets[i]))
        }
        dictionary = read
        if indices.isEmpty { indices = [UInt32](repeating: 0, count: Self.stepRows) }
    }

    // MARK: Values

    private func decode(_ rows: Int) throws {
        let first = pending.valid.count
        pending.valid.append(contentsOf: repeatElement(true, count: rows))
        let present = try pending.valid.withUnsafeMutableBufferPointer { valid in
            guard let base = valid.baseAddress else { return 0 }
            return try levels.decode(rows, into: base + first)
        }
        try decodeValues(present, into: &pending)
        pending.spread(dense: present, over: rows)
    }

    /// Appends `count` values, all there, to those of `out`.
    private func decodeValues(_ count: Int, into out: inout PendingValues) throws {
        guard count > 0 else { return }
        if case .dictionary(var decoder) = values {
            guard let dictionary else { return }
            try indices.withUnsafeMutableBufferPointer { indices in
                guard let base = indices.baseAddress else { return }
                try decoder.decode(count, into: base)
                try out.append(from: dictionary, at: UnsafeBufferPointer(start: base, count: count))
            }
            values = .dictionary(decoder)
            return
        }
        try form.decode(count, from: &values, into: &out)
    }
}
