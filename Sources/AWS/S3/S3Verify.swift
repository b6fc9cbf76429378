extension S3 {
    /// Compares a file with what S3 says its bytes add up to; what cannot be compared passes.
    ///
    /// A checksum of parts is tried with parts of equal size first, as nearly all uploads have them; only where that
    /// does not fit is S3 asked for the size of each.
    ///
    /// - Parameter arrived: what the bytes added up to while they came, where that is known.
    func verify(
        _ path: String, _ size: Int64, _ checksum: ObjectChecksum, _ source: S3Source, arrived: UInt64? = nil
    ) async throws(AWSError) {
        guard client.configuration.verifiesChecksums else { return }
        guard let parts = checksum.parts else {
            var found = arrived.flatMap { sum in checksum.algorithm.crc.map { bytes(of: sum, width: $0.width) } }
            if found == nil { found = try sum(path, 0..<size, checksum.algorithm) }
            guard let found else { return }
            guard checksum.matches(found) else { throw .corrupt("\(source)", checksum, found: found) }
            return
        }
        guard let first = try await sizeOfPart(1, source), first > 0 else { return }
        let equal = stride(from: 0, to: size, by: Int64.Stride(first)).map { $0..<min($0 + first, size) }
        if equal.count == parts {
            guard let found = try sumOfSums(path, equal, checksum.algorithm) else { return }
            if checksum.matches(found) { return }
        }
        var ranges = [0..<min(first, size)]
        for number in stride(from: 2, through: min(parts, Int(Self.maxParts)), by: 1) {
            guard let next = try await sizeOfPart(number, source) else { return }
            let start = ranges[ranges.count - 1].upperBound
            ranges.append(start..<min(start + next, size))
        }
        guard let found = try sumOfSums(path, ranges, checksum.algorithm) else { return }
        guard ranges.last?.upperBound == size, checksum.matches(found) else {
            throw .corrupt("\(source)", checksum, found: found)
        }
    }

    /// Nil where the store does not know of parts.
    private func sizeOfPart(_ number: Int, _ source: S3Source) async throws(AWSError) -> Int64? {
        do throws(AWSError) {
            let answer = try await head(bucket: source.bucket, key: source.key, version: source.version, part: number)
            guard answer.status == 206 || answer.headers["x-amz-mp-parts-count"] != nil else { return nil }
            return answer.headers["content-length"].flatMap { Int64($0) }
        } catch {
            if error.isTransient || error.kind == .cancelled { throw error }
            return nil
        }
    }

    /// Nil where this machine cannot compute it.
    func sum(_ path: String, _ range: Range<Int64>, _ algorithm: ChecksumAlgorithm) throws(AWSError) -> [UInt8]? {
        guard let running = RunningChecksum(algorithm) else { return nil }
        if let failure = LocalFile.read(path, range: range, { running.update($0) }) {
            throw .file(.s3, "GetObject", path, failure)
        }
        return running.finalize()
    }

    private func sumOfSums(
        _ path: String, _ ranges: [Range<Int64>], _ algorithm: ChecksumAlgorithm
    ) throws(AWSError) -> [UInt8]? {
        guard let all = RunningChecksum(algorithm) else { return nil }
        for range in ranges {
            guard let one = try sum(path, range, algorithm) else { return nil }
            one.withUnsafeBytes { all.update($0) }
        }
        return all.finalize()
    }
}

extension AWSError {
    /// The bytes are not the object's; fetching them once more may bring better ones.
    static func corrupt(_ subject: String, _ checksum: ObjectChecksum, found: [UInt8]) -> AWSError {
        var error = AWSError.badResponse(
            .s3, "GetObject",
            "the bytes of \(subject) do not add up: its \(checksum.algorithm.rawValue) is \(checksum.text), that of what "
                + "came is \(checksum.written(found))")
        error.isTransient = true
        return error
    }
}
