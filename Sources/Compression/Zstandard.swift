import CZstd

/// A zstd decompression context. This file is the only one that calls libzstd.
final class ZstdDecoder: StreamDecoder {
    private let context: OpaquePointer

    /// - Parameter maxWindowLog: frames whose window is larger than 2^maxWindowLog bytes are refused (streaming only).
    init(maxWindowLog: Int32) throws(CompressionError) {
        guard let context = ZSTD_createDCtx() else { throw .noMemory("zstd") }
        self.context = context
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, maxWindowLog)
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// One streaming step. `ended`: the frame is complete and flushed.
    func step(from input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> CodecStep {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = ZSTD_decompressStream(context, &target, &source)
        var step = CodecStep(consumed: source.pos, produced: target.pos, ended: result == 0)
        guard ZSTD_isError(result) != 0 else { return step }
        step.needsLargerWindow = ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge
        step.failure = String(cString: ZSTD_getErrorName(result))
        return step
    }

    /// A frame that has ended leaves nothing behind.
    func reset() {}

    /// Decompresses whole frames at once.
    ///
    /// - Returns: how many bytes came out, or nil and why.
    func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> (count: Int?, failure: String?) {
        let result = ZSTD_decompressDCtx(context, output.baseAddress, output.count, input.baseAddress, input.count)
        guard ZSTD_isError(result) == 0 else { return (nil, String(cString: ZSTD_getErrorName(result))) }
        return (result, nil)
    }
}

/// A zstd compression context.
final class ZstdEncoder: StreamEncoder {
    private let context: OpaquePointer

    /// The levels that libzstd has, without the ones that need more memory to read than readers allow.
    static let levels = -7...19

    init(level: Int, checksum: Bool) throws(CompressionError) {
        guard let context = ZSTD_createCCtx() else { throw .noMemory("zstd") }
        self.context = context
        let level = max(Self.levels.lowerBound, min(Self.levels.upperBound, level))
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0)
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    static func bound(_ count: Int) -> Int {
        ZSTD_compressBound(count)
    }

    /// One whole frame. The output must have room for ``bound(_:)``.
    func compress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> Int {
        let result = ZSTD_compress2(context, output.baseAddress, output.count, input.baseAddress, input.count)
        guard ZSTD_isError(result) == 0 else { throw .noMemory("zstd") }
        return result
    }

    func step(
        from input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, finishing: Bool
    ) -> CodecStep {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = ZSTD_compressStream2(context, &target, &source, finishing ? ZSTD_e_end : ZSTD_e_continue)
        let failure = ZSTD_isError(result) != 0 ? String(cString: ZSTD_getErrorName(result)) : nil
        return CodecStep(
            consumed: source.pos, produced: target.pos, ended: finishing && result == 0, failure: failure)
    }
}
