/// The uncompressed bytes of a gzip stream of any number of members (RFC 1952 section 2.2).
///
/// Zero bytes after the last member are padding and skipped, as gzip itself does; anything else there is an error.
package final class GzipByteSource: ByteSource {
    static let inputSize = 256 << 10

    private let source: any ByteSource
    private let name: String
    private let inflater: Inflater
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputSize, alignment: 16)
    private var inputStart = 0
    private var inputEnd = 0
    private var state = State.betweenMembers
    private var members = 0

    private enum State { case betweenMembers, inMember, padding, ended }

    /// - Parameter name: the file's name, for messages.
    package init(_ source: any ByteSource, name: String) throws(CompressionError) {
        self.source = source
        self.name = name
        inflater = try Inflater()
    }

    deinit {
        input.deallocate()
    }

    package var fileBytesRead: Int64 { source.fileBytesRead }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        while true {
            if inputStart == inputEnd, state != .ended { try refill() }
            switch state {
            case .ended: return 0
            case .betweenMembers: try beginMember()
            case .padding: try skipPadding()
            case .inMember:
                let produced = try inflate(into: buffer)
                if produced > 0 { return produced }
            }
        }
    }

    private func refill() throws(CompressionError) {
        inputStart = 0
        inputEnd = try source.read(into: input)
        guard inputEnd == 0 else { return }
        if state == .inMember || members == 0 { throw .truncated(name, "gzip", at: fileBytesRead) }
        state = .ended
    }

    private func beginMember() throws(CompressionError) {
        guard inputStart < inputEnd else { return }
        if members > 0, input[inputStart] == 0 {
            state = .padding
            return
        }
        guard input[inputStart] == 0x1F else {
            throw .corrupt(name, "gzip", near: position, "\(members) member(s) are followed by bytes that are not gzip")
        }
        if members > 0 { inflater.reset() }
        members += 1
        state = .inMember
    }

    private func skipPadding() throws(CompressionError) {
        while inputStart < inputEnd {
            guard input[inputStart] == 0 else {
                throw .corrupt(name, "gzip", near: position, "the padding after the last member is not all zero")
            }
            inputStart += 1
        }
    }

    private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        let step = inflater.step(from: UnsafeRawBufferPointer(rebasing: input[inputStart..<inputEnd]), into: buffer)
        inputStart += step.consumed
        if let failure = step.failure { throw .corrupt(name, "gzip", near: position, failure) }
        if step.ended { state = .betweenMembers }
        return step.produced
    }

    /// The offset in the file of the next byte of input.
    private var position: Int64 { fileBytesRead - Int64(inputEnd - inputStart) }
}
