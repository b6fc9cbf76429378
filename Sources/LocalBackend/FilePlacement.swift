import Glibc
import Jobs

/// Puts files into place so that they appear whole or not at all: temporary name, fsync, rename.
enum FilePlacement {
    /// How much is copied at a time.
    static let blockBytes = 1 << 20
    /// The ending of a file that is not whole yet; `landing/` does not take such files.
    static let temporaryEnding = ".part"

    /// Copies an open file to `path`, over what may be there. `check` runs after the copy and before it appears.
    /// - Throws: `Failure` with a `local.` code; `CancellationError` between two blocks.
    static func copy(_ source: OpenFile, to path: LocalPath, check: () throws -> Void) throws {
        try createFolder(path.parent)
        removeLeftovers(of: path)
        // The process and the moment keep two writers of one path from writing into one temporary file.
        let suffix = ".\(getpid()).\(UInt64.random(in: 0 ... .max))"
        let temporary = LocalPath(path.bytes + Array((suffix + temporaryEnding).utf8))
        do {
            try write(source, to: temporary)
            try check()
            try rename(temporary, to: path)
        } catch {
            _ = temporary.withCString { unlink($0) }
            throw error
        }
        syncFolder(path.parent)
    }

    /// Removes temporary files of `path` whose process is gone: it was killed in the middle of a copy.
    private static func removeLeftovers(of path: LocalPath) {
        guard let folder = path.parent.withCString({ opendir($0) }) else { return }
        defer { closedir(folder) }
        let name = path.bytes.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? []
        while let entry = readdir(folder) {
            let found = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard found.starts(with: name), found.count > name.count, let process = writer(found.dropFirst(name.count)),
                kill(process, 0) != 0, errno == ESRCH
            else { continue }
            _ = LocalPath(path.parent.bytes + [UInt8(ascii: "/")] + found).withCString { unlink($0) }
        }
    }

    /// The process in `.<process>.<number>.part`; nil for other endings of names.
    private static func writer(_ ending: ArraySlice<UInt8>) -> pid_t? {
        let parts = String(decoding: ending, as: UTF8.self).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].isEmpty, "." + parts[3] == temporaryEnding, UInt64(parts[2]) != nil else { return nil }
        return pid_t(parts[1])
    }

    /// Creates a folder and those above it that are missing.
    static func createFolder(_ path: LocalPath) throws(Failure) {
        if path.withCString({ mkdir($0, 0o755) }) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, path.parent != path else { throw .writing(path, errno) }
        try createFolder(path.parent)
        guard path.withCString({ mkdir($0, 0o755) }) == 0 || errno == EEXIST else { throw .writing(path, errno) }
    }

    private static func write(_ source: OpenFile, to path: LocalPath) throws {
        let target = try OpenFile(creating: path)
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: blockBytes, alignment: 4096)
        defer { block.deallocate() }
        while true {
            try Task.checkCancellation()
            let count = try source.read(into: block)
            if count == 0 { break }
            try target.write(UnsafeRawBufferPointer(rebasing: block[..<count]))
        }
        try target.sync()
    }

    private static func rename(_ source: LocalPath, to target: LocalPath) throws(Failure) {
        let code = source.withCString { from in target.withCString { Glibc.rename(from, $0) } }
        guard code == 0 else { throw .writing(target, errno) }
    }

    /// Makes the new name last through a power cut. A file system that cannot do so has given us all it has.
    private static func syncFolder(_ path: LocalPath) {
        let descriptor = path.withCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        fsync(descriptor)
    }
}
