import CBrotli

/// Brotli (RFC 7932) in whole pages. This file is the only one that calls libbrotli.
enum Brotli {
    /// Decompresses one stream.
    ///
    /// - Returns: nil where the output is filled exactly, else what is wrong with the input.
    static func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> String? {
        guard let source = input.baseAddress else { return output.isEmpty ? nil : "it is empty" }
        // A stream of no bytes still needs an address to be written to.
        var nothing: UInt8 = 0
        var count = output.count
        let result = withUnsafeMutablePointer(to: &nothing) { nothing in
            BrotliDecoderDecompress(
                input.count, source.assumingMemoryBound(to: UInt8.self), &count,
                output.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? nothing)
        }
        guard result == BROTLI_DECODER_RESULT_SUCCESS else { return "it is not a brotli stream of its size" }
        return count == output.count ? nil : "expected \(output.count) uncompressed bytes, found \(count)"
    }

    /// The qualities that libbrotli has; above 9 it is very slow.
    static let levels = 0...11

    /// The most bytes that `count` bytes can take when compressed.
    static func bound(_ count: Int) -> Int {
        // libbrotli answers 0 where the bound is beyond its numbers; pages never are.
        max(16, BrotliEncoderMaxCompressedSize(count))
    }

    /// One whole stream. The output must have room for ``bound(_:)``.
    static func compress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, level: Int
    ) throws(CompressionError) -> Int {
        guard let target = output.baseAddress else { throw .noMemory("brotli") }
        var nothing: UInt8 = 0
        var count = output.count
        let quality = Int32(max(levels.lowerBound, min(levels.upperBound, level)))
        let done = withUnsafeMutablePointer(to: &nothing) { nothing in
            BrotliEncoderCompress(
                quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, input.count,
                input.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(nothing), &count,
                target.assumingMemoryBound(to: UInt8.self))
        }
        guard done == BROTLI_TRUE else { throw .noMemory("brotli") }
        return count
    }
}
