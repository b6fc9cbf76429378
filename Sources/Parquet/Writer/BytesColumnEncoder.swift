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
    private let isCompact: Bool
    private let room: PageRoom
    private let pageBytes: Int
    private let pageIndices: Int

    private let plain = ByteBuffer()
    private var plainCount = 0
    private let indices = ByteBuffer()
    private var dictionary: BytesDictionary
    private var usesDictionary = false
    private var needsDictionary = false
    private var policy = DictionaryPolicy()
    private var seen = 0
    /// The bytes of all values seen, as PLAIN would have them.
    private var seenBytes = 0
    private var bounds: BytesBounds
    /// What the values without a dictionary are encoded in, and for how many pages more before it is measured again.
    private var encoding = PageEncoding.plain
    private var encodingPages = 0
    private static let pagesPerMeasurement = 32

    /// Rows of a page at most, so that many empty values end one too.
    private static let maxPageRows = 1 << 20

    init(_ column: Column, width: Int, _ options: ParquetWriteOptions, pageBytes: Int, _ room: PageRoom) {
        pages = PageCollector(room, column: column.name, isNullable: column.nullable)
        self.room = room
        isCompact = options.encodings == .compact
        self.column = column
        self.width = width
        self.pageBytes = pageBytes
        pageIndices = max(1, pageBytes / 2)
        dictionary = BytesDictionary(isFixed: width > 0)
        bounds = BytesBounds(column.type)
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
        return plain.count >= pageBytes || pages.pageRows >= Self.maxPageRows
    }

    /// How many of the next rows the open page takes: at least one.
    private func rowsThatFit(_ offsets: UnsafePointer<UInt32>, _ rows: Int) throws -> Int {
        if usesDictionary {
            // Large values are few at a time, so that the dictionary is judged in time.
            let step = min(rows, DictionaryPolicy.step, pageIndices - pages.pageRows)
            return try prefix(offsets, step, bytes: DictionaryPolicy.maxBytes)
        }
        return try prefix(
            offsets, min(rows, Self.maxPageRows - pages.pageRows), bytes: max(0, pageBytes - plain.count))
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
        return seen < DictionaryPolicy.trial || dictionary.count <= seen / 2
    }

    private func giveUpDictionary() {
        let count = indices.count / 4
        let source = indices.base.assumingMemoryBound(to: UInt32.self)
        plain.removeAll()
        for i in 0..<count {
            let place = dictionary.places[Int(source[i])]
            plain.appendPlain(dictionary.plain.base + place.start, count: place.count, isFixed: width > 0)
        }
        plainCount = count
        indices.removeAll()
        usesDictionary = false
        if !needsDictionary {
            dictionary.removeAll()
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
            needsDictionary = true
            try pages.finishPage(.runLengthDictionary) { page in
                page.append([UInt8(indexWidth)])
                RunLengthEncoder.append(
                    UnsafePointer(indices.base.assumingMemoryBound(to: UInt32.self)), count: indices.count / 4,
                    bitWidth: indexWidth, to: page)
            }
            indices.removeAll()
        } else {
            includePlainBounds()
            if encodingPages == 0 {
                try chooseEncoding()
                encodingPages = Self.pagesPerMeasurement
            }
            encodingPages -= 1
            try pages.finishPage(encoding) { encode(encoding, to: $0) }
            plain.removeAll(keepingAtMost: 2 * pageBytes)
            plainCount = 0
        }
    }

    private func encode(_ encoding: PageEncoding, to out: ByteBuffer) {
        if encoding == .deltaLengthByteArray {
            DeltaLengthByteArrayEncoder.append(plain: plain.bytes, count: plainCount, to: out)
        } else {
            out.append(plain.bytes)
        }
    }

    /// Measures a page in PLAIN and with its lengths apart, both compressed.
    private func chooseEncoding() throws {
        encoding = .plain
        guard isCompact, width == 0, plainCount >= 64 else { return }
        room.page.removeAll()
        encode(.deltaLengthByteArray, to: room.page)
        if try room.compressedSize(room.page.bytes) < room.compressedSize(plain.bytes) { encoding = .deltaLengthByteArray }
    }

    private func includePlainBounds() {
        var at = UnsafeRawPointer(plain.base)
        bounds.include(count: plainCount) { _ in
            var count = width
            if width == 0 {
                count = Int(UInt32(littleEndian: at.loadUnaligned(as: UInt32.self)))
                at += 4
            }
            defer { at += count }
            return (at, count)
        }
    }

    func finishChunk() throws -> (min: Statistics.Bound?, max: Statistics.Bound?) {
        if pages.pageRows > 0 { try finishPage() }
        if needsDictionary {
            let base = UnsafeRawPointer(dictionary.plain.base)
            bounds.include(count: dictionary.count) { (base + dictionary.places[$0].start, dictionary.places[$0].count) }
            try pages.finishDictionary(count: dictionary.count, dictionary.plain.bytes)
        }
        defer { beginChunk() }
        return bounds.bounds
    }
}
