import Compression
import SigV4

/// A file's size and SHA-256.
package struct FileFingerprint: Hashable, Sendable, Codable {
    package var bytes: Int64
    package var sha256: String

    private static let blockBytes = 1 << 20

    /// Reads the file at `path` once.
    package init(path: String) throws {
        let source = try FileByteSource(path: path)
        let hash = SHA256()
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.blockBytes, alignment: 64)
        defer { block.deallocate() }
        bytes = 0
        while true {
            let count = try source.read(into: block)
            if count == 0 { break }
            try Task.checkCancellation()
            bytes += Int64(count)
            hash.update(UnsafeRawBufferPointer(rebasing: block[..<count]))
        }
        sha256 = hash.finalizeHexadecimal()
    }
}
