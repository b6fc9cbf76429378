import Glibc
import Jobs

/// Announcements as lines of a file, for whoever follows it.
package struct EventsFile: Announcements {
    private let path: LocalPath

    package init(path: String) {
        self.path = LocalPath(path)
    }

    /// Appends one line and waits until it is on the disk.
    package func announce(_ announcement: Announcement) async throws {
        let file = try OpenFile(appendingTo: path)
        // Outside JSON's strings a line feed is only space, and inside them it is always escaped.
        var line = announcement.json.utf8.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 }
        line.append(UInt8(ascii: "\n"))
        if try endsInMidLine(file) { line.insert(UInt8(ascii: "\n"), at: 0) }
        try line.withUnsafeBytes { try file.write($0) }
        try file.sync()
    }

    /// Whether an earlier writer died before its line was whole (a full disk): ours must not be glued to it.
    private func endsInMidLine(_ file: OpenFile) throws(Failure) -> Bool {
        let size = try file.facts().st_size
        guard size > 0 else { return false }
        var last: UInt8 = 0
        guard pread(file.descriptor, &last, 1, size - 1) == 1 else { throw .reading(path, errno) }
        return last != UInt8(ascii: "\n")
    }
}
