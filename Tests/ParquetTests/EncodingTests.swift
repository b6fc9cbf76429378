import Columns
import Testing

@testable import Parquet

@Suite("Encodings")
struct EncodingTests {
    /// Values that a width of bits can hold, in runs of all lengths.
    static func values(_ count: Int, bits: Int, seed: UInt64) -> [UInt32] {
        var random = Seeded(seed)
        var values: [UInt32] = []
        let largest = bits == 32 ? UInt32.max : (UInt32(1) << UInt32(bits)) - 1
        while values.count < count {
            let value = UInt32.random(in: 0...largest, using: &random)
            let run = Bool.random(using: &random) ? 1 : Int.random(in: 1...40, using: &random)
            values.append(contentsOf: repeatElement(value, count: min(run, count - values.count)))
        }
        return values
    }

    @Test("runs and packed values of every width and number come back", arguments: [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32])
    func runLength(bits: Int) throws {
        for count in [0, 1, 7, 8, 9, 31, 32, 33, 1000] {
            let values = Self.values(count, bits: bits, seed: UInt64(count))
            let buffer = ByteBuffer()
            values.withUnsafeBufferPointer { values in
                guard let base = values.baseAddress else { return }
                RunLengthEncoder.append(base, count: count, bitWidth: bits, to: buffer)
            }
            for part in [1, 5, 64, 1000] {
                var decoder = try RunLengthDecoder(buffer.base, end: UnsafeRawPointer(buffer.end), bitWidth: bits)
                var read: [UInt32] = []
                var room = [UInt32](repeating: 0, count: part)
                while read.count < count {
                    let next = min(part, count - read.count)
                    try room.withUnsafeMutableBufferPointer { try decoder.decode(next, into: $0.baseAddress!) }
                    read += room[..<next]
                }
                #expect(read == values, "\(count) values in parts of \(part)")
            }
        }
    }

    @Test("the example of the format's description is read")
    func runLengthExample() throws {
        // Encodings.md: the numbers 0 to 7 packed in three bits each are 10001000 11000110 11111010.
        let bytes: [UInt8] = [0b0000_0011, 0b1000_1000, 0b1100_0110, 0b1111_1010, 10 << 1, 5]
        var out = [UInt32](repeating: 0, count: 18)
        try bytes.withUnsafeBytes { bytes in
            var decoder = try RunLengthDecoder(bytes.baseAddress!, end: bytes.baseAddress! + bytes.count, bitWidth: 3)
            try out.withUnsafeMutableBufferPointer { try decoder.decode(18, into: $0.baseAddress!) }
        }
        #expect(out == Array(0...7) + [UInt32](repeating: 5, count: 10))
    }

    @Test("flags and deprecated bit-packed levels are counted")
    func flags() throws {
        let bytes: [UInt8] = [0b0000_0011, 0b1010_1010, 4 << 1, 1]
        var out = [Bool](repeating: false, count: 12)
        let set = try bytes.withUnsafeBytes { bytes in
            var decoder = try RunLengthDecoder(bytes.baseAddress!, end: bytes.baseAddress! + bytes.count, bitWidth: 1)
            return try out.withUnsafeMutableBufferPointer { try decoder.decodeFlags(12, into: $0.baseAddress!) }
        }
        #expect(set == 8)
        #expect(out == [false, true, false, true, false, true, false, true, true, true, true, true])
        // From the most significant bit on: 1 0 0 1 1.
        let old: [UInt8] = [0b1001_1000]
        let levels = old.withUnsafeBytes { bytes in
            var levels = BitPackedLevels(bytes.baseAddress!, width: 1)
            return (0..<5).map { _ in levels.next() }
        }
        #expect(levels == [1, 0, 0, 1, 1])
        // The same of three bits each: 100 110 00.
        let wide = old.withUnsafeBytes { bytes in
            var levels = BitPackedLevels(bytes.baseAddress!, width: 3)
            return [levels.next(), levels.next()]
        }
        #expect(wide == [4, 6])
        #expect(BitPackedLevels.size(count: 3, width: 3) == 2)
    }

