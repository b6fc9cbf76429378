/// A source whose next bytes can be looked at before they are taken.
final class PeekingByteSource: ByteSource {
    private let source: any ByteSource
    private var peeked: [UInt8] = []
    private var taken = 0

    init(_ source: any ByteSource) {
        self.source = source
    }

    var fileBytesRead: Int64 { source.fileBytesRead }

    /// The next bytes, without taking them: fewer than `count` only where the source ends.
    func peek(_ count: Int) throws(CompressionError) -> ArraySlice<UInt8> {
        let more = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { more.deallocate() }
        while peeked.count - taken < count {
            let room = count - (peeked.count - taken)
            let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: more[..<room]))
            if got == 0 { break }
            peeked.append(contentsOf: more[..<got])
        }
        return peeked[taken...].prefix(count)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        guard taken < peeked.count else { return try source.read(into: buffer) }
        let count = min(peeked.count - taken, buffer.count)
        buffer.copyBytes(from: peeked[taken..<taken + count])
        taken += count
        if taken == peeked.count {
            peeked = []
            taken = 0
        }
        return count
    }
}
