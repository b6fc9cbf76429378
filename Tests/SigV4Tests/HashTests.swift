import SigV4
import Testing

struct HashTests {
    /// FIPS 180-4's examples, and nothing.
    @Test(
        "SHA-256 agrees with its standard",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func standard(text: String, digest: String) {
        #expect(SHA256.hexadecimal(text) == digest)
    }

    @Test("pieces give the same hash as the whole")
    func pieces() {
        let bytes = (0..<1000).map { UInt8($0 % 251) }
        let hasher = SHA256()
        hasher.update(bytes[0..<1])
        hasher.update(bytes[1..<1])
        hasher.update(bytes[1..<700])
        bytes[700...].withUnsafeBytes { hasher.update($0) }
        #expect(hasher.finalizeHexadecimal() == SHA256.hexadecimal(bytes))
    }

    /// RFC 4231, cases 1, 2 and 6 (a key longer than a block).
    @Test(
        "HMAC agrees with RFC 4231",
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func hmac(key: [UInt8], message: String, digest: String) {
        #expect(Hexadecimal.encode(hmacSHA256(key: key, Array(message.utf8))) == digest)
    }
}
