/// One file of a zip archive, as the central directory declares it (APPNOTE.TXT section 4.3.12).
struct ZipEntry: Hashable, Sendable {
    var name: String
    var method: UInt16
    var flags: UInt16
    var crc: UInt32
    var compressedSize: Int64
    var size: Int64
    /// Where its local header begins.
    var offset: Int64

    /// Bit 0: encrypted; bit 6: strongly; bit 13: the directory, too. Method 99 is AES.
    var isEncrypted: Bool { flags & 0x2041 != 0 || method == 99 }

    var isFolder: Bool { name.hasSuffix("/") }

    /// How the bytes are compressed; nil where they are stored.
    func format(archive: String) throws(CompressionError) -> StreamFormat? {
        switch method {
        case 0: return nil
        case 8: return .deflate
        case 12: return .bzip2
        case 20, 93: return .zstd
        default: throw .unsupportedArchive("\(archive): \(name)", .zip, "has a member compressed by method \(method)")
        }
    }
}

/// Little-endian numbers in the structures of zip archives.
struct ZipFields {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    /// 0 beyond the end: whoever reads has checked the size.
    func number<T: FixedWidthInteger & UnsignedInteger>(_ at: Int, as type: T.Type) -> T {
        guard at >= 0, at <= bytes.count - MemoryLayout<T>.size else { return 0 }
        return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: T.self)) }
    }

    func u16(_ at: Int) -> Int { Int(number(at, as: UInt16.self)) }
    func u32(_ at: Int) -> Int64 { Int64(number(at, as: UInt32.self)) }
    /// Nil where it is beyond what a file can have.
    func u64(_ at: Int) -> Int64? { Int64(exactly: number(at, as: UInt64.self)) }
    func slice(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[range.clamped(to: 0..<bytes.count)] }
}
