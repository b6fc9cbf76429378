import Columns

/// Encodes byte strings: text, JSON and bytes (BYTE_ARRAY), UUIDs and decimals of more than 18 digits
/// (FIXED_LEN_BYTE_ARRAY).
///
/// How this works: as ``WordColumnEncoder``, but the open page holds its values as PLAIN encodes them.
final class BytesColumnEncoder: ColumnEncoder {
    let pages: PageCollector
    private let column: Column
    /// Bytes of every value; 0 where they vary.
    private let width: Int
    private let room: PageRoom
    private let pageBytes: Int
    private let pageRows: Int
    private let pageIndices: Int
    private let dictionaryTrial: Int

    private let plain = ByteBuffer()
    private var plainCount = 0
    private let indices = ByteBuffer()
    private var dictionary: BytesDictionary
    private var usesDictionary = false
    private var needsDictionary = false
    private var policy = DictionaryPolicy()
    private var choice: EncodingChoice
    private var seen = 0
    /// The bytes of all values seen, as PLAIN would have them.
    private var seenBytes = 0

    private var bounds: BytesBounds
    /// Those of the page before.
    private var lastPage: BytesBounds
    private var order = PageOrder()
    private var bloom: BloomBuilder?

    init(_ column: Column, width: Int, _ options: ParquetWriteOptions, _ sizes: ColumnSizes, _ room: PageRoom) {
        pages = PageCollector(room, column.name, isNullable: column.nullable, options)
        self.room = room
        self.column = column
        self.width = width
        choice = EncodingChoice(options.encodings)
        pageBytes = sizes.pageBytes
        pageRows = sizes.pageRows
        pageIndices = min(sizes.pageRows, max(1, sizes.pageBytes / 2))
        dictionaryTrial = sizes.dictionaryTrial
        dictionary = BytesDictionary(isFixed: width > 0)
        bounds = BytesBounds(column.type)
        lastPage = bounds
        bloom = BloomBuilder(column.name, options)
        beginChunk()
    }

    var bufferedBytes: Int { pages.bufferedBytes + plain.count + indices.count + dictionary.plain.count }

    private func beginChunk() {
        usesDictionary = policy.begins()
        needsDictionary = false
        dictionary.removeAll()
        seen = 0
        seenBytes = 0
        bounds.reset()
        lastPage.reset()
        order = PageOrder()
    }

    func append(_ vector: ColumnVector, rows: Range<Int>) throws {
        switch vector.values {
        case .bytes(let values):
            try append(values, vector.valid, rows, mayHaveNulls: vector.nullCount > 0)
        case .int128(let values):
            let bytes = try bigEndian(values[rows])
            try append(
                bytes, Array(vector.valid[rows]), 0..<rows.count, mayHaveNulls: vector.nullCount > 0)
        case .int64, .float64: preconditionFailure("\(column.type) is not held in bytes")
        }
    }

    /// Decimals as big-endian two's complement of the column's width.
    private func bigEndian(_ values: ArraySlice<Int128>) throws -> ByteValues {
        var bytes = ByteValues()
        bytes.bytes.reserveCapacity(values.count * width)
        bytes.offsets.reserveCapacity(values.count + 1)
        let unused = Int128(8 * width - 1)
        for value in values {
            guard width == 16 || value >> unused == (value < 0 ? -1 : 0) else {
                throw ParquetError.outOfRange("column \"\(column.name)\": \(value) has more digits than \(column.type)")
            }
            withUnsafeBytes(of: value.bigEndian) { bytes.bytes.append(contentsOf: $0.suffix(width)) }
            bytes.offsets.append(UInt32(bytes.bytes.count))
        }
        return bytes
    }

    private func append(_ values: ByteValues, _ valid: [Bool], _ rows: Range<Int>, mayHaveNulls: Bool) throws {
        try values.offsets.withUnsafeBufferPointer { offsets in
            try values.bytes.withUnsafeBytes { bytes in
                try valid.withUnsafeBufferPointer { valid in
                    guard let offsets = offsets.baseAddress, let valid = valid.baseAddress else { return }
                    // Where all values are empty there is no address, and any will do.
                    let bytes = bytes.baseAddress ?? UnsafeRawPointer(plain.base)
                    var row = rows.lowerBound
                    while row < rows.upperBound {
                        if isPageFull { try finishPage() }
                        let count = try rowsThatFit(offsets + row, rows.upperBound - row)
                        _ = try pages.addRows(valid + row, count: count, mayHaveNulls: mayHaveNulls)
                        try appendValues(offsets + row, bytes, valid + row, count)
                        row += count
                    }
                }
            }
        }
    }

