import Glibc
import Jobs

/// An open file descriptor that closes itself, with calls that try again when a signal interrupts them.
final class OpenFile {
    let path: LocalPath
    let descriptor: CInt

    /// Opens a regular file for reading; never waits for a pipe's other end.
    init(reading path: LocalPath, followingLinks: Bool = true) throws(Failure) {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followingLinks ? 0 : O_NOFOLLOW)
        let descriptor = path.withCString { open($0, flags) }
        guard descriptor >= 0 else { throw .reading(path, errno) }
        self.path = path
        self.descriptor = descriptor
        guard try facts().st_mode & S_IFMT == S_IFREG else {
            throw Failure(
                .badInput, "input.not_found", "\(path) is not a regular file. Name a file, not a folder or a device.")
        }
    }

    /// Creates a file, over what may be there.
    init(creating path: LocalPath) throws(Failure) {
        descriptor = path.withCString { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
        self.path = path
        guard descriptor >= 0 else { throw .writing(path, errno) }
    }

    /// Opens a log: every write goes to the end, whoever else writes.
    init(appendingTo path: LocalPath) throws(Failure) {
        descriptor = path.withCString { open($0, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) }
        self.path = path
        guard descriptor >= 0 else { throw .writing(path, errno) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func facts() throws(Failure) -> stat {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw .reading(path, errno) }
        return facts
    }

    func version() throws(Failure) -> FileVersion {
        FileVersion(try facts())
    }

    /// Reads up to the buffer's size; zero at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw .reading(path, errno) }
        }
    }

    /// Writes all of the buffer, in one call where the system takes it so.
    func write(_ buffer: UnsafeRawBufferPointer) throws(Failure) {
        var rest = buffer[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(descriptor, part.baseAddress, part.count)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno != EINTR {
                throw .writing(path, errno)
            }
        }
    }

    /// Waits until the content is on the disk.
    func sync() throws(Failure) {
        guard fsync(descriptor) == 0 else { throw .writing(path, errno) }
    }
}

extension Failure {
    /// A file that should be read.
    static func reading(_ path: LocalPath, _ code: CInt) -> Failure {
        switch code {
        case ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG:
            Failure(.badInput, "input.not_found", "\(path) is not there. Was it moved or deleted after it had landed?")
        case EACCES, EPERM:
            Failure(
                .permanent, "local.access_denied",
                "\(path) cannot be read: \(Self.text(code)). Give the user that runs landfall the right to read it.")
        default:
            Failure(.transient, "local.io", "\(path) cannot be read: \(Self.text(code)).")
        }
    }

    /// A file or folder that should be written.
    static func writing(_ path: LocalPath, _ code: CInt) -> Failure {
        switch code {
        case EACCES, EPERM, EROFS:
            Failure(
                .permanent, "local.access_denied",
                """
                \(path) cannot be written: \(Self.text(code)). \
                Give the user that runs landfall the right to write there.
                """
            )
        case ENOSPC, EDQUOT:
            Failure(
                .transient, "local.disk_full", "\(path) cannot be written: \(Self.text(code)). Make room on that disk.")
        case ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EINVAL:
            Failure(.permanent, "output.not_creatable", "\(path) cannot be written: \(Self.text(code)). Check the path.")
        default:
            Failure(.transient, "local.io", "\(path) cannot be written: \(Self.text(code)).")
        }
    }

    private static func text(_ code: CInt) -> String {
        String(cString: strerror(code))
    }
}
