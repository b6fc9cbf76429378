import Glibc
import Jobs

/// Where things are under the root of a local backend.
package struct LocalFolders: Hashable, Sendable {
    /// Absolute, links resolved.
    package let root: String
    /// Where files are dropped.
    package var landing: String { root + "/landing" }
    /// Where outputs and receipts go by default.
    package var output: String { root + "/output" }
    /// Where rejected rows go.
    package var rejects: String { root + "/rejects" }
    /// One announcement a line.
    package var events: String { root + "/events.jsonl" }
    /// The queue, its dead letters and the job records.
    package var database: String { root + "/landfall.sqlite" }

    /// Creates the folders that are missing.
    /// - Throws: `Failure` `settings.local_root`.
    package init(root path: String) throws {
        let asked = LocalPath(path).absolute
        do {
            try FilePlacement.createFolder(asked)
            guard let resolved = asked.withCString({ realpath($0, nil) }) else { throw Failure.writing(asked, errno) }
            defer { free(resolved) }
            root = String(cString: resolved)
            for folder in [landing, output, rejects] { try Self.createWritable(LocalPath(folder)) }
            try Self.createWritable(LocalPath(root))
        } catch {
            let reason = (error as? Failure)?.message ?? "\(error)"
            throw Failure(
                .permanent, "settings.local_root",
                "the local backend cannot live in \(asked): \(reason) LANDFALL_LOCAL_ROOT names the folder.")
        }
    }

    private static func createWritable(_ path: LocalPath) throws(Failure) {
        try FilePlacement.createFolder(path)
        guard path.withCString({ access($0, R_OK | W_OK | X_OK) }) == 0 else { throw .writing(path, errno) }
        var facts = stat()
        guard path.withCString({ stat($0, &facts) }) == 0 else { throw .writing(path, errno) }
        guard facts.st_mode & S_IFMT == S_IFDIR else { throw .writing(path, ENOTDIR) }
    }
}
