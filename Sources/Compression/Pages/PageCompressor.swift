/// Compresses whole pages, one after the other, with contexts and tables that are used again.
package final class PageCompressor {
    package let codec: PageCodec
    private var zstd: ZstdEncoder?
    private var deflater: Deflater?
    private var snappy: SnappyEncoder?
    private var lz4: LZ4Encoder?

    package init(_ codec: PageCodec) throws(CompressionError) {
        self.codec = codec
        switch codec {
        case .none, .brotli: break
        case .snappy: snappy = SnappyEncoder()
        case .gzip(let level): deflater = try Deflater(level: level)
        case .zstd(let level): zstd = try ZstdEncoder(level: level, checksum: false)
        case .lz4Raw: lz4 = LZ4Encoder()
        }
    }

    /// The most bytes that `count` bytes can take when compressed.
    package func bound(_ count: Int) -> Int {
        switch codec {
        case .none: count
        case .snappy: SnappyEncoder.bound(count)
        case .gzip: deflater?.bound(count) ?? count
        case .brotli: Brotli.bound(count)
        case .zstd: ZstdEncoder.bound(count)
        case .lz4Raw: LZ4Encoder.bound(count)
        }
    }

    /// Compresses a page into a buffer of at least ``bound(_:)`` bytes.
    ///
    /// - Returns: how many bytes it takes.
    package func compress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> Int {
        precondition(output.count >= bound(input.count))
        if let zstd { return try zstd.compress(input, into: output) }
        if let snappy { return snappy.compress(input, into: output) }
        if let lz4 { return lz4.compress(input, into: output) }
        if case .brotli(let level) = codec { return try Brotli.compress(input, into: output, level: level) }
        if let deflater {
            // At once, as zlib's bound for a finished stream leaves out the gzip header.
            defer { deflater.reset() }
            let step = deflater.step(from: input, into: output, finishing: true)
            guard step.ended else { throw .noMemory("zlib") }
            return step.produced
        }
        output.copyMemory(from: input)
        return input.count
    }
}