    @Test("differences come back, whatever their size and number", arguments: [false, true])
    func deltas(narrow: Bool) throws {
        var random = Seeded(4)
        let low = narrow ? Int64(Int32.min) : Int64.min
        let high = narrow ? Int64(Int32.max) : Int64.max
        let makers: [(String, (Int) -> Int64)] = [
            ("equal", { _ in 42 }), ("rising", { Int64($0) * 3 }), ("falling", { -Int64($0) }),
            ("small", { _ in Int64.random(in: -50...50, using: &random) }),
            ("any", { _ in Int64.random(in: low...high, using: &random) }),
            ("extremes", { $0 % 2 == 0 ? low : high }),
        ]
        for (name, make) in makers {
            for count in [0, 1, 2, 32, 33, 128, 129, 130, 1000] {
                let values = (0..<count).map(make)
                let buffer = ByteBuffer()
                values.withUnsafeBufferPointer { values in
                    withUnsafeTemporaryAllocation(of: Int64.self, capacity: 1) { none in
                        DeltaBinaryPackedEncoder.append(
                            values.baseAddress ?? UnsafePointer(none.baseAddress!), count: count, narrow: narrow, to: buffer)
                    }
                }
                var decoder = try DeltaBinaryPackedDecoder(buffer.base, end: UnsafeRawPointer(buffer.end))
                #expect(decoder.total == count)
                #expect(try decoder.endOfValues() == UnsafeRawPointer(buffer.end), "\(name), \(count)")
                var read: [Int64] = []
                var room = [Int64](repeating: 0, count: 77)
                while read.count < count {
                    let next = min(77, count - read.count)
                    try room.withUnsafeMutableBufferPointer { try decoder.decode(next, into: $0.baseAddress!) }
                    read += room[..<next].map { narrow ? Int64(Int32(truncatingIfNeeded: $0)) : $0 }
                }
                #expect(read == values, "\(name), \(count)")
            }
        }
    }

    @Test("byte streams come back")
    func byteStreams() throws {
        let bytes = (0..<60).map { UInt8($0) }
        for width in [1, 2, 3, 4, 5] {
            let buffer = ByteBuffer()
            bytes.withUnsafeBytes { ByteStreamSplitEncoder.append($0.baseAddress!, count: 60 / width, width: width, to: buffer) }
            var decoder = try ByteStreamSplitDecoder(buffer.base, end: UnsafeRawPointer(buffer.end), width: width)
            var out = [UInt8](repeating: 0, count: 60)
            try out.withUnsafeMutableBytes { out in
                try decoder.decode(2, into: out.baseAddress!)
                try decoder.decode(60 / width - 2, into: out.baseAddress! + 2 * width)
            }
            #expect(out == bytes, "\(width)")
        }
    }

    @Test("a half float is the number that its bits are")
    func halves() {
        let cases: [(UInt16, Double)] = [
            (0x0000, 0), (0x3C00, 1), (0xC000, -2), (0x7BFF, 65504), (0x0001, 0x1p-24), (0x0400, 0x1p-14),
            (0x7C00, .infinity), (0xFC00, -.infinity), (0x3555, 0.333251953125),
        ]
        for (bits, value) in cases { #expect(BytesConversion.half(bits) == value) }
        #expect(BytesConversion.half(0x7E00).isNaN)
        #expect(BytesConversion.half(0x8000).sign == .minus)
    }
}

@Suite("Bounds in statistics")
struct BoundsTests {
    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    @Test("long texts are cut between characters, and the upper bound is raised")
    func texts() {
        let a63 = String(repeating: "a", count: 63)
        let cases: [(String, lower: String, upper: String?)] = [
            ("short", "short", "short"), (a63 + "b", a63 + "b", a63 + "b"), (a63 + "bc", a63 + "b", a63 + "c"),
            (a63 + "éx", a63, String(repeating: "a", count: 62) + "b"),
            (a63 + "\u{7F}x", a63 + "\u{7F}", a63 + "\u{80}"),
            (
                String(repeating: "\u{D7FF}", count: 30), String(repeating: "\u{D7FF}", count: 21),
                String(repeating: "\u{D7FF}", count: 20) + "\u{E000}"
            ),
            (String(repeating: "\u{10FFFF}", count: 17), String(repeating: "\u{10FFFF}", count: 16), nil),
            ("z" + String(repeating: "\u{10FFFF}", count: 17), "z" + String(repeating: "\u{10FFFF}", count: 15), "{"),
        ]
        for (value, lower, upper) in cases {
            let bytes = Array(value.utf8)
            #expect(text(BytesBounds.lower(bytes, isText: true).bytes) == lower)
            #expect(text(BytesBounds.upper(bytes, isText: true)?.bytes) == upper)
            #expect(BytesBounds.lower(bytes, isText: true).isExact == (bytes.count <= 64))
        }
    }

