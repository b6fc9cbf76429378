import Glibc

/// The few things that this module does with files of this machine.
enum LocalFile {
    struct Failure: Error {
        let reason: String
        /// The task that was reading has been cancelled.
        var isCancellation = false

        init(_ reason: String) {
            self.reason = reason
        }

        /// The reason that the system has just given.
        static var current: Failure {
            let number = errno
            return Failure(strerror(number).map { String(cString: $0) } ?? "error \(number)")
        }
    }

    static let pieceBytes = 1 << 18

    /// A small file's bytes; nil where there is no such file.
    static func read(_ path: String, maxBytes: Int) -> Result<[UInt8]?, Failure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT || errno == ENOTDIR ? .success(nil) : .failure(.current) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = retrying { Glibc.read(descriptor, &buffer, buffer.count) }
            if count < 0 { return .failure(.current) }
            if count == 0 { return .success(bytes) }
            bytes += buffer[..<count]
            if bytes.count > maxBytes { return .failure(Failure("it is larger than \(maxBytes) bytes")) }
        }
    }

    static func size(_ path: String) -> Result<Int64, Failure> {
        var status = stat()
        return stat(path, &status) == 0 ? .success(Int64(status.st_size)) : .failure(.current)
    }

    /// Gives some bytes of a file to `body`, piece by piece; stops where the task is cancelled.
    static func read(_ path: String, range: Range<Int64>, _ body: (UnsafeRawBufferPointer) -> Void) -> Failure? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .current }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 16)
        defer { buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            if Task.isCancelled {
                var cancelled = Failure("the task was cancelled")
                cancelled.isCancellation = true
                return cancelled
            }
            let wanted = min(buffer.count, Int(range.upperBound - offset))
            let count = retrying { pread(descriptor, buffer.baseAddress, wanted, off_t(offset)) }
            if count < 0 { return .current }
            if count == 0 { return Failure("it has become shorter") }
            body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
        return nil
    }

    /// Opens a file for writing, empty; whoever opens it closes it.
    static func create(_ path: String) -> Result<Int32, Failure> { opened(path, O_WRONLY | O_CREAT | O_TRUNC) }
    /// Opens a file for writing with what is in it, or makes it.
    static func update(_ path: String) -> Result<Int32, Failure> { opened(path, O_WRONLY | O_CREAT) }
    /// Opens a file for writing at its end, or makes it.
    static func append(_ path: String) -> Result<Int32, Failure> { opened(path, O_WRONLY | O_CREAT | O_APPEND) }

    private static func opened(_ path: String, _ flags: Int32) -> Result<Int32, Failure> {
        let descriptor = open(path, flags | O_CLOEXEC, 0o644)
        return descriptor >= 0 ? .success(descriptor) : .failure(.current)
    }

    static func write(_ text: String, to descriptor: Int32) -> Bool {
        let bytes = Array(text.utf8)
        return retrying { Glibc.write(descriptor, bytes, bytes.count) } == bytes.count
    }

    static func resize(_ descriptor: Int32, to size: Int64) -> Bool { ftruncate(descriptor, off_t(size)) == 0 }
    static func shut(_ descriptor: Int32) -> Bool { close(descriptor) == 0 }
    static func remove(_ path: String) { unlink(path) }
    static func move(_ path: String, to place: String) -> Failure? { rename(path, place) == 0 ? nil : .current }

    private static func retrying(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
