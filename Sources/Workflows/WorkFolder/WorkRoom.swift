import Glibc
import Jobs

/// Whether the work folder has room for a job: asked before the job begins, so that it does not fail in its middle.
package enum WorkRoom {
    /// How many times its source's size a job may take: the copy, the Parquet or converted file, the SQL script, the rejects.
    package static let filesPerSource: Int64 = 4
    /// What a compressed source may grow to, at a usual ratio; the copy itself stays as it is.
    package static let usualExpansion: Int64 = 10
    /// What is left to others in any case: so much, or of a small disk one part in ``reservePart``.
    package static let reserveBytes: Int64 = 64 << 20
    package static let reservePart: Int64 = 20

    /// How many bytes a job may need in the work folder. An estimate: a file may be more compressed than files usually are.
    package static func needed(sourceBytes: Int64, isCompressed: Bool) -> Int64 {
        let factor = isCompressed ? 1 + (filesPerSource - 1) * usualExpansion : filesPerSource
        let (bytes, overflows) = max(0, sourceBytes).multipliedReportingOverflow(by: factor)
        return overflows ? .max : bytes
    }

    /// How many bytes may still be written below `root`, or, where that is not made yet, below the folder above it; nil where the
    /// file system does not say (statvfs(3)).
    package static func free(below root: String) -> Int64? { space(below: root)?.free }

    /// What may still be written, and how large the file system is, in bytes.
    private static func space(below root: String) -> (free: Int64, total: Int64)? {
        var path = root
        var facts = statvfs()
        while statvfs(path, &facts) != 0 {
            guard errno == ENOENT, let slash = path.lastIndex(of: "/"), path != "/" else { return nil }
            path = slash == path.startIndex ? "/" : String(path[..<slash])
        }
        // An elastic file system says 8 EiB, which is more than Int64 holds.
        func bytes(_ blocks: UInt) -> Int64 {
            let (bytes, overflows) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
            return overflows ? .max : Int64(clamping: bytes)
        }
        return (bytes(facts.f_bavail), bytes(facts.f_blocks))
    }

    /// Nil where there is room for a job besides `promised` bytes that others will still write, or nobody knows; else a transient
    /// `work.no_room`.
    package static func refusal(
        root: String, sourceBytes: Int64, isCompressed: Bool, promised: Int64 = 0
    ) -> Failure? {
        space(below: root).flatMap { space in
            let reserve = min(reserveBytes, space.total / reservePart)
            return refusal(free: space.free, reserve: reserve, root, sourceBytes, isCompressed, promised)
        }
    }

    static func refusal(
        free: Int64, reserve: Int64 = reserveBytes, _ root: String, _ sourceBytes: Int64, _ isCompressed: Bool, _ promised: Int64
    ) -> Failure? {
        let needed = needed(sourceBytes: sourceBytes, isCompressed: isCompressed)
        let room = max(0, free - reserve)
        let left = promised >= room ? 0 : room - max(0, promised)
        if needed <= left { return nil }
        return Failure(
            .transient, "work.no_room",
            """
            The work folder \(root) has \(left) bytes left, and a file of \(sourceBytes) bytes may need \(needed). Make room there, or \
            give LANDFALL_WORK_DIR a larger disk.
            """)
    }
}
