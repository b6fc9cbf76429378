/// Compresses to one zstd frame with a checksum (RFC 8878) on its way to another sink.
package final class ZstdByteSink: ByteSink {
    static let outputSize = 256 << 10

    private let sink: any ByteSink
    private let encoder: ZstdEncoder
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: outputSize, alignment: 16)

    /// - Parameter level: -7 (fast) to 19 (small).
    package init(_ sink: any ByteSink, level: Int = 3) throws(CompressionError) {
        self.sink = sink
        encoder = try ZstdEncoder(level: level, checksum: true)
    }

    deinit {
        output.deallocate()
    }

    package var fileBytesWritten: Int64 { sink.fileBytesWritten }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) {
        var rest = bytes
        while !rest.isEmpty {
            let step = try step(rest, finishing: false)
            rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
        }
    }

    package func finish() throws(CompressionError) {
        while try !step(UnsafeRawBufferPointer(start: nil, count: 0), finishing: true).ended {}
        try sink.finish()
    }

    private func step(_ input: UnsafeRawBufferPointer, finishing: Bool) throws(CompressionError) -> CodecStep {
        let step = encoder.step(from: input, into: output, finishing: finishing)
        if step.failure != nil { throw .noMemory("zstd") }
        if step.produced > 0 { try sink.write(UnsafeRawBufferPointer(rebasing: output[..<step.produced])) }
        return step
    }
}
