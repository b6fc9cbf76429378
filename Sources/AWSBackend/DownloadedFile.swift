import Glibc
import Jobs

/// Puts a downloaded file into place, so that it appears whole or not at all, and stays through a power cut.
enum DownloadedFile {
    /// The name that the file has until it is whole.
    static func temporaryPath(of path: String) -> String { path + ".part" }

    /// Syncs the file at the temporary path and gives it its name.
    /// - Throws: `Failure` `local.disk_full`, `local.io`.
    static func place(_ path: String) throws(Failure) {
        let temporary = temporaryPath(of: path)
        let descriptor = open(temporary, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        let isSynced = fsync(descriptor) == 0
        let problem = errno
        close(descriptor)
        guard isSynced else {
            unlink(temporary)
            throw failure(path, problem)
        }
        guard rename(temporary, path) == 0 else {
            let problem = errno
            unlink(temporary)
            throw failure(path, problem)
        }
    }

    private static func failure(_ path: String, _ code: CInt = errno) -> Failure {
        let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        let isFull = code == ENOSPC || code == EDQUOT
        return Failure(
            .transient, isFull ? "local.disk_full" : "local.io",
            "\(path) cannot be written: \(reason).\(isFull ? " Make room on that disk." : "")")
    }
}
