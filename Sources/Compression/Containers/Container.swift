/// How a whole file is wrapped. It is found by content, never by the file's name.
package enum Container: String, Hashable, Sendable, Codable {
    case none, gzip, zstd

    /// As many bytes of a file as ``init(firstBytes:)`` looks at.
    static let magicSize = 4

    /// Recognises the magic number.
    ///
    /// gzip: RFC 1952 section 2.3.1; zstd frames and skippable frames: RFC 8878 sections 3.1.1 and 3.1.2.
    package init(firstBytes bytes: some Collection<UInt8>) {
        let magic = Array(bytes.prefix(Self.magicSize))
        if magic.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if magic == [0x28, 0xB5, 0x2F, 0xFD] {
            self = .zstd
        } else if magic.count == 4, magic[0] & 0xF0 == 0x50, magic[1...] == [0x2A, 0x4D, 0x18] {
            self = .zstd
        } else {
            self = .none
        }
    }
}

/// Opens a file and unwraps it if its content says that it is compressed.
///
/// - Returns: a source of the uncompressed bytes, and the container that was found.
package func openByteSource(path: String) throws(CompressionError) -> (source: any ByteSource, container: Container) {
    let file = try FileByteSource(path: path)
    let container = Container(firstBytes: try file.peek(Container.magicSize))
    return switch container {
    case .none: (file, .none)
    case .gzip: (try GzipByteSource(file, name: path), .gzip)
    case .zstd: (try ZstdByteSource(file, name: path), .zstd)
    }
}
