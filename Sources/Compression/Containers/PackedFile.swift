/// A file and how it is wrapped: not at all, compressed, or as an archive whose members are the data.
package struct PackedFile: Hashable, Sendable {
    /// A file in an archive that is read as data.
    package struct Member: Hashable, Sendable {
        package var name: String
        /// In bytes, as the archive declares it.
        package var size: Int64
        /// A tar's member: its place among the files, from 0.
        var place: Int
        /// A zip's member.
        var entry: ZipEntry?
    }

    package let path: String
    /// From the outside to the inside: `[.gzip, .tar]`; empty where the file is not wrapped.
    package let layers: [Container]
    /// What is read, in the order of the names; nil where the file is no archive.
    package private(set) var members: [Member]?
    package let limits: UnwrapLimits

    /// Looks at a file's content. `isWanted` says which members of an archive are read, by their names; what systems leave
    /// in archives (`__MACOSX/`, `.DS_Store`, `._…`) is never.
    package init(
        path: String, limits: UnwrapLimits = UnwrapLimits(), isWanted: (String) -> Bool = { _ in true }
    ) throws(CompressionError) {
        self.path = path
        self.limits = limits
        let (layers, source) = try Unwrapping(limits).outerLayers(path: path)
        switch layers.last {
        case .zip:
            guard layers.count == 1 else {
                throw CompressionError(
                    code: "archive.nested",
                    message: "\(path): is a zip archive within \(layers[0].rawValue). Zip archives are read from files: unwrap it first.")
            }
            let entries = try ZipDirectory(try RandomAccessFile(path: path), limits: limits).entries()
            members = try Self.chosen(
                entries.filter { !$0.isFolder }.map { Member(name: $0.name, size: $0.size, place: 0, entry: $0) }, path, limits, isWanted)
        case .tar:
            let walk = TarWalk(source, name: path, limits: limits)
            var all: [Member] = []
            while let entry = try walk.next() { all.append(Member(name: entry.name, size: entry.size, place: all.count, entry: nil)) }
            members = try Self.chosen(all, path, limits, isWanted)
        default: members = nil
        }
        self.layers = layers
    }

    /// The same file with one of its members only.
    package func only(_ member: Member) -> PackedFile {
        var packed = self
        packed.members = [member]
        return packed
    }

    /// Opens the file's bytes, or its members' one after the other.
    package func reader() -> PackedReader { PackedReader(self) }

    /// `gzip+tar`, `zip`, `none`.
    package var description: String {
        layers.isEmpty ? Container.none.rawValue : layers.map(\.rawValue).joined(separator: "+")
    }

    private static func chosen(
        _ all: [Member], _ path: String, _ limits: UnwrapLimits, _ isWanted: (String) -> Bool
    ) throws(CompressionError) -> [Member] {
        let data = all.filter { !isLeftBehind($0.name) }
        let members = data.filter { isWanted($0.name) }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        guard !members.isEmpty else {
            let names = data.prefix(10).map(\.name).joined(separator: ", ")
            throw CompressionError(
                code: "archive.no_member",
                message: data.isEmpty
                    ? "\(path): the archive holds no files."
                    : "\(path): no member of the archive is chosen. It holds: \(names)\(data.count > 10 ? ", …" : "").")
        }
        guard members.count <= limits.maxMembers else {
            throw CompressionError(
                code: "archive.too_many_members",
                message: "\(path): \(members.count) members of the archive are chosen; at most \(limits.maxMembers) are read at once.")
        }
        for (first, second) in zip(members, members.dropFirst()) where first.name == second.name {
            throw CompressionError(
                code: "archive.duplicate_member",
                message: "\(path): the archive holds \(first.name) twice, and which is meant is not known. Pack it anew.")
        }
        return members
    }

    private static func isLeftBehind(_ name: String) -> Bool {
        let parts = name.split(separator: "/")
        guard let last = parts.last else { return true }
        return parts.contains("__MACOSX") || last == ".DS_Store" || last.hasPrefix("._")
    }
}

