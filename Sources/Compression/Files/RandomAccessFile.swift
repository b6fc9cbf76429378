import Glibc

/// A file that is read at any offset, by `pread`: no mapping, so that a file cut short meanwhile is an error and not a signal.
package final class RandomAccessFile {
    package let path: String
    /// In bytes, when the file was opened.
    package let size: Int64
    private let descriptor: Int32

    package init(path: String) throws(CompressionError) {
        let file = try ReadableFile(path: path)
        guard file.isRegular else {
            close(file.descriptor)
            throw CompressionError(
                code: "input.not_a_file", message: "\(path): is not a regular file, which reading at offsets needs.")
        }
        self.path = path
        descriptor = file.descriptor
        size = file.size
    }

    deinit {
        close(descriptor)
    }

    /// Fills a buffer from `offset`.
    ///
    /// - Returns: how many bytes were read; fewer than the buffer holds only where the file ends.
    package func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let got = pread(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
            if got == 0 { break }
            if got < 0 {
                guard errno == EINTR else { throw .cannotRead(path, errno: errno) }
                continue
            }
            done += got
        }
        return done
    }
}
