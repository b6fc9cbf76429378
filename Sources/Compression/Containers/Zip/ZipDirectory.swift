/// Reads a zip archive's central directory, zip64 too (APPNOTE.TXT sections 4.3.12 to 4.3.16).
///
/// Nothing in it is believed before it is held against the file: the directory must lie within it, and members neither
/// reach beyond it nor into each other.
struct ZipDirectory {
    private static let endSize = 22
    private static let maxCommentSize = 65_535
    private static let entrySize = 46
    private static let localHeaderSize: Int64 = 30

    private let file: RandomAccessFile
    private let name: String
    private let limits: UnwrapLimits

    init(_ file: RandomAccessFile, limits: UnwrapLimits) {
        self.file = file
        self.name = file.path
        self.limits = limits
    }

    /// All entries, in the directory's order.
    func entries() throws(CompressionError) -> [ZipEntry] {
        let end = try findEnd()
        guard end.count <= Int64(limits.maxEntries) else {
            throw CompressionError(
                code: "archive.too_many_members",
                message: "\(name): the zip archive has \(end.count) entries; at most \(limits.maxEntries) are read.")
        }
        guard end.size <= Int64(limits.maxDirectoryBytes) else {
            throw bad("its directory has \(end.size) bytes, and may have \(limits.maxDirectoryBytes)")
        }
        guard end.offset >= 0, end.offset <= end.position, end.size <= end.position - end.offset else {
            throw bad("its directory is said to lie beyond its end")
        }
        let fields = ZipFields(try bytes(at: end.offset, count: Int(end.size)))
        var entries: [ZipEntry] = []
        var at = 0
        for _ in 0..<end.count {
            guard at + Self.entrySize <= fields.count, fields.u32(at) == 0x0201_4B50 else {
                throw bad("its directory has \(entries.count) entries, and declares \(end.count)")
            }
            let next = at + Self.entrySize + fields.u16(at + 28) + fields.u16(at + 30) + fields.u16(at + 32)
            guard next <= fields.count else { throw bad("its directory ends within an entry") }
            entries.append(try entry(fields, at))
            at = next
        }
        try checkPlaces(entries, before: end.offset)
        return entries
    }

    /// Where a member's bytes begin: behind its local header, which must name the same method.
    func dataOffset(of entry: ZipEntry) throws(CompressionError) -> Int64 {
        let header = ZipFields(try bytes(at: entry.offset, count: Int(Self.localHeaderSize)))
        guard header.u32(0) == 0x0403_4B50 else { throw bad("\(entry.name) does not begin where the directory says") }
        guard header.u16(8) == Int(entry.method) else { throw bad("\(entry.name) is compressed in another way than the directory says") }
        let start = entry.offset + Self.localHeaderSize + Int64(header.u16(26) + header.u16(28))
        guard start + entry.compressedSize <= file.size else { throw bad("\(entry.name) goes on beyond the end of the file") }
        return start
    }

    // MARK: The end record

    private struct End {
        var position: Int64
        var count: Int64
        var size: Int64
        var offset: Int64
    }

    private func findEnd() throws(CompressionError) -> End {
        let tail = Int(min(file.size, Int64(Self.endSize + Self.maxCommentSize)))
        let start = file.size - Int64(tail)
        let fields = ZipFields(try bytes(at: start, count: tail))
        var at = tail - Self.endSize
        while at >= 0 {
            if fields.u32(at) == 0x0605_4B50, at + Self.endSize + fields.u16(at + 20) <= tail {
                return try end(fields, at, position: start + Int64(at))
            }
            at -= 1
        }
        throw .truncatedArchive(name, .zip, "its directory, which stands at the end, is missing")
    }

