import Columns

/// Encodes numbers: all types that are BOOLEAN, INT32, INT64, FLOAT or DOUBLE in the file.
///
/// How this works: values go into a dictionary as long as that pays; the open page then holds indices. Else it holds the
/// values themselves, as 64-bit words without the nulls, which are encoded when the page is full.
final class WordColumnEncoder: ColumnEncoder {
    let pages: PageCollector
    private let room: PageRoom
    private let column: Column
    private let physical: PhysicalType
    /// The rows of a page, with and without a dictionary.
    private let pageWords: Int
    private let pageIndices: Int
    private let dictionaryTrial: Int

    private let words = ByteBuffer()
    private let indices = ByteBuffer()
    private var dictionary = WordDictionary()
    private var usesDictionary = false
    /// A page of the chunk has indices, so that the dictionary must be written.
    private var needsDictionary = false
    private var policy = DictionaryPolicy()
    private var choice: EncodingChoice
    private var seen = 0

    private var bounds: WordBounds
    /// Those of the page before.
    private var lastPage: WordBounds
    private var order = PageOrder()
    private var bloom: BloomBuilder?

    init(
        _ column: Column, _ physical: PhysicalType, _ options: ParquetWriteOptions, _ sizes: ColumnSizes, _ room: PageRoom
    ) {
        pages = PageCollector(room, column.name, isNullable: column.nullable, options)
        self.room = room
        self.column = column
        self.physical = physical
        choice = EncodingChoice(options.encodings)
        pageWords = min(sizes.pageRows, physical == .boolean ? sizes.pageBytes : max(1, sizes.pageBytes / (physical.width ?? 8)))
        pageIndices = min(sizes.pageRows, max(1, sizes.pageBytes / 2))
        dictionaryTrial = sizes.dictionaryTrial
        bounds = WordBounds(isFloat: physical == .float || physical == .double)
        lastPage = bounds
        // A truth value has no place in a bloom filter (BloomFilter.md).
        bloom = physical == .boolean ? nil : BloomBuilder(column.name, options)
        beginChunk()
    }

    var bufferedBytes: Int { pages.bufferedBytes + words.count + indices.count + dictionary.count * 8 }

    private func beginChunk() {
        usesDictionary = physical != .boolean && policy.begins()
        needsDictionary = false
        dictionary.removeAll()
        seen = 0
        bounds.reset()
        lastPage.reset()
        order = PageOrder()
    }

    func append(_ vector: ColumnVector, rows: Range<Int>) throws {
        try vector.valid.withUnsafeBufferPointer { valid in
            guard let valid = valid.baseAddress else { return }
            switch vector.values {
            case .int64(let values):
                try values.withUnsafeBufferPointer { values in
                    guard let values = values.baseAddress else { return }
                    try append(values, valid, rows, mayHaveNulls: vector.nullCount > 0)
                }
            case .float64(let values):
                try values.withUnsafeBufferPointer { values in
                    guard let base = values.baseAddress else { return }
                    try base.withMemoryRebound(to: Int64.self, capacity: values.count) { words in
                        try append(words, valid, rows, mayHaveNulls: vector.nullCount > 0)
                    }
                }
            case .int128, .bytes: preconditionFailure("\(column.type) is not held in words")
            }
        }
    }

    private func append(
        _ values: UnsafePointer<Int64>, _ valid: UnsafePointer<Bool>, _ rows: Range<Int>, mayHaveNulls: Bool
    ) throws {
        var row = rows.lowerBound
        while row < rows.upperBound {
            var limit = usesDictionary ? pageIndices : pageWords
            if pages.pageRows >= limit {
                try finishPage()
                limit = usesDictionary ? pageIndices : pageWords
            }
            var count = min(rows.upperBound - row, limit - pages.pageRows)
            if usesDictionary { count = min(count, DictionaryPolicy.step) }
            let present = try pages.addRows(valid + row, count: count, mayHaveNulls: mayHaveNulls)
            if usesDictionary {
                room.candidate.removeAll()
                pack(values + row, valid + row, count: count, present: present, into: room.candidate)
                look(up: present, in: room.candidate)
            } else {
                pack(values + row, valid + row, count: count, present: present, into: words)
            }
            row += count
        }
    }

    /// Appends the values that are there.
    private func pack(
        _ values: UnsafePointer<Int64>, _ valid: UnsafePointer<Bool>, count: Int, present: Int, into words: ByteBuffer
    ) {
        let target = words.reserve(count * 8).assumingMemoryBound(to: Int64.self)
        if present == count {
            target.update(from: values, count: count)
        } else {
            var at = 0
            for i in 0..<count {
                target[at] = values[i]
                at &+= valid[i] ? 1 : 0
            }
        }
        words.advance(present * 8)
    }

    /// Turns packed words into indices, and gives the dictionary up if it does not pay.
    private func look(up count: Int, in packed: ByteBuffer) {
        let source = UnsafePointer(packed.base.assumingMemoryBound(to: Int64.self))
        let target = indices.reserve(count * 4).assumingMemoryBound(to: UInt32.self)
        let probes = dictionary.add(source, count: count, into: target)
        indices.advance(count * 4)
        seen += count
        let tooMany =
            dictionary.count > min(DictionaryPolicy.maxCount, DictionaryPolicy.maxBytes / 8)
            || (seen >= dictionaryTrial && dictionary.count > seen / 3)
        if tooMany || probes > count * DictionaryPolicy.maxProbes { giveUpDictionary() }
    }

