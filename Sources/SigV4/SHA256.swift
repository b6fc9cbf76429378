import COpenSSL

/// A running SHA-256 (FIPS 180-4) over bytes that come in pieces.
///
/// Give it bytes with `update`, then call one of the `finalize` methods once; a hasher that has ended must not be
/// used again.
package final class SHA256 {
    /// Bytes in a digest.
    package static let digestBytes = 32
    /// Bytes in a block of the compression function; HMAC keys are padded to it.
    static let blockBytes = 64

    private let context: OpaquePointer
    private var hasEnded = false

    package init() {
        guard let context = EVP_MD_CTX_new() else { fatalError("OpenSSL is out of memory") }
        self.context = context
        begin()
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    private func begin() {
        let began = EVP_DigestInit_ex2(context, Algorithm.sha256.handle, nil)
        precondition(began == 1, "OpenSSL refused to begin a SHA-256")
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(!hasEnded, "this SHA-256 has been finalized")
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        let updated = EVP_DigestUpdate(context, start, bytes.count)
        precondition(updated == 1, "OpenSSL refused to go on with a SHA-256")
    }

    package func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    package func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Ends the hash and gives its 32 bytes.
    package func finalize() -> [UInt8] {
        precondition(!hasEnded, "this SHA-256 has been finalized")
        hasEnded = true
        return [UInt8](unsafeUninitializedCapacity: Self.digestBytes) { buffer, count in
            let ended = EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            precondition(ended == 1, "OpenSSL refused to end a SHA-256")
            count = Self.digestBytes
        }
    }

    /// Ends the hash and gives it as 64 lower-case hexadecimal digits.
    package func finalizeHexadecimal() -> String {
        Hexadecimal.encode(finalize())
    }
}

extension SHA256 {
    /// The hash of no bytes at all, as 64 hexadecimal digits.
    package static let ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        let hasher = SHA256()
        hasher.update(bytes)
        return hasher.finalize()
    }

    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        Hexadecimal.encode(hash(bytes))
    }

    package static func hexadecimal(_ text: String) -> String {
        hexadecimal(Array(text.utf8))
    }
}

/// HMAC-SHA-256 (RFC 2104): 32 bytes.
package func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    let key = key.count > SHA256.blockBytes ? SHA256.hash(key) : key
    return withUnsafeTemporaryAllocation(byteCount: SHA256.blockBytes, alignment: 8) { block in
        let inner = SHA256()
        fill(block, key, with: 0x36)
        inner.update(UnsafeRawBufferPointer(block))
        inner.update(message)
        let outer = SHA256()
        fill(block, key, with: 0x5c)
        outer.update(UnsafeRawBufferPointer(block))
        outer.update(inner.finalize())
        return outer.finalize()
    }
}

/// The key, filled up with zeros to a block, each byte combined with the pad.
private func fill(_ block: UnsafeMutableRawBufferPointer, _ key: [UInt8], with pad: UInt8) {
    for index in block.indices { block[index] = pad }
    for index in key.indices { block[index] ^= key[index] }
}

/// A running MD5 (RFC 1321), which S3's ETags are made of. It protects from accidents and from nobody else.
package final class MD5 {
    private let context: OpaquePointer

    /// Nil where OpenSSL has no MD5, as in its FIPS mode.
    package init?() {
        guard let algorithm = Algorithm.md5 else { return nil }
        guard let context = EVP_MD_CTX_new() else { fatalError("OpenSSL is out of memory") }
        self.context = context
        guard EVP_DigestInit_ex2(context, algorithm.handle, nil) == 1 else { return nil }
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        let updated = EVP_DigestUpdate(context, start, bytes.count)
        precondition(updated == 1, "OpenSSL refused to go on with an MD5")
    }

    /// Ends the hash and gives its 16 bytes.
    package func finalize() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            let ended = EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            precondition(ended == 1, "OpenSSL refused to end an MD5")
            count = 16
        }
    }
}

/// OpenSSL's description of a hash, fetched once for the process because each fetch takes a lock.
private struct Algorithm: @unchecked Sendable {
    let handle: OpaquePointer

    static let sha256: Algorithm = {
        guard let handle = EVP_MD_fetch(nil, "SHA256", nil) else { fatalError("OpenSSL has no SHA-256") }
        return Algorithm(handle: handle)
    }()

    static let md5: Algorithm? = EVP_MD_fetch(nil, "MD5", nil).map { Algorithm(handle: $0) }
}
