import Glibc

/// A file that is open for reading: its descriptor and what it is.
struct ReadableFile {
    let descriptor: Int32
    /// In bytes, when the file was opened; 0 for a pipe.
    let size: Int64
    /// Whether it is a regular file: no pipe, no device.
    let isRegular: Bool

    /// Opens a file that is no folder; whoever opens closes.
    init(path: String) throws(CompressionError) {
        descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
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
        size = Int64(status.st_size)
        isRegular = status.st_mode & S_IFMT == S_IFREG
    }
}
