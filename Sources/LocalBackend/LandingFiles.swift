import Glibc
import Jobs

/// A file below `landing/` that may be an arrival.
struct LandingFile: Sendable {
    let path: LocalPath
    /// Its path below `landing/`.
    let key: String
    let version: FileVersion
}

/// Lists what lies in `landing/`: regular files, in the order of their names, links not followed.
struct LandingFiles {
    /// How deep folders may be nested.
    static let maxDepth = 64
    /// The most files and folders a scan looks at.
    static let maxEntries = 1_000_000
    /// What tools call a file that they still write.
    static let unfinishedEndings = [".part", ".tmp", ".partial", ".crdownload"]

    private let landing: LocalPath
    private(set) var files: [LandingFile] = []
    /// What could not be looked at; the rest was.
    private(set) var problem: Failure?
    private var entries = 0

    init(landing: LocalPath) throws(Failure) {
        self.landing = landing
        try visit(landing, key: [], depth: 0)
    }

    static func isSkipped(_ name: [UInt8]) -> Bool {
        guard let first = name.first, first != UInt8(ascii: ".") else { return true }
        return unfinishedEndings.contains {
            name.count >= $0.utf8.count && name.suffix($0.utf8.count).elementsEqual($0.utf8)
        }
    }

    private mutating func visit(_ folder: LocalPath, key: [UInt8], depth: Int) throws(Failure) {
        guard depth <= Self.maxDepth else {
            problem =
                problem
                ?? Failure(
                    .permanent, "local.too_deep",
                    "\(folder) is nested deeper than \(Self.maxDepth) folders. Flatten it.")
            return
        }
        for name in names(in: folder) where !Self.isSkipped(name) {
            entries += 1
            guard entries <= Self.maxEntries else {
                throw Failure(
                    .permanent, "local.too_many_files",
                    "\(landing) holds more than \(Self.maxEntries) files. Move away those that are done.")
            }
            let path = folder.appending(name)
            let keyBytes = key.isEmpty ? name : key + [UInt8(ascii: "/")] + name
            var facts = stat()
            // Gone since it was listed: not our concern.
            guard path.withCString({ lstat($0, &facts) }) == 0 else { continue }
            switch facts.st_mode & S_IFMT {
            case S_IFDIR: try visit(path, key: keyBytes, depth: depth + 1)
            case S_IFREG:
                let key = String(decoding: keyBytes, as: UTF8.self)
                files.append(LandingFile(path: path, key: key, version: FileVersion(facts)))
            default: continue
            }
        }
    }

    private mutating func names(in folder: LocalPath) -> [[UInt8]] {
        guard let stream = folder.withCString({ opendir($0) }) else {
            if errno != ENOENT || folder == landing { problem = problem ?? .reading(folder, errno) }
            return []
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while names.count <= Self.maxEntries, let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) })
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
