import Testing

@testable import Compression

@Suite("Page codecs")
struct PageCodecTests {
    static let codecs: [(PageCodec, PageDecompressor.Codec)] = [
        (.none, .none), (.snappy, .snappy), (.gzip(level: 1), .gzip), (.gzip(level: 9), .gzip), (.brotli(level: 1), .brotli),
        (.brotli(level: 5), .brotli),
        (.zstd(level: 3), .zstd), (.lz4Raw, .lz4Raw),
    ]

    static func compress(_ bytes: [UInt8], _ compressor: PageCompressor) throws -> [UInt8] {
        var out = [UInt8](repeating: 0, count: compressor.bound(bytes.count))
        let count = try bytes.withUnsafeBytes { input in
            try out.withUnsafeMutableBytes { try compressor.compress(input, into: $0) }
        }
        return Array(out[..<count])
    }

    /// nil where the input is no page of that size.
    static func decompress(_ bytes: [UInt8], _ size: Int, _ decompressor: PageDecompressor) -> [UInt8]? {
        var out = [UInt8](repeating: 0, count: size)
        let failure = bytes.withUnsafeBytes { input in
            out.withUnsafeMutableBytes { decompressor.decompress(input, into: $0) }
        }
        return failure == nil ? out : nil
    }

    @Test("pages come back as they were, with contexts used again", arguments: codecs)
    func roundTrip(codec: PageCodec, reading: PageDecompressor.Codec) throws {
        let compressor = try PageCompressor(codec)
        let decompressor = try PageDecompressor(reading)
        for sample in samples + samples {
            let page = try Self.compress(sample.bytes, compressor)
            #expect(Self.decompress(page, sample.bytes.count, decompressor) == sample.bytes, "\(sample.name)")
        }
    }

    @Test("every size from nothing to a few hundred bytes works", arguments: codecs)
    func sizes(codec: PageCodec, reading: PageDecompressor.Codec) throws {
        let compressor = try PageCompressor(codec)
        let decompressor = try PageDecompressor(reading)
        var random = Seeded(2)
        for size in 0..<300 {
            let bytes = (0..<size).map { _ in UInt8.random(in: 0...3, using: &random) }
            #expect(Self.decompress(try Self.compress(bytes, compressor), size, decompressor) == bytes, "\(size)")
        }
    }

    @Test("text shrinks", arguments: codecs.dropFirst())
    func shrinks(codec: PageCodec, reading: PageDecompressor.Codec) throws {
        let text = samples[4].bytes
        #expect(try Self.compress(text, PageCompressor(codec)).count < text.count / 10)
    }

    @Test("a page of another size than it should have is refused", arguments: codecs)
    func wrongSize(codec: PageCodec, reading: PageDecompressor.Codec) throws {
        let page = try Self.compress(samples[5].bytes, PageCompressor(codec))
        let decompressor = try PageDecompressor(reading)
        #expect(Self.decompress(page, samples[5].bytes.count - 1, decompressor) == nil)
        #expect(Self.decompress(page, samples[5].bytes.count + 1, decompressor) == nil)
    }

    @Test("a page that is cut is refused", arguments: codecs)
    func truncated(codec: PageCodec, reading: PageDecompressor.Codec) throws {
        let bytes = Array(samples[5].bytes[..<3000])
        let page = try Self.compress(bytes, PageCompressor(codec))
        let decompressor = try PageDecompressor(reading)
        for count in 0..<page.count {
            #expect(Self.decompress(Array(page[..<count]), bytes.count, decompressor) == nil, "cut at \(count)")
        }
    }

    @Test("damage anywhere ends in a refusal or in other bytes, never in a trap", arguments: codecs)
    func damaged(codec: PageCodec, reading: PageDecompressor.Codec) throws {
        let bytes = Array(samples[5].bytes[..<5000])
        let page = try Self.compress(bytes, PageCompressor(codec))
        let decompressor = try PageDecompressor(reading)
        var random = Seeded(3)
        for _ in 0..<1000 {
            var damaged = page
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<page.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if let out = Self.decompress(damaged, bytes.count, decompressor) { #expect(out.count == bytes.count) }
        }
    }

    @Test("blocks made by hand from the formats' descriptions are understood")
    func knownBlocks() throws {
        // "abcabcabcabcX": length 13; literal of 3; copy of 9 at offset 3, short form; literal of 1.
        let snappy: [UInt8] = [13, 2 << 2, 97, 98, 99, 1 | 5 << 2, 3, 0 << 2, 88]
        // The same: 3 literals and a match of 4 + 5 at offset 3, then the literal that ends the block.
        let lz4: [UInt8] = [3 << 4 | 5, 97, 98, 99, 3, 0, 1 << 4, 88]
        let expected = Array("abcabcabcabcX".utf8)
        #expect(Self.decompress(snappy, 13, try PageDecompressor(.snappy)) == expected)
        #expect(Self.decompress(lz4, 13, try PageDecompressor(.lz4Raw)) == expected)
        #expect(Self.decompress(lz4, 13, try PageDecompressor(.lz4Hadoop)) == expected)
        let framed: [UInt8] = [0, 0, 0, 13, 0, 0, 0, UInt8(lz4.count)] + lz4
        #expect(Self.decompress(framed, 13, try PageDecompressor(.lz4Hadoop)) == expected)
    }

    @Test("a gzip page may have several members")
    func members() throws {
        let compressor = try PageCompressor(.gzip())
        let page = try Self.compress(Array("one ".utf8), compressor) + Self.compress(Array("two".utf8), compressor)
        #expect(Self.decompress(page, 7, try PageDecompressor(.gzip)) == Array("one two".utf8))
    }

    @Test("codecs have the names that commands and pipeline files use")
    func names() {
        #expect(PageCodec("zstd") == .zstd(level: 3))
        #expect(PageCodec("zstd", level: 9) == .zstd(level: 9))
        #expect(PageCodec("lz4") == .lz4Raw)
        #expect(PageCodec("brotli", level: 9) == .brotli(level: 9))
        #expect(PageCodec("lzo") == nil)
    }
}
