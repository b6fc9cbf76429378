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
    private let isCompact: Bool
    /// The rows of a page, with and without a dictionary.
    private let pageWords: Int
    private let pageIndices: Int

    private let words = ByteBuffer()
    private let indices = ByteBuffer()
    private var dictionary = WordDictionary()
    private var usesDictionary = false
    /// A page of the chunk has indices, so that the dictionary must be written.
    private var needsDictionary = false
    private var policy = DictionaryPolicy()
    private var seen = 0

    private var bounds: WordBounds
    /// What the values without a dictionary are encoded in, and for how many pages more before it is measured again.
    private var encoding = PageEncoding.plain
    private var encodingPages = 0
    private static let pagesPerMeasurement = 32

    init(_ column: Column, _ physical: PhysicalType, _ options: ParquetWriteOptions, pageBytes: Int, _ room: PageRoom) {
        pages = PageCollector(room, column: column.name, isNullable: column.nullable)
        self.room = room
        self.column = column
        self.physical = physical
        isCompact = options.encodings == .compact
        pageWords = physical == .boolean ? pageBytes : max(1, pageBytes / (physical.width ?? 8))
        pageIndices = max(1, pageBytes / 2)
        bounds = WordBounds(isFloat: physical == .float || physical == .double)
        beginChunk()
    }

    var bufferedBytes: Int { pages.bufferedBytes + words.count + indices.count + dictionary.count * 8 }

    private func beginChunk() {
        usesDictionary = physical != .boolean && policy.begins()
        needsDictionary = false
        dictionary.removeAll()
        seen = 0
        bounds.reset()
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
            pack(values + row, valid + row, count: count, present: present)
            if usesDictionary { look(up: present) }
            row += count
        }
    }

    /// Appends the values that are there to the open page's words.
    private func pack(_ values: UnsafePointer<Int64>, _ valid: UnsafePointer<Bool>, count: Int, present: Int) {
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

    /// Turns the words that were just packed into indices, and gives the dictionary up if it does not pay.
    private func look(up count: Int) {
        let source = UnsafePointer(words.base.assumingMemoryBound(to: Int64.self))
        let target = indices.reserve(count * 4).assumingMemoryBound(to: UInt32.self)
        let probes = dictionary.add(source, count: count, into: target)
        indices.advance(count * 4)
        words.removeAll()
        seen += count
        let tooMany =
            dictionary.count > min(DictionaryPolicy.maxCount, DictionaryPolicy.maxBytes / 8)
            || (seen >= DictionaryPolicy.trial && dictionary.count > seen / 3)
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
            dictionary.removeAll()
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
        try pages.finishPage(.runLengthDictionary) { page in
            page.append([UInt8(indexWidth)])
            RunLengthEncoder.append(
                UnsafePointer(indices.base.assumingMemoryBound(to: UInt32.self)), count: indices.count / 4,
                bitWidth: indexWidth, to: page)
        }
        indices.removeAll()
    }

    private func finishWords() throws {
        let values = UnsafePointer(words.base.assumingMemoryBound(to: Int64.self))
        let count = words.count / 8
        bounds.include(values, count: count)
        try checkRange()
        if encodingPages == 0 {
            try chooseEncoding(values, count)
            encodingPages = Self.pagesPerMeasurement
        }
        encodingPages -= 1
        try pages.finishPage(encoding) { encode(values, count, encoding, to: $0) }
        words.removeAll()
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

    /// Measures a page in PLAIN and in the encoding made for its type, both compressed.
    private func chooseEncoding(_ values: UnsafePointer<Int64>, _ count: Int) throws {
        encoding = .plain
        let rival: PageEncoding
        switch physical {
        case .int32, .int64: rival = .deltaBinaryPacked
        case .float, .double: rival = .byteStreamSplit
        default: return
        }
        guard isCompact, count >= 64 else { return }
        func size(_ encoding: PageEncoding) throws -> Int {
            room.page.removeAll()
            encode(values, count, encoding, to: room.page)
            return try room.compressedSize(room.page.bytes)
        }
        if try size(rival) < size(.plain) { encoding = rival }
    }

    // MARK: Chunks

    func finishChunk() throws -> (min: Statistics.Bound?, max: Statistics.Bound?) {
        if pages.pageRows > 0 { try finishPage() }
        if needsDictionary {
            bounds.include(dictionary.words, count: dictionary.count)
            try checkRange()
            room.page.removeAll()
            PlainEncoder.append(dictionary.words, count: dictionary.count, physical, to: room.page)
            try pages.finishDictionary(count: dictionary.count, room.page.bytes)
        }
        defer { beginChunk() }
        return bounds.plain(physical)
    }

    private func checkRange() throws {
        guard physical == .int32, let (low, high) = bounds.integers else { return }
        let allowed: ClosedRange<Int64> =
            column.type == .int16 ? Int64(Int16.min)...Int64(Int16.max) : Int64(Int32.min)...Int64(Int32.max)
        for value in [low, high] where !allowed.contains(value) {
            throw ParquetError.outOfRange("column \"\(column.name)\": \(value) does not fit into \(column.type)")
        }
    }
}
