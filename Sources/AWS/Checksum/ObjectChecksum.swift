import HTTP
import SigV4

/// What an object's bytes must add up to, as S3 said when it was asked for the object.
struct ObjectChecksum: Hashable, Sendable {
    let algorithm: ChecksumAlgorithm
    /// As S3 writes it: base64, or hexadecimal for an ETag; without the number of parts.
    let text: String
    /// Of a checksum of the parts' checksums; nil for one of the whole object.
    let parts: Int?

    /// Nil where the answer holds nothing that can be checked.
    ///
    /// An ETag serves only where S3 makes it from MD5: neither under KMS or customer keys nor in directory buckets.
    init?(_ headers: HTTPHeaders, bucket: String) {
        for algorithm in ChecksumAlgorithm.kept {
            guard let value = headers[algorithm.header] else { continue }
            let pieces = value.split(separator: "-", maxSplits: 1)
            let count = pieces.count > 1 ? Int(pieces[1]) : nil
            // some emulators put another algorithm's value under the name
            guard let text = pieces.first, JSONBody.bytes(base64: String(text))?.count == algorithm.byteCount,
                pieces.count == 1 || count != nil
            else { continue }
            if count == nil, headers["x-amz-checksum-type"] == "COMPOSITE" { continue }
            self.init(algorithm: algorithm, text: String(text), parts: count)
            return
        }
        let isPlain = headers["x-amz-server-side-encryption"].map { $0 == "AES256" } ?? true
        let isCustomer = headers["x-amz-server-side-encryption-customer-algorithm"] != nil
        guard isPlain, !isCustomer, !bucket.hasSuffix("--x-s3"), let etag = headers["etag"].map(unquoted) else {
            return nil
        }
        let pieces = etag.split(separator: "-", omittingEmptySubsequences: false)
        guard let hash = pieces.first, hash.utf8.count == 32, hash.utf8.allSatisfy(isHexadecimal) else { return nil }
        let count = pieces.count == 2 ? Int(pieces[1]) : nil
        guard pieces.count == 1 || count.map({ (1...Int(S3.maxParts)).contains($0) }) == true else { return nil }
        self.init(algorithm: .md5, text: hash.lowercased(), parts: count)
    }

    private init(algorithm: ChecksumAlgorithm, text: String, parts: Int?) {
        self.algorithm = algorithm
        self.text = text
        self.parts = parts
    }

    /// The check that bytes can be summed up by as they come: a hash costs more than their arrival, and of parts one
    /// would have to know where each ends.
    var crcOfWhole: CRC? { parts == nil ? algorithm.crc : nil }

    /// Whether the bytes of a checksum are the ones said.
    func matches(_ bytes: [UInt8]) -> Bool {
        text == written(bytes)
    }

    func written(_ bytes: [UInt8]) -> String {
        algorithm == .md5 ? Hexadecimal.encode(bytes) : JSONBody.base64(bytes)
    }
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...102).contains(byte) || (65...70).contains(byte)
}
