import HTTP
import Testing

@testable import AWS

struct ChecksumTests {
    private static let digits = Array("123456789".utf8)

    private func sum(_ algorithm: ChecksumAlgorithm, _ bytes: [UInt8], cutAt cut: Int = 0) throws -> String {
        let running = try #require(RunningChecksum(algorithm))
        bytes[..<cut].withUnsafeBytes { running.update($0) }
        bytes[cut...].withUnsafeBytes { running.update($0) }
        return running.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    // the check values of the catalogue of parametrised CRC algorithms, and of FIPS 180-4 and RFC 1321 tools
    @Test(
        "each algorithm gives its published check value, wherever the bytes are cut",
        arguments: [
            (.crc32, "cbf43926"), (.crc32c, "e3069283"), (.crc64nvme, "ae8b14860a799888"),
            (.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
            (.md5, "25f9e794323b453885f5181f1b624d0b"),
        ] as [(ChecksumAlgorithm, String)])
    func checkValues(algorithm: ChecksumAlgorithm, expected: String) throws {
        for cut in 0...9 { #expect(try sum(algorithm, Self.digits, cutAt: cut) == expected) }
    }

    @Test("sums of two stretches combine into the sum of both", arguments: [0, 1, 7, 8, 9, 1000, 4095])
    func combining(cut: Int) {
        let all = (0..<4095).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) }
        for crc in [CRC.crc32, .crc32c, .crc64nvme] {
            let sums = [all, Array(all[..<cut]), Array(all[cut...])].map { $0.withUnsafeBytes { crc.extended(0, by: $0) } }
            #expect(crc.combined(sums[1], sums[2], secondBytes: Int64(all.count - cut)) == sums[0])
        }
    }

    @Test("a long stretch has the sum of its bytes one after the other", arguments: [4095, 4096, 4127, 4128, 70_001])
    func lanes(count: Int) {
        let all = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131 ^ $0 >> 5) }
        for crc in [CRC.crc32, .crc32c, .crc64nvme] {
            let whole = all.withUnsafeBytes { crc.extended(0, by: $0) }
            let single = all.reduce(UInt64(0)) { sum, byte in
                withUnsafeBytes(of: byte) { crc.extended(sum, by: $0) }
            }
            #expect(whole == single)
        }
    }

    private static let hash = "0123456789abcdef0123456789ABCDEF"

    @Test(
        "what an object must add up to is read from its headers",
        arguments: [
            ([("x-amz-checksum-crc64nvme", "rosUhgp5mIg="), ("etag", "\"x\"")], "CRC64NVME rosUhgp5mIg= 0"),
            ([("x-amz-checksum-crc32c", "y/Q5Jg==-3"), ("x-amz-checksum-type", "COMPOSITE")], "CRC32C y/Q5Jg== 3"),
            ([("x-amz-checksum-crc64nvme", "y/Q5Jg==")], nil),
            ([("x-amz-checksum-crc32", "y/Q5Jg=="), ("x-amz-checksum-type", "COMPOSITE")], nil),
            ([("etag", "\"\(hash)\"")], "MD5 \(hash.lowercased()) 0"), ([("etag", "\"\(hash)-12\"")], "MD5 \(hash.lowercased()) 12"),
            ([("etag", "\"\(hash)-0\"")], nil), ([("etag", "\"\(hash)-x\"")], nil), ([("etag", "\"not-md5\"")], nil),
            ([("etag", "\"\(hash)\""), ("x-amz-server-side-encryption", "AES256")], "MD5 \(hash.lowercased()) 0"),
            ([("etag", "\"\(hash)\""), ("x-amz-server-side-encryption", "aws:kms")], nil),
            ([("etag", "\"\(hash)\""), ("x-amz-server-side-encryption-customer-algorithm", "AES256")], nil),
        ] as [([(String, String)], String?)])
    func headers(fields: [(String, String)], expected: String?) {
        let headers = HTTPHeaders(fields.map { (name: $0.0, value: $0.1) })
        let checksum = ObjectChecksum(headers, bucket: "b")
        #expect(checksum.map { "\($0.algorithm.rawValue) \($0.text) \($0.parts ?? 0)" } == expected)
    }

    @Test("the ETag of a directory bucket is no MD5")
    func directoryBucket() {
        let headers = HTTPHeaders([(name: "etag", value: "\"\(Self.hash)\"")])
        #expect(ObjectChecksum(headers, bucket: "b--euc1-az1--x-s3") == nil)
    }
}

struct RangeJournalTests {
    @Test(
        "a journal is believed as far as it is whole",
        arguments: [
            ("t\n0\n2\n", [0, 2]), ("t\n0\n2", [0]), ("t\n", []), ("t", []), ("other\n0\n", []), ("", []),
            ("t\n0\nx\n1\n", [0]), ("t\n0\n9\n1\n", [0]), ("t\n-1\n", []),
        ] as [(String, Set<Int>)])
    func reading(text: String, done: Set<Int>) {
        #expect(RangeJournal.read(text, title: "t", count: 3) == done)
    }

    @Test("an object has at most a thousand ranges", arguments: [33 << 20, 16 << 30, 5 << 40, 50 << 40] as [Int64])
    func sizes(size: Int64) {
        let bytes = RangedDownload.rangeBytes(of: size)
        #expect(bytes >= 16 << 20)
        #expect((size + bytes - 1) / bytes <= 1000)
    }
}
