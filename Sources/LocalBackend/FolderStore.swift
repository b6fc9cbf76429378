import Glibc
import Jobs

/// Files of this machine as objects, by `file://` URIs.
///
/// The calls block while they copy; run them where blocking is welcome.
package struct FolderStore: ObjectStore {
    package init() {}

    package func describe(_ uri: String) async throws -> ObjectFacts {
        let file = try OpenFile(reading: try Self.source(uri))
        return Self.facts(try file.version())
    }

    /// Copies the file if it is the arrival's version, and still is after the copy.
    package func download(_ arrival: Arrival, to path: String) async throws -> ObjectFacts {
        let file = try OpenFile(reading: try Self.source(arrival.source))
        let version = try file.version()
        if let expected = arrival.version, expected != version.description {
            throw Self.gone(file.path, expected: expected, found: version.description)
        }
        try FilePlacement.copy(file, to: LocalPath(path)) {
            let after = try file.version()
            guard after == version else {
                throw Self.gone(file.path, expected: version.description, found: after.description)
            }
        }
        return Self.facts(version)
    }

    /// Folders that are missing are created. The content type has no place in a file system.
    package func upload(_ path: String, to uri: String, contentType: String) async throws {
        guard let target = FileURI.localPath(of: uri) else {
            throw Failure(
                .permanent, "output.bad_uri", "\(uri) is no place for a file: expected file:///folder/name.")
        }
        let file = try OpenFile(reading: LocalPath(path))
        let version = try file.version()
        try FilePlacement.copy(file, to: target) {
            guard try file.version() == version else {
                throw Failure(.transient, "local.io", "\(path) changed while it was copied to \(target).")
            }
        }
    }

    private static func source(_ uri: String) throws(Failure) -> LocalPath {
        guard let path = FileURI.localPath(of: uri) else {
            throw Failure(
                .badInput, "input.bad_uri",
                "\(uri) names no file of this machine: expected file:///folder/name with special characters as %XX.")
        }
        return path
    }

    private static func facts(_ version: FileVersion) -> ObjectFacts {
        ObjectFacts(size: version.size, etag: nil, version: version.description)
    }

    private static func gone(_ path: LocalPath, expected: String, found: String) -> Failure {
        Failure(
            .badInput, "input.version_gone",
            """
            \(path) is no longer the file that arrived: expected version \(expected), found \(found) \
            (size-time-inode). Its newer version is an arrival of its own.
            """)
    }
}
