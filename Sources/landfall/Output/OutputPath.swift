import Glibc
import Jobs

/// Where a command writes a file: first under another name beside it, then, complete, under its own.
struct OutputPath {
    let path: String
    /// Unique to this process, so that two commands do not write into each other's file.
    let part: String

    /// Refuses a path that leads to something other than a regular file, or to one of the `inputs`: a file is never
    /// replaced unasked.
    init(_ text: String, flag: String, apartFrom inputs: [String]) throws(Failure) {
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
        if stat(target, &facts) == 0, facts.st_mode & S_IFMT != S_IFREG {
            throw Failure(.permanent, "output.not_a_file", "\(text) is there already and is no regular file; it is left alone.")
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
        unlink(part)
    }
}