    @Test("long bytes are cut anywhere")
    func bytes() {
        let ff = [UInt8](repeating: 0xFF, count: 70)
        #expect(BytesBounds.upper(ff, isText: false) == nil)
        #expect(BytesBounds.upper([7] + ff, isText: false)?.bytes == [8])
        #expect(BytesBounds.lower([7] + ff, isText: false).bytes == [7] + ff[..<63])
    }

    @Test("integers, zeros and NaN have the bounds that the format asks for")
    func words() {
        var integers = WordBounds(isFloat: false)
        integers.include([3, -7, 2], count: 3)
        #expect(integers.plain(.int32).min?.bytes == [0xF9, 0xFF, 0xFF, 0xFF])
        #expect(integers.plain(.int64).max?.bytes == [3, 0, 0, 0, 0, 0, 0, 0])
        var floats = WordBounds(isFloat: true)
        floats.include([Double.nan, 0.0].map { Int64(bitPattern: $0.bitPattern) }, count: 2)
        #expect(floats.plain(.double).min?.bytes == [0, 0, 0, 0, 0, 0, 0, 0x80])
        #expect(floats.plain(.double).max?.bytes == [0, 0, 0, 0, 0, 0, 0, 0])
        var none = WordBounds(isFloat: true)
        none.include([Int64(bitPattern: Double.nan.bitPattern)], count: 1)
        #expect(none.plain(.double).min == nil)
    }

    @Test("byte strings with common fronts come back from DELTA_BYTE_ARRAY")
    func fronts() throws {
        let values = ["", "a", "ab", "abc", "b", "", "prefix/0001/x", "prefix/0002/x", "prefix/0002/x", "prefix/00", "ä", "ö"]
        let plain = ByteBuffer()
        for value in values {
            let bytes = Array(value.utf8) + [0]
            bytes.withUnsafeBytes { plain.appendPlain($0.baseAddress!, count: bytes.count - 1, isFixed: false) }
        }
        let out = ByteBuffer()
        DeltaByteArrayEncoder.append(plain: plain.bytes, count: values.count, suffixes: ByteBuffer(), to: out)
        #expect(out.count < plain.count)
        var decoder = try DeltaByteArrayDecoder(UnsafeRawPointer(out.base), end: UnsafeRawPointer(out.end))
        var read = ByteValues()
        try decoder.decode(5, into: &read)
        try decoder.decode(values.count - 5, into: &read)
        #expect((0..<read.count).map { String(decoding: read[$0], as: UTF8.self) } == values)
    }

    @Test("hashes are those of xxHash")
    func hashes() {
        func hash(_ text: String) -> UInt64 { Array(text.utf8).withUnsafeBytes { XXHash64.hash($0) } }
        #expect(hash("") == 0xEF46_DB37_51D8_E999)
        #expect(hash("a") == 0xD24E_C4F1_A98C_6E5B)
        #expect(hash("abc") == 0x44BC_2CF5_AD77_0999)
        #expect(hash("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1)
    }

    @Test("a bloom filter knows all that is in it, and little else")
    func bloom() throws {
        let hashes = Set((0..<10_000).map { number in withUnsafeBytes(of: Int64(number)) { XXHash64.hash($0) } })
        let filter = BloomFilter(hashes, falsePositives: 0.01)
        #expect(hashes.allSatisfy { filter.mayContain($0) })
        let wrong = (10_000..<20_000).count { number in
            filter.mayContain(withUnsafeBytes(of: Int64(number)) { XXHash64.hash($0) })
        }
        #expect(wrong < 100)
        let encoded = filter.encoded
        let read = try encoded.withUnsafeBytes { bytes in
            var reader = ThriftReader(bytes)
            let size = try #require(try BloomFilter.readHeader(&reader))
            #expect(reader.position + size == bytes.count)
            return try #require(BloomFilter(bytes: UnsafeRawBufferPointer(rebasing: bytes[reader.position...])))
        }
        #expect(hashes.allSatisfy { read.mayContain($0) })
    }
}
