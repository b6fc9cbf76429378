/// The uncompressed bytes of a zstd stream of any number of frames, skippable ones too (RFC 8878 section 3.1).
package final class ZstdByteSource: ByteSource {
    /// Frames with a larger window (2^27 bytes, 128 MiB: what `zstd -d` allows by itself) are refused.
    package static let maxWindowLog = 27
    static let inputSize = 256 << 10

    private let source: any ByteSource
    private let name: String
    private let decoder: ZstdDecoder
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputSize, alignment: 16)
    private var inputStart = 0
    private var inputEnd = 0
    private var inFrame = false
    private var ended = false

    /// - Parameter name: the file's name, for messages.
    package init(_ source: any ByteSource, name: String) throws(CompressionError) {
        self.source = source
        self.name = name
        decoder = try ZstdDecoder(maxWindowLog: Int32(Self.maxWindowLog))
    }

    deinit {
        input.deallocate()
    }

    package var fileBytesRead: Int64 { source.fileBytesRead }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        while !ended {
            if inputStart == inputEnd { try refill() }
            let atEnd = inputEnd == 0
            if atEnd, !inFrame {
                ended = true
                break
            }
            // At the end of the input the decoder may still hold output: it is asked once more with nothing.
            let (step, failure) = decoder.step(
                from: UnsafeRawBufferPointer(rebasing: input[inputStart..<inputEnd]), into: buffer)
            inputStart += step.consumed
            if let failure { throw error(failure) }
            inFrame = !step.ended
            if step.produced > 0 { return step.produced }
            if atEnd, inFrame { throw .truncated(name, "zstd", at: fileBytesRead) }
        }
        return 0
    }

    private func refill() throws(CompressionError) {
        inputStart = 0
        inputEnd = try source.read(into: input)
    }

    private func error(_ failure: ZstdDecoder.Failure) -> CompressionError {
        switch failure {
        case .corrupt(let detail):
            .corrupt(name, "zstd", near: fileBytesRead - Int64(inputEnd - inputStart), detail)
        case .windowTooLarge:
            CompressionError(
                code: "compressed.window_too_large",
                message: "\(name): a zstd frame needs a window of more than 2^\(Self.maxWindowLog) bytes. "
                    + "Compress the file without --long, or with at most --long=\(Self.maxWindowLog).")
        }
    }
}
