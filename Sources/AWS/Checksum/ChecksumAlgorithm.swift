import SigV4

/// How S3 checks that an object's bytes are the ones that were sent.
///
/// Source: S3 user guide, "Checking object integrity in Amazon S3".
package enum ChecksumAlgorithm: String, Hashable, Sendable, CaseIterable {
    case crc64nvme = "CRC64NVME"
    case crc32c = "CRC32C"
    case crc32 = "CRC32"
    case sha256 = "SHA256"
    /// What an ETag is made of; S3 has no header for it.
    case md5 = "MD5"

    /// Those that S3 keeps beside an object, the cheapest and strongest first.
    static let kept: [ChecksumAlgorithm] = [.crc64nvme, .crc32c, .crc32, .sha256]

    /// `x-amz-checksum-crc64nvme`
    var header: String { "x-amz-checksum-\(rawValue.lowercased())" }
    /// Its element in lists of parts.
    var element: String { "Checksum\(rawValue)" }

    /// The check that sums of parts combine in; nil for hashes, whose parts are hashed once more.
    var crc: CRC? {
        switch self {
        case .crc64nvme: .crc64nvme
        case .crc32c: .crc32c
        case .crc32: .crc32
        case .sha256, .md5: nil
        }
    }

    var byteCount: Int {
        switch self {
        case .crc64nvme: 8
        case .crc32c, .crc32: 4
        case .sha256: 32
        case .md5: 16
        }
    }
}

/// A checksum over bytes that come in pieces.
final class RunningChecksum {
    private enum State {
        case crc(CRC, UInt64)
        case sha256(SHA256)
        case md5(MD5)
    }

    private var state: State

    /// Nil where this machine cannot compute it.
    init?(_ algorithm: ChecksumAlgorithm) {
        if let crc = algorithm.crc {
            state = .crc(crc, 0)
        } else if algorithm == .sha256 {
            state = .sha256(SHA256())
        } else if let hasher = MD5() {
            state = .md5(hasher)
        } else {
            return nil
        }
    }

    func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .crc(let crc, let sum): state = .crc(crc, crc.extended(sum, by: bytes))
        case .sha256(let hasher): hasher.update(bytes)
        case .md5(let hasher): hasher.update(bytes)
        }
    }

    /// Ends it and gives its bytes, the highest first.
    func finalize() -> [UInt8] {
        switch state {
        case .crc(let crc, let sum): bytes(of: sum, width: crc.width)
        case .sha256(let hasher): hasher.finalize()
        case .md5(let hasher): hasher.finalize()
        }
    }
}

/// A check's value as S3 writes it before base64: the highest byte first.
func bytes(of sum: UInt64, width: Int) -> [UInt8] {
    stride(from: width - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: sum >> UInt64($0)) }
}

/// The reverse of ``bytes(of:width:)``.
func sum(of bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
}
