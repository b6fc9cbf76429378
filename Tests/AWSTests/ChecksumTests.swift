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

    private static let polynomials: [(width: Int, polynomial: UInt64)] = [
        (32, 0xEDB8_8320), (32, 0x82F6_3B78), (64, 0x9A6C_9329_AC4B_C9B5),
    ]

    /// The definition, bit after bit.
    private func byDefinition(_ sum: UInt64, _ bytes: ArraySlice<UInt8>, _ width: Int, _ polynomial: UInt64) -> UInt64 {
        let ones = UInt64.max >> UInt64(64 - width)
        return bytes.reduce(sum ^ ones) { register, byte in
            (0..<8).reduce(register ^ UInt64(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
        } ^ ones
    }

    @Test("the processor's instruction and the tables give what the definition says", arguments: polynomials)
    func definition(width: Int, polynomial: UInt64) {
        let bytes = (0..<1100).map { UInt8(truncatingIfNeeded: $0 &* 131 ^ $0 >> 5 ^ $0 &* $0 >> 3) }
        let checks = [true, false].map { CRC(width: width, polynomial: polynomial, folds: $0) }
        let ones = UInt64.max >> UInt64(64 - width)
        for seed in [0, ones, 0x0123_4567_89AB_CDEF & ones] {
            for start in 0...16 {
                var expected = seed
                for end in start...bytes.count {
                    if end > start { expected = byDefinition(expected, bytes[(end - 1)..<end], width, polynomial) }
                    // all lengths round the borders, a sample of the others
                    guard start == 0 || end % 16 == start || end - start < 300 else { continue }
                    for crc in checks {
                        let found = bytes.withUnsafeBytes {
                            crc.extended(seed, by: UnsafeRawBufferPointer(rebasing: $0[start..<end]))
                        }
                        if found != expected { Issue.record("\(width) bits, \(start)..<\(end): \(found), not \(expected)") }
                    }
                }
            }
        }
    }

    @Test(
        "a long stretch has the same sum by the instruction, by tables and byte after byte",
        arguments: [4095, 4096, 4127, 4128, 70_001, 200_003])
    func lanes(count: Int) {
        let all = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131 ^ $0 >> 5) }
        for (width, polynomial) in Self.polynomials {
            let expected = byDefinition(0, all[...], width, polynomial)
            for folds in [true, false] {
                let crc = CRC(width: width, polynomial: polynomial, folds: folds)
                #expect(all.withUnsafeBytes { crc.extended(0, by: $0) } == expected)
            }
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
        let cut = RangeCut(size: size)
        #expect(cut.rangeBytes >= 16 << 20)
        #expect(cut.count <= 1000)
        #expect(cut[0].lowerBound == 0)
        #expect(cut[cut.count - 1].upperBound == size)
    }
}
