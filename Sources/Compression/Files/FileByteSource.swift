import Glibc

/// The bytes of a file (or a pipe), read front to back.
package final class FileByteSource: ByteSource {
    private let path: String
    private let descriptor: Int32
    /// The file's size in bytes when it was opened; 0 for a pipe.
    package let size: Int64
    package private(set) var fileBytesRead: Int64 = 0

    package init(path: String) throws(CompressionError) {
        let file = try ReadableFile(path: path)
        _ = posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        self.path = path
        descriptor = file.descriptor
        size = file.size
    }

    deinit {
        close(descriptor)
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
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
