/// The bytes of one file in a zip archive, held against the size and CRC-32 that the directory declares.
final class ZipMemberSource: ByteSource {
    private let source: any ByteSource
    private let range: FileRangeSource
    private let entry: ZipEntry
    private let archive: String
    private var crc = CRC32()
    private var produced: Int64 = 0
    private var isChecked = false

    init(_ file: RandomAccessFile, _ entry: ZipEntry, limits: UnwrapLimits) throws(CompressionError) {
        archive = file.path
        self.entry = entry
        let name = "\(file.path): \(entry.name)"
        guard !entry.isEncrypted else {
            throw CompressionError(
                code: "archive.encrypted", message: "\(name): the member is encrypted. Pack the archive without a password.")
        }
        if let format = try entry.format(archive: file.path) {
            // What is declared is enough to refuse a bomb; what comes is held against it below.
            try limits.check(name, format, produced: entry.size, consumed: entry.compressedSize)
            range = FileRangeSource(file, at: try ZipDirectory(file, limits: limits).dataOffset(of: entry), count: entry.compressedSize)
            source = try DecompressingByteSource(range, format: format, name: name, limits: limits)
        } else {
            try limits.checkSize(name, entry.size)
            guard entry.size == entry.compressedSize else {
                throw .badArchive(file.path, .zip, "\(entry.name) is stored, but has two sizes")
            }
            range = FileRangeSource(file, at: try ZipDirectory(file, limits: limits).dataOffset(of: entry), count: entry.size)
            source = range
        }
    }

    var fileBytesRead: Int64 { range.fileBytesRead }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        let count = try source.read(into: buffer)
        produced += Int64(count)
        guard count > 0 else {
            try check()
            return 0
        }
        guard produced <= entry.size else {
            throw .badArchive(archive, .zip, "\(entry.name) has more than the \(entry.size) bytes it declares")
        }
        crc.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }

    private func check() throws(CompressionError) {
        guard !isChecked else { return }
        isChecked = true
        guard produced == entry.size else {
            throw .badArchive(archive, .zip, "\(entry.name) has \(produced) bytes, and declares \(entry.size)")
        }
        guard crc.checksum == entry.crc else { throw .badArchive(archive, .zip, "the checksum of \(entry.name) differs") }
    }
}

/// Some consecutive bytes of a file.
final class FileRangeSource: ByteSource {
    private let file: RandomAccessFile
    private var at: Int64
    private let end: Int64
    private(set) var fileBytesRead: Int64 = 0

    init(_ file: RandomAccessFile, at offset: Int64, count: Int64) {
        self.file = file
        at = offset
        end = offset + count
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        let wanted = Int(min(Int64(buffer.count), end - at))
        guard wanted > 0 else { return 0 }
        let count = try file.read(at: at, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        at += Int64(count)
        fileBytesRead += Int64(count)
        return count
    }
}
