import Glibc

/// The bytes of a file (or a pipe), read front to back.
package final class FileByteSource: ByteSource {
    private let path: String
    private let descriptor: Int32
    /// Bytes that ``peek(_:)`` has read and ``read(into:)`` has not yet handed out.
    private var peeked: [UInt8] = []
    /// The file's size in bytes when it was opened; 0 for a pipe.
    package let size: Int64
    package private(set) var fileBytesRead: Int64 = 0

    package init(path: String) throws(CompressionError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotOpen(path, errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .cannotRead(path, errno: code)
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            close(descriptor)
            throw CompressionError(code: "input.not_a_file", message: "\(path): is a folder, not a file. Name a file.")
        }
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        self.path = path
        self.descriptor = descriptor
        self.size = Int64(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        guard peeked.isEmpty else {
            let count = min(peeked.count, buffer.count)
            buffer.copyBytes(from: peeked[..<count])
            peeked.removeFirst(count)
            return count
        }
        return try readFile(into: buffer)
    }

    /// The next bytes, without taking them: fewer than `count` only where the file ends.
    package func peek(_ count: Int) throws(CompressionError) -> [UInt8] {
        let more = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { more.deallocate() }
        while peeked.count < count {
            let got = try readFile(into: UnsafeMutableRawBufferPointer(rebasing: more[peeked.count...]))
            if got == 0 { break }
            peeked.append(contentsOf: more[peeked.count..<peeked.count + got])
        }
        return Array(peeked.prefix(count))
    }

    private func readFile(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        while true {
            let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if got >= 0 {
                fileBytesRead += Int64(got)
                return got
            }
            guard errno == EINTR else { throw .cannotRead(path, errno: errno) }
        }
    }
}