    private func end(_ fields: ZipFields, _ at: Int, position: Int64) throws(CompressionError) -> End {
        var end = End(
            position: position, count: Int64(fields.u16(at + 10)), size: fields.u32(at + 12), offset: fields.u32(at + 16))
        let isZip64 = end.count == 0xFFFF || end.size == 0xFFFF_FFFF || end.offset == 0xFFFF_FFFF
        if !isZip64 || position < 20 {
            guard fields.u16(at + 4) == 0, fields.u16(at + 8) == fields.u16(at + 10) else { throw severalDisks() }
            return end
        }
        let locator = ZipFields(try bytes(at: position - 20, count: 20))
        guard locator.u32(0) == 0x0706_4B50, let place = locator.u64(8), place <= position - 20 - 56 else {
            throw bad("it has the marks of zip64, but no zip64 record")
        }
        let record = ZipFields(try bytes(at: place, count: 56))
        guard record.u32(0) == 0x0606_4B50, let count = record.u64(32), let size = record.u64(40), let offset = record.u64(48)
        else { throw bad("its zip64 record is not where it should be") }
        guard record.u32(16) == 0, record.u64(24) == count else { throw severalDisks() }
        end = End(position: place, count: count, size: size, offset: offset)
        return end
    }

    // MARK: Entries

    private func entry(_ fields: ZipFields, _ at: Int) throws(CompressionError) -> ZipEntry {
        let nameEnd = at + Self.entrySize + fields.u16(at + 28)
        let name = String(decoding: fields.slice(at + Self.entrySize..<nameEnd), as: UTF8.self)
        var entry = ZipEntry(
            name: name, method: fields.number(at + 10, as: UInt16.self), flags: fields.number(at + 8, as: UInt16.self),
            crc: fields.number(at + 16, as: UInt32.self), compressedSize: fields.u32(at + 20), size: fields.u32(at + 24),
            offset: fields.u32(at + 42))
        try widen(&entry, fields, nameEnd..<nameEnd + fields.u16(at + 30))
        return entry
    }

    /// Takes the sizes that do not fit 32 bits from the extra field 0x0001 (section 4.5.3).
    private func widen(_ entry: inout ZipEntry, _ fields: ZipFields, _ extra: Range<Int>) throws(CompressionError) {
        var wanted = [entry.size, entry.compressedSize, entry.offset].map { $0 == 0xFFFF_FFFF }
        guard wanted.contains(true) else { return }
        var at = extra.lowerBound
        while at + 4 <= extra.upperBound {
            let end = at + 4 + fields.u16(at + 2)
            guard end <= extra.upperBound else { break }
            if fields.u16(at) == 1 {
                var value = at + 4
                for index in wanted.indices where wanted[index] {
                    guard value + 8 <= end, let number = fields.u64(value) else { break }
                    switch index {
                    case 0: entry.size = number
                    case 1: entry.compressedSize = number
                    default: entry.offset = number
                    }
                    wanted[index] = false
                    value += 8
                }
            }
            at = end
        }
        if wanted.contains(true) { throw bad("\(entry.name) lacks its zip64 sizes") }
    }

    /// Members that overlap are how a small archive claims to hold a large one many times.
    private func checkPlaces(_ entries: [ZipEntry], before directory: Int64) throws(CompressionError) {
        var end: Int64 = 0
        for entry in entries.sorted(by: { $0.offset < $1.offset }) {
            guard entry.offset >= end else { throw bad("\(entry.name) lies within another member") }
            let (next, overflow) = entry.offset.addingReportingOverflow(Self.localHeaderSize + entry.compressedSize)
            guard !overflow, next <= directory else { throw bad("\(entry.name) goes on into the directory") }
            end = next
        }
    }

    private func bytes(at offset: Int64, count: Int) throws(CompressionError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 8)
        defer { buffer.deallocate() }
        let got = try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        guard got == count else { throw .truncatedArchive(name, .zip, "\(count) bytes are missing at byte \(offset)") }
        bytes.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
        return bytes
    }

    private func bad(_ detail: String) -> CompressionError { .badArchive(name, .zip, detail) }

    private func severalDisks() -> CompressionError {
        .unsupportedArchive(name, .zip, "is spread over several disks")
    }
}
