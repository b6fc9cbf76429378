import Glibc
import Jobs

/// What tells one content of a file from another without reading it: size, time of change, inode.
package struct FileVersion: Hashable, Sendable, CustomStringConvertible {
    let size: Int64
    let modifiedNanoseconds: Int64
    let inode: UInt64

    init(_ facts: stat) {
        size = Int64(facts.st_size)
        modifiedNanoseconds = Int64(facts.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(facts.st_mtim.tv_nsec)
        inode = UInt64(facts.st_ino)
    }

    /// `<size>-<nanoseconds since 1970>-<inode>`: an arrival's `version`.
    package var description: String { "\(size)-\(modifiedNanoseconds)-\(inode)" }

    /// The version and the size in bytes of the file at a path, following links.
    /// - Throws: `Failure` `input.not_found`, `local.access_denied`, `local.io`.
    package static func text(ofFileAt path: String) throws -> (version: String, size: Int64) {
        let file = try OpenFile(reading: LocalPath(path))
        let version = try file.version()
        return (version.description, version.size)
    }
}
