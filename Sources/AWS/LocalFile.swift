import Glibc
import SigV4

/// The few things that this module does with files of this machine.
enum LocalFile {
    struct Failure: Error {
        let reason: String

        init(_ reason: String) {
            self.reason = reason
        }

        /// The reason that the system has just given.
        static var current: Failure {
            let number = errno
            return Failure(strerror(number).map { String(cString: $0) } ?? "error \(number)")
        }
    }

    static let hashBufferBytes = 1 << 20

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

    /// SHA-256 of some bytes of a file, in hexadecimal.
    static func sha256(_ path: String, range: Range<Int64>) -> Result<String, Failure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(.current) }
        defer { close(descriptor) }
        let hasher = SHA256()
        var buffer = [UInt8](repeating: 0, count: hashBufferBytes)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = min(buffer.count, Int(range.upperBound - offset))
            let count = retrying { pread(descriptor, &buffer, wanted, off_t(offset)) }
            if count < 0 { return .failure(.current) }
            if count == 0 { return .failure(Failure("it has become shorter")) }
            hasher.update(buffer[..<count])
            offset += Int64(count)
        }
        return .success(hasher.finalizeHexadecimal())
    }

    /// Opens a file for writing, empty; whoever opens it closes it.
    static func create(_ path: String) -> Result<Int32, Failure> {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        return descriptor >= 0 ? .success(descriptor) : .failure(.current)
    }

    static func empty(_ descriptor: Int32) -> Bool { ftruncate(descriptor, 0) == 0 }
    static func shut(_ descriptor: Int32) -> Bool { close(descriptor) == 0 }
    static func remove(_ path: String) { unlink(path) }

    private static func retrying(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