    private var isPageFull: Bool {
        if usesDictionary { return pages.pageRows >= pageIndices }
        return plain.count >= pageBytes || pages.pageRows >= pageRows
    }

    /// How many of the next rows the open page takes: at least one.
    private func rowsThatFit(_ offsets: UnsafePointer<UInt32>, _ rows: Int) throws -> Int {
        if usesDictionary {
            // Large values are few at a time, so that the dictionary is judged in time.
            let step = min(rows, DictionaryPolicy.step, pageIndices - pages.pageRows)
            return try prefix(offsets, step, bytes: DictionaryPolicy.maxBytes)
        }
        return try prefix(
            offsets, min(rows, pageRows - pages.pageRows), bytes: max(0, pageBytes - plain.count))
    }

    /// The largest number of rows whose values have at most so many bytes, and at least 1.
    private func prefix(_ offsets: UnsafePointer<UInt32>, _ rows: Int, bytes limit: Int) throws -> Int {
        var low = 1
        var high = max(1, rows)
        while low < high {
            let middle = (low + high + 1) / 2
            if Int(offsets[middle] - offsets[0]) + 4 * middle <= limit { low = middle } else { high = middle - 1 }
        }
        let size = Int(offsets[low] - offsets[0])
        guard low > 1 || size <= ParquetLimits.maxValueBytes else {
            throw ParquetError(
                code: "parquet.limit",
                message: "Column \"\(column.name)\": a value of \(size) bytes is larger than "
                    + "\(ParquetLimits.maxValueBytes), the most that is written.")
        }
        return low
    }

    private func appendValues(
        _ offsets: UnsafePointer<UInt32>, _ bytes: UnsafeRawPointer, _ valid: UnsafePointer<Bool>, _ count: Int
    ) throws {
        if width > 0 { try checkWidth(offsets, valid, count) }
        if usesDictionary {
            let target = indices.reserve(count * 4).assumingMemoryBound(to: UInt32.self)
            var at = 0
            for i in 0..<count where valid[i] {
                let start = Int(offsets[i])
                target[at] = dictionary.index(of: bytes + start, count: Int(offsets[i &+ 1]) &- start)
                at &+= 1
            }
            indices.advance(at * 4)
            seen += at
            seenBytes += Int(offsets[count] - offsets[0]) + (width > 0 ? 0 : 4 * at)
            if !dictionaryMayPay { giveUpDictionary() }
            return
        }
        let size = Int(offsets[count] - offsets[0])
        plain.reserve(size + 4 * count)
        for i in 0..<count where valid[i] {
            let start = Int(offsets[i])
            plain.appendPlain(bytes + start, count: Int(offsets[i &+ 1]) &- start, isFixed: width > 0)
            plainCount &+= 1
        }
    }

    private func checkWidth(_ offsets: UnsafePointer<UInt32>, _ valid: UnsafePointer<Bool>, _ count: Int) throws {
        for i in 0..<count where valid[i] && Int(offsets[i + 1] - offsets[i]) != width {
            throw ParquetError.outOfRange(
                "column \"\(column.name)\": a value of \(offsets[i + 1] - offsets[i]) bytes, where \(column.type) has \(width)")
        }
    }

    // MARK: Dictionary

    private var dictionaryMayPay: Bool {
        if dictionary.plain.count > DictionaryPolicy.maxBytes || dictionary.count > DictionaryPolicy.maxCount { return false }
        if dictionary.extraProbes > seen * DictionaryPolicy.maxProbes { return false }
        return seen < dictionaryTrial || dictionary.count <= seen / 2
    }

    private func giveUpDictionary() {
        let count = indices.count / 4
        let source = indices.base.assumingMemoryBound(to: UInt32.self)
        plain.removeAll()
        for i in 0..<count {
            let place = dictionary.places[Int(source[i])]
            plain.appendPlain(dictionary.plain.base + Int(place.start), count: Int(place.count), isFixed: width > 0)
        }
        plainCount = count
        indices.removeAll()
        usesDictionary = false
        if !needsDictionary {
            dictionary.free()
            policy.gaveUpAtOnce()
        }
    }

