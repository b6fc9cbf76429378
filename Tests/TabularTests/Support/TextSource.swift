import Compression

/// Bytes in memory as a source that gives at most `pieceBytes` at a time.
final class TextSource: ByteSource {
    private let bytes: [UInt8]
    private let pieceBytes: Int
    private var at = 0

    init(_ bytes: some Sequence<UInt8>, pieceBytes: Int = .max) {
        self.bytes = Array(bytes)
        self.pieceBytes = pieceBytes
    }

    var fileBytesRead: Int64 { Int64(at) }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        precondition(!buffer.isEmpty, "a source must not be asked for nothing")
        let count = min(bytes.count - at, buffer.count, pieceBytes)
        buffer.copyBytes(from: bytes[at..<at + count])
        at += count
        return count
    }
}

/// A sink that keeps what it is given.
final class TextSink: ByteSink {
    private(set) var bytes: [UInt8] = []
    private(set) var isFinished = false

    var fileBytesWritten: Int64 { Int64(bytes.count) }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }

    func finish() { isFinished = true }
}
