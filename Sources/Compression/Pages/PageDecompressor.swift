/// Decompresses whole pages of one codec, whose uncompressed size is known, one after the other.
package final class PageDecompressor {
    /// What a page may be compressed with when it is read: what we write, and an old framing of LZ4.
    package enum Codec: Hashable, Sendable {
        case none, snappy, gzip, brotli, zstd, lz4Raw
        /// The deprecated `LZ4`: Hadoop's frames of two big-endian sizes around LZ4 blocks, or a bare block.
        case lz4Hadoop
    }

    package let codec: Codec
    private var zstd: ZstdDecoder?
    private var inflater: Inflater?

    package init(_ codec: Codec) throws(CompressionError) {
        self.codec = codec
        switch codec {
        case .none, .snappy, .brotli, .lz4Raw, .lz4Hadoop: break
        case .gzip: inflater = try Inflater()
        case .zstd: zstd = try ZstdDecoder(maxWindowLog: Int32(UnwrapLimits.defaultWindowLog))
        }
    }

    /// The largest factor by which a codec can shrink a page: what claims more is not worth allocating for.
    package var maxRatio: Int {
        switch codec {
        case .none: 1
        case .snappy: 32
        case .lz4Raw, .lz4Hadoop: 256
        case .gzip: 1040
        case .brotli: 1 << 20
        case .zstd: 1 << 17
        }
    }

    /// Decompresses a page.
    ///
    /// - Returns: nil where the output is filled exactly, else what is wrong with the input.
    package func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> String? {
        switch codec {
        case .none:
            guard input.count == output.count else {
                return "expected \(output.count) uncompressed bytes, found \(input.count)"
            }
            output.copyMemory(from: input)
            return nil
        case .snappy: return snappyDecompress(input, into: output) ? nil : "it is not a snappy block of its size"
        case .lz4Raw: return lz4Decompress(input, into: output) ? nil : "it is not an LZ4 block of its size"
        case .lz4Hadoop:
            let good = lz4HadoopDecompress(input, into: output) || lz4Decompress(input, into: output)
            return good ? nil : "it is neither Hadoop's LZ4 framing nor an LZ4 block of its size"
        case .gzip: return inflate(input, into: output)
        case .brotli: return Brotli.decompress(input, into: output)
        case .zstd:
            guard let (count, failure) = zstd?.decompress(input, into: output) else { return "no zstd context" }
            if let failure { return failure }
            return count == output.count ? nil : "expected \(output.count) uncompressed bytes, found \(count ?? 0)"
        }
    }

    /// Any number of members, as parquet-mr writes several in one page.
    private func inflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> String? {
        guard let inflater else { return "no zlib context" }
        var consumed = 0
        var produced = 0
        inflater.reset()
        while true {
            let step = inflater.step(
                from: UnsafeRawBufferPointer(rebasing: input[consumed...]),
                into: UnsafeMutableRawBufferPointer(rebasing: output[produced...]))
            consumed += step.consumed
            produced += step.produced
            if let failure = step.failure { return failure }
            if step.ended {
                if consumed == input.count || produced == output.count { break }
                inflater.reset()
            } else if step.consumed == 0, step.produced == 0 {
                return produced == output.count ? "it holds more bytes than its page says" : "it ends early"
            }
        }
        return produced == output.count ? nil : "expected \(output.count) uncompressed bytes, found \(produced)"
    }

    /// Hadoop's block framing: uncompressed size, compressed size, both 32-bit big-endian, then the block; repeated.
    private func lz4HadoopDecompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        var at = 0
        var produced = 0
        while at < input.count {
            guard input.count - at >= 8 else { return false }
            let size = Int(UInt32(bigEndian: input.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            let compressed = Int(UInt32(bigEndian: input.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)))
            at += 8
            guard compressed <= input.count - at, size <= output.count - produced,
                lz4Decompress(
                    UnsafeRawBufferPointer(rebasing: input[at..<at + compressed]),
                    into: UnsafeMutableRawBufferPointer(rebasing: output[produced..<produced + size]))
            else { return false }
            at += compressed
            produced += size
        }
        return produced == output.count
    }
}
