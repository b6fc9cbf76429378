/// How a file is wrapped: a compressed stream, or an archive of members. It is found by content, never by the file's name.
package enum Container: String, Hashable, Sendable, Codable {
    case none, gzip, zlib, zstd, bzip2, zip, tar

    /// As many bytes of a file as ``init(firstBytes:)`` looks at: a tar header.
    static let magicSize = TarHeader.blockSize

    /// Recognises the magic number.
    ///
    /// gzip: RFC 1952 section 2.3.1; zlib: RFC 1950 section 2.2; zstd frames and
    /// skippable frames: RFC 8878 sections 3.1.1 and 3.1.2; bzip2: its block size and a block's or the end's number follow;
    /// zip: APPNOTE.TXT 4.3.7 and 4.3.16; tar: a header whose checksum is right.
    package init(firstBytes bytes: some Collection<UInt8>) {
        let magic = Array(bytes.prefix(Self.magicSize))
        if magic.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if magic.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            self = .zstd
        } else if magic.count >= 4, magic[0] & 0xF0 == 0x50, magic[1...3] == [0x2A, 0x4D, 0x18] {
            self = .zstd
        } else if Self.isBzip2(magic) {
            self = .bzip2
        } else if magic.starts(with: [0x50, 0x4B, 3, 4]) || magic.starts(with: [0x50, 0x4B, 5, 6]) {
            self = .zip
        } else if Self.isZlib(magic) {
            self = .zlib
        } else if TarHeader.isHeader(magic) {
            self = .tar
        } else {
            self = .none
        }
    }

    private static func isBzip2(_ magic: [UInt8]) -> Bool {
        guard magic.starts(with: "BZh".utf8), magic.count >= 4, (49...57).contains(magic[3]) else { return false }
        let rest = magic[4...].prefix(6)
        return rest.elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59].prefix(rest.count))
            || rest.elementsEqual([0x17, 0x72, 0x45, 0x38, 0x50, 0x90].prefix(rest.count))
    }

    /// The four headers that compressors write; what follows must not look like a text that begins so.
    private static func isZlib(_ magic: [UInt8]) -> Bool {
        guard magic.count > 2, magic[0] == 0x78, [0x01, 0x5E, 0x9C, 0xDA].contains(magic[1]) else { return false }
        return magic[2...].prefix(64).contains { $0 >= 0x80 || $0 < 9 || (14..<32).contains($0) }
    }

    package var isArchive: Bool { self == .zip || self == .tar }

    /// How a compressed stream is read; nil for an archive, and for a file that is not wrapped.
    var stream: StreamFormat? {
        switch self {
        case .none, .zip, .tar: nil
        case .gzip: .gzip
        case .zlib: .zlib
        case .zstd: .zstd
        case .bzip2: .bzip2
        }
    }
}
