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
    var block = key.count > SHA256.blockBytes ? SHA256.hash(key) : key
    block.append(contentsOf: repeatElement(0, count: SHA256.blockBytes - block.count))
    let inner = SHA256()
    inner.update(block.map { $0 ^ 0x36 })
    inner.update(message)
    let outer = SHA256()
    outer.update(block.map { $0 ^ 0x5c })
    outer.update(inner.finalize())
    return outer.finalize()
}

/// OpenSSL's description of a hash, fetched once for the process because each fetch takes a lock.
private struct Algorithm: @unchecked Sendable {
    let handle: OpaquePointer

    static let sha256: Algorithm = {
        guard let handle = EVP_MD_fetch(nil, "SHA256", nil) else { fatalError("OpenSSL has no SHA-256") }
        return Algorithm(handle: handle)
    }()
}
