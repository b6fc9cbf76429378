/// Compresses on the way to another sink: to one gzip member (RFC 1952), or to one zstd frame with a checksum (RFC 8878).
package final class CompressingByteSink: ByteSink {
    static let outputSize = 256 << 10

    private let sink: any ByteSink
    private let encoder: any StreamEncoder
    private let format: StreamFormat
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: outputSize, alignment: 16)

    private init(_ sink: any ByteSink, _ format: StreamFormat, _ encoder: any StreamEncoder) {
        self.sink = sink
        self.format = format
        self.encoder = encoder
    }

    /// - Parameter level: 1 (fast) to 9 (small).
    package static func gzip(_ sink: any ByteSink, level: Int = 6) throws(CompressionError) -> CompressingByteSink {
        CompressingByteSink(sink, .gzip, try Deflater(level: level))
    }

    /// - Parameter level: -7 (fast) to 19 (small).
    package static func zstd(_ sink: any ByteSink, level: Int = 3) throws(CompressionError) -> CompressingByteSink {
        CompressingByteSink(sink, .zstd, try ZstdEncoder(level: level, checksum: true))
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
        if step.failure != nil { throw .noMemory(format.rawValue) }
        if step.produced > 0 { try sink.write(UnsafeRawBufferPointer(rebasing: output[..<step.produced])) }
        return step
    }
}
