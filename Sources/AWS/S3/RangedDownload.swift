import HTTP

extension S3 {
    /// Larger objects come in parallel ranges.
    package static let rangedThresholdBytes: Int64 = 32 << 20
    static let rangeBytes: Int64 = 16 << 20
    /// Larger objects have larger ranges.
    static let maxRanges: Int64 = 1000
    static let maxConcurrentRanges = 8
}

/// One object on its way into one file, range by range.
///
/// How this works: the ranges are fetched by a few tasks at a time, each straight to its place in `PATH.partial`. What
/// has come is noted in `PATH.ranges`, by this task alone. Every range demands the ETag that the object had at the
/// start, so that no file can be made of two versions. At the end what the ranges added up to is compared with the object's
/// checksum; those that an earlier process wrote are read from the file for it. Then the file gets its name.
struct RangedDownload: Sendable {
    let s3: S3
    let source: S3Source
    let object: S3Object
    let etag: String
    let checksum: ObjectChecksum?
    let path: String

    private static let action = "GetObject"
    private var partial: String { path + ".partial" }
    private var journalPath: String { path + ".ranges" }

    private var cut: RangeCut { RangeCut(size: object.size) }

    func run() async throws(AWSError) {
        do throws(AWSError) {
            let sums = try await fetch()
            if let checksum {
                try await s3.verify(partial, object.size, checksum, source, arrived: try whole(sums, checksum))
            }
            try s3.place(partial, path)
            LocalFile.remove(journalPath)
        } catch {
            let isResumable = (error.isTransient && error.kind != .badResponse) || error.kind == .cancelled
            if !isResumable {
                LocalFile.remove(partial)
                LocalFile.remove(journalPath)
            }
            throw error
        }
    }

    /// What the object adds up to, from the sums of its ranges; nil where it is not that kind of checksum.
    private func whole(_ sums: [Int: UInt64], _ checksum: ObjectChecksum) throws(AWSError) -> UInt64? {
        guard s3.client.configuration.verifiesChecksums, let crc = checksum.crcOfWhole else { return nil }
        var total: UInt64 = 0
        for number in 0..<cut.count {
            let range = cut[number]
            var sum = sums[number]
            if sum == nil { sum = try s3.sum(partial, range, checksum.algorithm).map(AWS.sum(of:)) }
            guard let sum else { return nil }
            total = crc.combined(total, sum, secondBytes: range.upperBound - range.lowerBound)
        }
        return total
    }

    /// Gives the sums of the ranges that came now, where they were summed up.
    private func fetch() async throws(AWSError) -> [Int: UInt64] {
        let hasData = (try? LocalFile.size(partial).get()) == object.size
        let descriptor = try opened(LocalFile.update(partial))
        var journal: RangeJournal
        do throws(AWSError) {
            guard LocalFile.resize(descriptor, to: object.size) else {
                throw .file(.s3, Self.action, path, "it cannot have \(object.size) bytes")
            }
            journal = try opened(
                RangeJournal.open(
                    journalPath, identity: "\(etag) \(object.versionID ?? "-")", cut: cut, hasData: hasData))
        } catch {
            _ = LocalFile.shut(descriptor)
            throw error
        }
        let result = await fetchMissing(&journal, into: descriptor)
        journal.close()
        // a file system over a network may refuse the bytes only now
        let isKept = LocalFile.shut(descriptor)
        let sums = try result.get()
        guard isKept else { throw .file(.s3, Self.action, path, "it cannot be closed") }
        return sums
    }

    private func opened<Opened>(_ result: Result<Opened, LocalFile.Failure>) throws(AWSError) -> Opened {
        switch result {
        case .success(let opened): return opened
        case .failure(let failure): throw .file(.s3, Self.action, path, "it cannot be made: \(failure.reason)")
        }
    }

    private typealias Fetched = (number: Int, sum: UInt64?)

    /// Fetches what is missing; at the first failure the ranges on their way are cancelled.
    private func fetchMissing(
        _ journal: inout RangeJournal, into descriptor: Int32
    ) async -> Result<[Int: UInt64], AWSError> {
        var noted = journal
        defer { journal = noted }
        return await withTaskGroup(of: Result<Fetched, AWSError>.self) { group in
            var waiting = noted.missing.makeIterator()
            func beginNext() {
                guard let number = waiting.next() else { return }
                let range = cut[number]
                group.addTask {
                    do throws(AWSError) {
                        return .success((number, try await fetch(range, into: descriptor)))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for _ in 0..<S3.maxConcurrentRanges { beginNext() }
            var sums: [Int: UInt64] = [:]
            var failure: AWSError?
            for await result in group {
                switch result {
                case .success(let (number, sum)):
                    sums[number] = sum
                    if !noted.note(number), failure == nil {
                        failure = .file(.s3, Self.action, journalPath, "it cannot be written")
                        group.cancelAll()
                    }
                    if failure == nil { beginNext() }
                case .failure(let error):
                    if failure == nil { group.cancelAll() }
                    failure = failure ?? error
                }
            }
            return failure.map { .failure($0) } ?? .success(sums)
        }
    }

    /// Gives the sum of the range where there is one to be had.
    private func fetch(_ range: Range<Int64>, into descriptor: Int32) async throws(AWSError) -> UInt64? {
        var call = try s3.call(Self.action, "GET", bucket: source.bucket, key: source.key)
        if case .id(let id) = source.version { call.query.append((name: "versionId", value: id)) }
        let last = range.upperBound - 1
        call.headers.append((name: "If-Match", value: "\"\(etag)\""))
        call.headers.append((name: "Range", value: "bytes=\(range.lowerBound)-\(last)"))
        call.limits.whole = nil
        let count = range.upperBound - range.lowerBound
        let crc = s3.client.configuration.verifiesChecksums ? checksum?.crcOfWhole : nil
        let arriving = ArrivingChecksum { _ in crc }
        call.destination = AWSCall.Destination(
            descriptor: descriptor, maxBytes: count, offset: range.lowerBound, checksum: arriving)
        call.demandedRange = "bytes \(range.lowerBound)-\(last)/\(object.size)"
        let response = try await s3.client.perform(call)
        guard response.bytesWritten == count else {
            throw .badResponse(.s3, Self.action, "\(source) has \(response.bytesWritten) of the \(count) bytes of a range")
        }
        return arriving.sum(ofBytes: count)
    }
}
