/// Compresses to one gzip member (RFC 1952) on its way to another sink.
package final class GzipByteSink: ByteSink {
    static let outputSize = 256 << 10

    private let sink: any ByteSink
    private let deflater: Deflater
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: outputSize, alignment: 16)

    /// - Parameter level: 1 (fast) to 9 (small).
    package init(_ sink: any ByteSink, level: Int = 6) throws(CompressionError) {
        self.sink = sink
        deflater = try Deflater(level: level)
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
        let step = deflater.step(from: input, into: output, finishing: finishing)
        if step.failure != nil { throw .noMemory("zlib") }
        if step.produced > 0 { try sink.write(UnsafeRawBufferPointer(rebasing: output[..<step.produced])) }
        return step
    }
}
