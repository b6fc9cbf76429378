/// The uncompressed bytes of a stream of any number of members or frames: gzip (RFC 1952 section 2.2), zstd (RFC 8878
/// section 3.1; skippable frames too), bzip2, zlib (RFC 1950) and bare deflate (RFC 1951), which have one.
///
/// Zero bytes after the last member are padding and skipped, as gzip itself does; anything else there is an error.
package final class DecompressingByteSource: ByteSource {
    static let inputSize = 256 << 10

    private let source: any ByteSource
    private let name: String
    private let format: StreamFormat
    private let limits: UnwrapLimits
    private let decoder: any StreamDecoder
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputSize, alignment: 16)
    private var inputStart = 0
    private var inputEnd = 0
    private var inputEnded = false
    private var state = State.betweenMembers
    private var members = 0
    /// Bytes of all members so far: of the input behind them, and of the output.
    private var received: Int64 = 0
    private var produced: Int64 = 0

    private enum State { case betweenMembers, inMember, padding, ended }

    /// - Parameter name: the file's name, for messages.
    init(
        _ source: any ByteSource, format: StreamFormat, name: String, limits: UnwrapLimits = UnwrapLimits()
    ) throws(CompressionError) {
        self.source = source
        self.name = name
        self.format = format
        self.limits = limits
        decoder = try format.decoder(limits)
    }

    deinit {
        input.deallocate()
    }

    package var fileBytesRead: Int64 { source.fileBytesRead }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        while true {
            if inputStart == inputEnd, !inputEnded { try refill() }
            switch state {
            case .ended: return 0
            case .betweenMembers: try beginMember()
            case .padding: try skipPadding()
            case .inMember:
                let count = try decompress(into: buffer)
                if count > 0 { return count }
            }
        }
    }

    private func refill() throws(CompressionError) {
        inputStart = 0
        inputEnd = try source.read(into: input)
        received += Int64(inputEnd)
        inputEnded = inputEnd == 0
    }

    private func beginMember() throws(CompressionError) {
        if inputEnded {
            if members == 0 { throw .truncated(name, format, at: received) }
            state = .ended
            return
        }
        if members > 0 {
            if input[inputStart] == 0 {
                state = .padding
                return
            }
            guard format.continues(with: input[inputStart]) else { throw trailing("\(members) member(s) are followed by other bytes") }
            decoder.reset()
        }
        members += 1
        state = .inMember
    }

    private func skipPadding() throws(CompressionError) {
        while inputStart < inputEnd {
            guard input[inputStart] == 0 else { throw trailing("the padding after the last member is not all zero") }
            inputStart += 1
        }
        if inputEnded { state = .ended }
    }

    private func decompress(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        // At the end of the input the decoder may still hold output: it is asked once more with nothing.
        let step = decoder.step(from: UnsafeRawBufferPointer(rebasing: input[inputStart..<inputEnd]), into: buffer)
        inputStart += step.consumed
        if step.needsLargerWindow { throw .windowTooLarge(name, limits.maxWindowLog) }
        if let failure = step.failure { throw .corrupt(name, format.rawValue, near: position, failure) }
        if step.ended { state = .betweenMembers }
        if step.produced == 0, !step.ended, inputEnded { throw .truncated(name, format, at: received) }
        produced += Int64(step.produced)
        try limits.check(name, format, produced: produced, consumed: position)
        return step.produced
    }

    /// The offset in the compressed stream of the next byte of input.
    private var position: Int64 { received - Int64(inputEnd - inputStart) }

    private func trailing(_ detail: String) -> CompressionError {
        CompressionError(
            code: "compressed.trailing_bytes",
            message: "\(name): behind the end of the \(format.rawValue) stream, at compressed byte \(position), \(detail). "
                + "Cut the file there, or send it again.")
    }
}
