import FoundationEssentials
import Glibc
import Jobs

/// Where a command writes a file, or a folder of files: first under another name beside it, then, complete, under its own.
struct OutputPath {
    let path: String
    /// Unique to this process, so that two commands do not write into each other's file.
    let part: String
    private let isFolder: Bool

    /// Refuses a path that leads to something other than a regular file, or to one of the `inputs`: a file is never
    /// replaced unasked.
    init(_ text: String, flag: String, apartFrom inputs: [String], isFolder: Bool = false) throws(Failure) {
        self.isFolder = isFolder
        // A link is followed: what it leads to is written, the link stays.
        var target = text
        if let resolved = realpath(text, nil) {
            target = String(cString: resolved)
            free(resolved)
        }
        path = target
        part = "\(target).\(getpid()).landfall-part"
        for input in inputs where Self.isSame(target, input) {
            throw Failure(.permanent, "usage.output", "\(flag) \(text) is the same file as \(input). Give it another name.")
        }
        let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? "."
        guard access(folder, W_OK) == 0 else {
            throw Failure(.permanent, "output.not_creatable", "\(text) cannot be written: \(String(cString: strerror(errno))).")
        }
        var facts = stat()
        guard stat(target, &facts) == 0 else { return }
        guard isFolder else {
            guard facts.st_mode & S_IFMT == S_IFREG else {
                throw Failure(.permanent, "output.not_a_file", "\(text) is there already and is no regular file; it is left alone.")
            }
            return
        }
        guard facts.st_mode & S_IFMT == S_IFDIR, let inside = try? FileManager.default.contentsOfDirectory(atPath: target), inside.isEmpty
        else {
            throw Failure(.permanent, "output.not_empty", "\(text) is there already and is no empty folder; it is left alone.")
        }
    }

    /// A folder that is to be filled: it must be new or empty.
    init(folder text: String, flag: String, apartFrom inputs: [String]) throws(Failure) {
        var name = text
        while name.utf8.count > 1, name.hasSuffix("/") { name.removeLast() }
        try self.init(name, flag: flag, apartFrom: inputs, isFolder: true)
        guard mkdir(part, 0o755) == 0 else {
            throw Failure(.permanent, "output.not_creatable", "\(text) cannot be written: \(String(cString: strerror(errno))).")
        }
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        if left == right { return true }
        var (one, other) = (stat(), stat())
        guard stat(left, &one) == 0, stat(right, &other) == 0 else { return false }
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }

    /// Gives the complete file its name.
    func publish() throws(Failure) {
        guard rename(part, path) == 0 else {
            throw Failure(.permanent, "output.not_creatable", "\(path) cannot be written: \(String(cString: strerror(errno))).")
        }
    }

    /// Removes what was not published.
    func discard() {
        if isFolder { try? FileManager.default.removeItem(atPath: part) } else { unlink(part) }
    }
}
