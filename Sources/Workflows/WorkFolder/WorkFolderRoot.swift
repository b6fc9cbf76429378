import Glibc
import Jobs

/// The folder that holds the jobs' scratch folders, held open: everything is done relative to it, no link is followed, and only
/// what is named as we name things is touched.
///
/// Other tasks may sweep the same folder at the same time (NFS): what is gone (`ENOENT`, `ESTALE`) is no error.
final class WorkFolderRoot {
    /// How deep a job's folder is emptied, and how many names one sweep reads.
    private static let maxDepth = 64
    private static let maxEntries = 10_000_000
    /// What a folder is called while it is being removed, before the job's id.
    private static let removalPrefix = ".removed-"

    private let descriptor: CInt
    private var entriesLeft = maxEntries

    /// Nil where there is no such folder.
    init?(path: String) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// 32 lower-case hexadecimal digits, as ``JobID`` makes them.
    static func isJobID(_ name: some StringProtocol) -> Bool {
        name.utf8.count == 32 && name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// Real folders, not links, that are named like jobs.
    func jobFolders() -> [String] {
        names(in: descriptor).filter { Self.isJobID($0) && isFolder($0, in: descriptor) }
    }

    /// Folders that a sweep, which was cut off, had begun to remove.
    func halfRemoved() -> [String] {
        names(in: descriptor).filter { name in
            name.hasPrefix(Self.removalPrefix) && Self.isJobID(name.dropFirst(Self.removalPrefix.count).prefix(32))
                && isFolder(name, in: descriptor)
        }
    }

    /// When something was last added to or taken from a job's folder or the folders in it; nil where it is gone.
    func lastChange(_ jobID: String) -> Timestamp? {
        guard let own = facts(jobID, in: descriptor) else { return nil }
        var latest = Self.modified(own)
        guard let folder = openFolder(jobID, in: descriptor) else { return nil }
        defer { close(folder) }
        for name in names(in: folder) {
            if let inner = facts(name, in: folder) { latest = max(latest, Self.modified(inner)) }
        }
        return latest
    }

    enum Removal: Hashable, Sendable {
        case whole
        /// The rest stays for the next sweep.
        case partial
        /// It is gone already.
        case byOthers
    }

    /// Removes a job's folder with all in it. It is renamed first, so that of two who remove it one does, and a job that begins
    /// anew finds no half of it.
    func remove(_ jobID: String) -> Removal {
        let name = "\(Self.removalPrefix)\(jobID)-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
        guard renameat(descriptor, jobID, descriptor, name) == 0 else { return Self.isGone(errno) ? .byOthers : .partial }
        return removeRest(name) ? .whole : .partial
    }

    /// Removes what a removal has left.
    func removeRest(_ name: String) -> Bool {
        removeFolder(name, in: descriptor, depth: 0)
    }

    // MARK: Files

    private func removeFolder(_ name: String, in parent: CInt, depth: Int) -> Bool {
        guard depth < Self.maxDepth else { return false }
        // Another task that sweeps may remove it at the same time.
        guard let folder = openFolder(name, in: parent) else { return Self.isGone(errno) }
        defer { close(folder) }
        for inner in names(in: folder) {
            if Task.isCancelled { return false }
            // A link is removed, and not what it points to.
            if unlinkat(folder, inner, 0) == 0 || Self.isGone(errno) { continue }
            guard isFolder(inner, in: folder) else { continue }
            _ = removeFolder(inner, in: folder, depth: depth + 1)
        }
        return unlinkat(parent, name, AT_REMOVEDIR) == 0 || Self.isGone(errno)
    }

    private static func isGone(_ error: CInt) -> Bool { error == ENOENT || error == ESTALE }

    private func openFolder(_ name: String, in parent: CInt) -> CInt? {
        let folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        return folder < 0 ? nil : folder
    }

    private func facts(_ name: String, in folder: CInt) -> stat? {
        var facts = stat()
        return fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 ? facts : nil
    }

    private func isFolder(_ name: String, in folder: CInt) -> Bool {
        facts(name, in: folder).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    private static func modified(_ facts: stat) -> Timestamp {
        Timestamp(milliseconds: Int64(facts.st_mtim.tv_sec) * 1000 + Int64(facts.st_mtim.tv_nsec) / 1_000_000)
    }

    /// All names of a folder; read before any of them is removed. A name that is no UTF-8 is none of ours, and stays.
    private func names(in folder: CInt) -> [String] {
        // The stream takes the descriptor over.
        let copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            if copy >= 0 { close(copy) }
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while entriesLeft > 0, let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard let name = String(validating: bytes, as: UTF8.self), name != ".", name != ".." else { continue }
            names.append(name)
            entriesLeft -= 1
        }
        return names
    }
}
