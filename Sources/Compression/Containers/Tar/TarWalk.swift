/// Walks over a tar archive's entries in their order: ustar, with pax and GNU headers for long names and large sizes.
///
/// After ``next()`` the walk itself is the source of the entry's bytes; what is left of them is skipped at the next call.
final class TarWalk: ByteSource {
    /// A file of the archive; folders, links and devices are passed over.
    struct Entry {
        var name: String
        var size: Int64
    }

    private let source: any ByteSource
    private let name: String
    private let limits: UnwrapLimits
    /// Bytes of the entry at hand that were not read yet, and the padding behind them.
    private var left: Int64 = 0
    private var padding: Int64 = 0
    private var position: Int64 = 0
    private var headers = 0
    private var isAtEnd = false
    private(set) var skippedBytes: Int64 = 0

    init(_ source: any ByteSource, name: String, limits: UnwrapLimits) {
        self.source = source
        self.name = name
        self.limits = limits
    }

    var fileBytesRead: Int64 { source.fileBytesRead }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        let wanted = Int(min(Int64(buffer.count), left))
        guard wanted > 0 else { return 0 }
        let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        guard count > 0 else { throw .truncatedArchive(name, .tar, "it ends at byte \(position), within a member") }
        left -= Int64(count)
        position += Int64(count)
        return count
    }

    /// The next file; nil at the end, when all that follows the end's mark was seen to be zeros.
    func next() throws(CompressionError) -> Entry? {
        guard !isAtEnd else { return nil }
        var longName: String?
        var pax: [String: String] = [:]
        var global: [String: String] = [:]
        while true {
            try skipRest()
            guard let block = try header() else {
                isAtEnd = true
                try expectZeros()
                return nil
            }
            headers += 1
            guard headers <= limits.maxEntries else {
                throw CompressionError(
                    code: "archive.too_many_members",
                    message: "\(name): the tar archive has more than \(limits.maxEntries) entries, which is the limit.")
            }
            let header = TarHeader(block)
            guard let declared = header.size, declared >= 0 else { throw bad("a header has no size at byte \(position - 512)") }
            begin(declared)
            switch header.type {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): pax.merge(try paxRecords()) { $1 }
            case UInt8(ascii: "g"): global.merge(try paxRecords()) { $1 }
            case UInt8(ascii: "L"): longName = String(decoding: try content().prefix { $0 != 0 }, as: UTF8.self)
            case UInt8(ascii: "K"): _ = try content()
            case UInt8(ascii: "0"), 0, UInt8(ascii: "7"):
                let path = pax["path"] ?? longName ?? global["path"] ?? header.name
                if let text = pax["size"] ?? global["size"] {
                    guard let size = Int64(text), size >= 0 else { throw bad("\(path) has no size") }
                    begin(size)
                }
                if (pax.keys.contains { $0.hasPrefix("GNU.sparse.") }) { throw sparse(path) }
                // An old writer's folder.
                if !path.hasSuffix("/") { return Entry(name: path, size: left) }
                (longName, pax) = (nil, [:])
            case UInt8(ascii: "1")...UInt8(ascii: "6"):
                // Links, devices, folders and pipes. A hard link may repeat the size of what it points to, without its bytes.
                if header.type == UInt8(ascii: "1") || header.type == UInt8(ascii: "2") { begin(0) }
                (longName, pax) = (nil, [:])
            case UInt8(ascii: "S"): throw sparse(longName ?? header.name)
            case UInt8(ascii: "V"): break
            default:
                throw .unsupportedArchive(
                    "\(name): \(longName ?? header.name)", .tar,
                    "has an entry of type \(shownType(header.type))")
            }
        }
    }

    // MARK: Blocks

    private func begin(_ size: Int64) {
        left = size
        padding = (Int64(TarHeader.blockSize) - size % Int64(TarHeader.blockSize)) % Int64(TarHeader.blockSize)
    }

    private func skipRest() throws(CompressionError) {
        guard left > 0 || padding > 0 else { return }
        (left, padding) = (left + padding, 0)
        skippedBytes += left
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while left > 0 { _ = try read(into: buffer) }
    }

    /// The next header; nil at the archive's end, which is a block of zeros.
    private func header() throws(CompressionError) -> [UInt8]? {
        let block = try bytes(TarHeader.blockSize)
        guard block.contains(where: { $0 != 0 }) else { return nil }
        guard TarHeader.isHeader(block) else { throw bad("the header at byte \(position - 512) has a wrong checksum") }
        return block
    }

    private func expectZeros() throws(CompressionError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try source.read(into: buffer)
            if count == 0 { return }
            guard buffer[..<count].allSatisfy({ $0 == 0 }) else { throw bad("something follows its end, after byte \(position)") }
            position += Int64(count)
        }
    }

    private func bytes(_ count: Int) throws(CompressionError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 16)
        defer { buffer.deallocate() }
        var filled = 0
        while filled < count {
            let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<count]))
            guard got > 0 else {
                throw .truncatedArchive(name, .tar, "it ends at byte \(position + Int64(filled)) without its end's mark")
            }
            filled += got
        }
        position += Int64(count)
        return Array(buffer[..<count])
    }

    // MARK: Extended headers

    /// The whole content of an entry that describes the next one.
    private func content() throws(CompressionError) -> [UInt8] {
        guard left <= Int64(min(limits.maxDirectoryBytes, 1 << 20)) else { throw bad("an extended header has \(left) bytes") }
        let content = try bytes(Int(left))
        left = 0
        return content
    }

    /// Records of the form `27 path=some/long/name\n`, the number counting all of it.
    private func paxRecords() throws(CompressionError) -> [String: String] {
        var rest = try content()[...]
        var records: [String: String] = [:]
        while let first = rest.first, first != 0 {
            let digits = rest.prefix { (48...57).contains($0) }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), length <= rest.count, length > digits.count + 1,
                rest[rest.startIndex + length - 1] == 10
            else { throw bad("an extended header is no list of records") }
            let record = rest.prefix(length - 1).dropFirst(digits.count + 1)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { throw bad("an extended header lacks a '='") }
            records[String(decoding: record[..<equals], as: UTF8.self)] = String(decoding: record[(equals + 1)...], as: UTF8.self)
            rest = rest.dropFirst(length)
        }
        return records
    }

    private func bad(_ detail: String) -> CompressionError { .badArchive(name, .tar, detail) }

    private func sparse(_ member: String) -> CompressionError {
        .unsupportedArchive("\(name): \(member)", .tar, "has a sparse file")
    }

    private func shownType(_ type: UInt8) -> String {
        (33...126).contains(type) ? "'\(Character(Unicode.Scalar(type)))'" : String(type)
    }
}
