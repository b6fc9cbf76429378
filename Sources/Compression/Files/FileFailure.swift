import Glibc

extension CompressionError {
    /// A failed open for reading.
    static func cannotOpen(_ path: String, errno code: Int32) -> CompressionError {
        switch code {
        case ENOENT, ENOTDIR:
            CompressionError(code: "input.not_found", message: "\(path): there is no such file.")
        case EACCES, EPERM:
            CompressionError(
                code: "input.no_permission", message: "\(path): may not be read. Give this user the right to read it.")
        default: cannotRead(path, errno: code)
        }
    }

    static func cannotRead(_ path: String, errno code: Int32) -> CompressionError {
        CompressionError(
            code: "input.read_failed", message: "\(path): cannot be read: \(text(code)).", isTransient: code != EINVAL)
    }

    static func cannotCreate(_ path: String, errno code: Int32) -> CompressionError {
        switch code {
        case ENOSPC, EDQUOT: cannotWrite(path, errno: code)
        default:
            CompressionError(code: "output.not_creatable", message: "\(path): cannot be created: \(text(code)).")
        }
    }

    static func cannotWrite(_ path: String, errno code: Int32) -> CompressionError {
        switch code {
        case ENOSPC, EDQUOT:
            CompressionError(
                code: "output.no_space", message: "\(path): no space is left to write it. Free some, then try again.",
                isTransient: true)
        default:
            CompressionError(
                code: "output.write_failed", message: "\(path): cannot be written: \(text(code)).",
                isTransient: [EIO, EINTR, EAGAIN, ESTALE].contains(code))
        }
    }

    private static func text(_ code: Int32) -> String {
        String(cString: strerror(code))
    }
}