/// Opens the bytes of a ``PackedFile``. Members of a tar are found without reading it again while they are asked for in its
/// own order.
package final class PackedReader {
    private let file: PackedFile
    private var walk: (tar: TarWalk, place: Int)?
    private var skippedBytes: Int64 = 0

    init(_ file: PackedFile) {
        self.file = file
    }

    package var count: Int { file.members?.count ?? 1 }

    /// The bytes of the member at `index` among ``PackedFile/members``, unwrapped; of the whole file where it is no archive.
    /// A source is to be read, or given up, before the next is opened.
    package func open(_ index: Int = 0) throws(CompressionError) -> any ByteSource {
        let unwrapping = Unwrapping(file.limits)
        guard let members = file.members else { return try unwrapping.outerLayers(path: file.path).source }
        let member = members[index]
        let packed: any ByteSource
        if let entry = member.entry {
            packed = try ZipMemberSource(try RandomAccessFile(path: file.path), entry, limits: file.limits)
        } else {
            packed = try find(member)
        }
        return try unwrapping.memberLayers(packed, name: "\(file.path): \(member.name)", depth: file.layers.count).source
    }

    /// How the member at `index` is wrapped itself.
    package func layers(of index: Int) throws(CompressionError) -> [Container] {
        guard let members = file.members, let entry = members[index].entry else { return [] }
        let packed = try ZipMemberSource(try RandomAccessFile(path: file.path), entry, limits: file.limits)
        return try Unwrapping(file.limits).memberLayers(packed, name: members[index].name, depth: file.layers.count).layers
    }

    private func find(_ member: PackedFile.Member) throws(CompressionError) -> TarWalk {
        if walk.map({ $0.place > member.place }) ?? true {
            skippedBytes += walk?.tar.skippedBytes ?? 0
            guard skippedBytes <= file.limits.maxSkippedBytes else {
                throw CompressionError(
                    code: "archive.unsupported",
                    message: "\(file.path): its members do not stand in the order of their names, and finding them took "
                        + "\(skippedBytes) bytes already. Pack them in order, or as a zip archive.")
            }
            walk = (TarWalk(try Unwrapping(file.limits).outerLayers(path: file.path).source, name: file.path, limits: file.limits), 0)
        }
        guard let tar = walk?.tar else { throw .badArchive(file.path, .tar, "it cannot be opened") }
        while let entry = try tar.next() {
            let place = walk?.place ?? 0
            walk?.place = place + 1
            guard place == member.place else { continue }
            guard entry.name == member.name else { break }
            return tar
        }
        throw CompressionError(
            code: "input.read_failed", message: "\(file.path): has changed while it was read.", isTransient: true)
    }
}

/// Takes compressed layers off, one after the other, up to the data or an archive.
struct Unwrapping {
    private let limits: UnwrapLimits

    init(_ limits: UnwrapLimits) {
        self.limits = limits
    }

    /// The layers of a file, an archive being the last, and what is inside them.
    func outerLayers(path: String) throws(CompressionError) -> (layers: [Container], source: any ByteSource) {
        try unwrap(try FileByteSource(path: path), name: path, depth: 0)
    }

    /// The layers of an archive's member, which is no archive itself.
    func memberLayers(
        _ source: any ByteSource, name: String, depth: Int
    ) throws(CompressionError) -> (layers: [Container], source: any ByteSource) {
        let result = try unwrap(source, name: name, depth: depth)
        if let archive = result.layers.last, archive.isArchive {
            throw CompressionError(
                code: "archive.nested", message: "\(name): is a \(archive.rawValue) archive within an archive. Unpack the outer one first.")
        }
        return result
    }

    private func unwrap(
        _ source: any ByteSource, name: String, depth: Int
    ) throws(CompressionError) -> (layers: [Container], source: any ByteSource) {
        var layers: [Container] = []
        var inner = PeekingByteSource(source)
        while true {
            let container = Container(firstBytes: try inner.peek(Container.magicSize))
            guard container != .none else { return (layers, inner) }
            guard depth + layers.count < limits.maxLayers else {
                throw CompressionError(
                    code: "compressed.too_many_layers",
                    message: "\(name): is wrapped in more than \(limits.maxLayers) containers. Unwrap it first.")
            }
            layers.append(container)
            guard let format = container.stream else { return (layers, inner) }
            inner = PeekingByteSource(try DecompressingByteSource(inner, format: format, name: name, limits: limits))
        }
    }
}

/// Opens a file that is data, compressed or not, but no archive of several members.
///
/// - Returns: a source of the unwrapped bytes, and the outermost container.
package func openByteSource(path: String) throws(CompressionError) -> (source: any ByteSource, container: Container) {
    let file = try PackedFile(path: path)
    if let members = file.members, members.count > 1 {
        throw CompressionError(
            code: "archive.no_member", message: "\(path): holds \(members.count) members; one must be chosen.")
    }
    return (try file.reader().open(), file.layers.first ?? .none)
}