    /// The open page's indices become words again.
    private func giveUpDictionary() {
        let count = indices.count / 4
        let source = indices.base.assumingMemoryBound(to: UInt32.self)
        words.removeAll()
        let target = words.reserve(count * 8).assumingMemoryBound(to: Int64.self)
        for i in 0..<count { target[i] = dictionary.words[Int(source[i])] }
        words.advance(count * 8)
        indices.removeAll()
        usesDictionary = false
        if !needsDictionary {
            dictionary.free()
            policy.gaveUpAtOnce()
        }
    }

    // MARK: Pages

    private func finishPage() throws {
        if usesDictionary, !needsDictionary, !dictionaryPays { giveUpDictionary() }
        if usesDictionary {
            try finishIndices()
        } else {
            try finishWords()
        }
    }

    /// Whether the first page with its dictionary is smaller than without.
    private var dictionaryPays: Bool {
        let count = indices.count / 4
        let width = physical.width ?? 8
        return dictionary.count * width + count * indexWidth / 8 < count * width
    }

    private var indexWidth: Int { max(1, BitPacking.width(UInt64(max(0, dictionary.count - 1)))) }

    private func finishIndices() throws {
        needsDictionary = true
        let count = indices.count / 4
        let source = UnsafePointer(indices.base.assumingMemoryBound(to: UInt32.self))
        let dictionaryWords = dictionary.words
        room.candidate.removeAll()
        let values = room.candidate.reserve(count * 8).assumingMemoryBound(to: Int64.self)
        for i in 0..<count { values[i] = dictionaryWords[Int(source[i])] }
        let bounds = try includePage(values, count)
        try pages.finishPage(.runLengthDictionary, bounds) { page in
            page.append([UInt8(indexWidth)])
            RunLengthEncoder.append(source, count: count, bitWidth: indexWidth, to: page)
        }
        indices.removeAll()
    }

    private func finishWords() throws {
        let values = UnsafePointer(words.base.assumingMemoryBound(to: Int64.self))
        let count = words.count / 8
        let bounds = try includePage(values, count)
        let encoding = try choice.choose(among: rivals, count: count) { encoding in
            room.page.removeAll()
            encode(values, count, encoding, to: room.page)
            return try room.compressedSize(room.page.bytes)
        }
        bloom?.add(values, count: count, physical)
        try pages.finishPage(encoding, bounds) { encode(values, count, encoding, to: $0) }
        words.removeAll()
    }

    /// What may be smaller than PLAIN.
    private var rivals: [PageEncoding] {
        switch physical {
        case .int32, .int64: [.deltaBinaryPacked]
        case .float, .double: [.byteStreamSplit]
        default: []
        }
    }

    /// Takes a page's values into the bounds of the chunk.
    ///
    /// - Returns: those of the page.
    private func includePage(_ values: UnsafePointer<Int64>, _ count: Int) throws -> EncodedBounds {
        var page = WordBounds(isFloat: physical == .float || physical == .double)
        page.include(values, count: count)
        try checkRange(page)
        bounds.merge(page)
        if page.hasValues {
            if lastPage.hasValues { order.add(isAbove: page.isNotBelow(lastPage), isBelow: lastPage.isNotBelow(page)) }
            lastPage = page
        }
        return page.plain(physical)
    }

    private func encode(_ values: UnsafePointer<Int64>, _ count: Int, _ encoding: PageEncoding, to out: ByteBuffer) {
        switch encoding {
        case .deltaBinaryPacked:
            DeltaBinaryPackedEncoder.append(values, count: count, narrow: physical == .int32, to: out)
        case .byteStreamSplit:
            let start = out.count
            let width = physical.width ?? 8
            room.candidate.removeAll()
            PlainEncoder.append(values, count: count, physical, to: room.candidate)
            ByteStreamSplitEncoder.append(room.candidate.base, count: count, width: width, to: out)
            assert(out.count - start == count * width)
        default: PlainEncoder.append(values, count: count, physical, to: out)
        }
    }

    // MARK: Chunks

    func finishChunk() throws -> ChunkEnding {
        if pages.pageRows > 0 { try finishPage() }
        if needsDictionary {
            bloom?.add(dictionary.words, count: dictionary.count, physical)
            room.page.removeAll()
            PlainEncoder.append(dictionary.words, count: dictionary.count, physical, to: room.page)
            try pages.finishDictionary(count: dictionary.count, room.page.bytes)
        }
        defer { beginChunk() }
        return ChunkEnding(bounds: bounds.plain(physical), order: order.boundaryOrder, bloomFilter: bloom?.finish())
    }

    private func checkRange(_ page: WordBounds) throws {
        guard physical == .int32, let (low, high) = page.integers else { return }
        let allowed: ClosedRange<Int64> =
            column.type == .int16 ? Int64(Int16.min)...Int64(Int16.max) : Int64(Int32.min)...Int64(Int32.max)
        for value in [low, high] where !allowed.contains(value) {
            throw ParquetError.outOfRange("column \"\(column.name)\": \(value) does not fit into \(column.type)")
        }
    }
}
