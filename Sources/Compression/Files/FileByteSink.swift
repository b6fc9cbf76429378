import Glibc

/// A file that is written front to back through a buffer.
///
/// ``finish()`` flushes, waits until the bytes are on the disk (`fsync`) and closes. Dropped unfinished, the file stays
/// as it is, incomplete: whoever chose its name removes it.
package final class FileByteSink: ByteSink {
    static let bufferSize = 256 << 10

    private let path: String
    private var descriptor: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferSize, alignment: 16)
    private var buffered = 0
    package private(set) var fileBytesWritten: Int64 = 0

    /// Creates the file, or empties the one that is there.
    package init(path: String) throws(CompressionError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        self.path = path
        guard descriptor >= 0 else { throw .cannotCreate(path, errno: errno) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        buffer.deallocate()
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) {
        if bytes.count > Self.bufferSize - buffered { try flush() }
        if bytes.count >= Self.bufferSize { return try writeFile(bytes) }
        guard let source = bytes.baseAddress, let base = buffer.baseAddress else { return }
        (base + buffered).copyMemory(from: source, byteCount: bytes.count)
        buffered += bytes.count
    }

    package func finish() throws(CompressionError) {
        try flush()
        // Pipes and terminals cannot be synchronised, and need not be.
        if fsync(descriptor) != 0, errno != EINVAL, errno != EROFS, errno != ENOTSUP {
            throw .cannotWrite(path, errno: errno)
        }
        let closing = descriptor
        descriptor = -1
        guard close(closing) == 0 else { throw .cannotWrite(path, errno: errno) }
    }

    private func flush() throws(CompressionError) {
        let count = buffered
        buffered = 0
        if count > 0 { try writeFile(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
    }

    private func writeFile(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written < 0 {
                guard errno == EINTR else { throw .cannotWrite(path, errno: errno) }
                continue
            }
            fileBytesWritten += Int64(written)
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}