    private var indexWidth: Int { max(1, BitPacking.width(UInt64(max(0, dictionary.count - 1)))) }

    // MARK: Pages

    private func finishPage() throws {
        if usesDictionary, !needsDictionary, dictionary.plain.count + indices.count / 4 * indexWidth / 8 >= seenBytes {
            giveUpDictionary()
        }
        if usesDictionary {
            try finishIndices()
        } else {
            try finishPlain()
        }
    }

    private func finishIndices() throws {
        needsDictionary = true
        let count = indices.count / 4
        let source = UnsafePointer(indices.base.assumingMemoryBound(to: UInt32.self))
        let bounds = includePage(dictionaryBounds(source, count))
        try pages.finishPage(.runLengthDictionary, bounds) { page in
            page.append([UInt8(indexWidth)])
            RunLengthEncoder.append(source, count: count, bitWidth: indexWidth, to: page)
        }
        indices.removeAll()
    }

    private func finishPlain() throws {
        let bounds = includePage(plainBounds())
        let encoding = try choice.choose(among: width == 0 ? [.deltaLengthByteArray, .deltaByteArray] : [], count: plainCount) {
            encoding in
            guard encoding != .plain else { return try room.compressedSize(plain.bytes) }
            room.page.removeAll()
            encode(encoding, to: room.page)
            return try room.compressedSize(room.page.bytes)
        }
        try pages.finishPage(encoding, bounds) { encode(encoding, to: $0) }
        plain.removeAll(keepingAtMost: 2 * pageBytes)
        plainCount = 0
    }

    private func encode(_ encoding: PageEncoding, to out: ByteBuffer) {
        switch encoding {
        case .deltaLengthByteArray: DeltaLengthByteArrayEncoder.append(plain: plain.bytes, count: plainCount, to: out)
        case .deltaByteArray:
            DeltaByteArrayEncoder.append(plain: plain.bytes, count: plainCount, suffixes: room.suffixes, to: out)
        default: out.append(plain.bytes)
        }
    }

    // MARK: Bounds

    /// Takes a page's bounds into those of the chunk.
    private func includePage(_ page: BytesBounds) -> EncodedBounds {
        bounds.merge(page)
        if page.hasValues {
            if lastPage.hasValues { order.add(isAbove: page.isNotBelow(lastPage), isBelow: lastPage.isNotBelow(page)) }
            lastPage = page
        }
        return page.bounds
    }

    /// Those of the entries that some indices point at.
    private func dictionaryBounds(_ indices: UnsafePointer<UInt32>, _ count: Int) -> BytesBounds {
        var page = BytesBounds(column.type)
        let base = UnsafeRawPointer(dictionary.plain.base)
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: dictionary.count + 1) { room in
            guard let used = room.baseAddress else { return }
            used.initialize(repeating: 0, count: dictionary.count + 1)
            for i in 0..<count { used[Int(indices[i])] = 1 }
            // The entries in use, closed up.
            var usedCount = 0
            for entry in 0..<dictionary.count where used[entry] == 1 {
                used[usedCount] = UInt32(truncatingIfNeeded: entry)
                usedCount += 1
            }
            page.include(count: usedCount) { index in
                let place = dictionary.places[Int(used[index])]
                return (base + Int(place.start), Int(place.count))
            }
        }
        return page
    }

    private func plainBounds() -> BytesBounds {
        var page = BytesBounds(column.type)
        var at = UnsafeRawPointer(plain.base)
        page.include(count: plainCount) { _ in
            var count = width
            if width == 0 {
                count = Int(UInt32(littleEndian: at.loadUnaligned(as: UInt32.self)))
                at += 4
            }
            defer { at += count }
            bloom?.add(UnsafeRawBufferPointer(start: at, count: count))
            return (at, count)
        }
        return page
    }

    func finishChunk() throws -> ChunkEnding {
        if pages.pageRows > 0 { try finishPage() }
        if needsDictionary {
            let base = UnsafeRawPointer(dictionary.plain.base)
            for place in dictionary.places {
                bloom?.add(UnsafeRawBufferPointer(start: base + Int(place.start), count: Int(place.count)))
            }
            try pages.finishDictionary(count: dictionary.count, dictionary.plain.bytes)
        }
        defer { beginChunk() }
        return ChunkEnding(bounds: bounds.bounds, order: order.boundaryOrder, bloomFilter: bloom?.finish())
    }
}
