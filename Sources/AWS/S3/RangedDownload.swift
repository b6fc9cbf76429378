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
/// start, so that no file can be made of two versions. At the end the file is read once more and compared with the
/// object's checksum, which also covers what an earlier process wrote; then it gets its name.
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

    /// Sized by object: 16 MiB, or what makes a thousand of them.
    static func rangeBytes(of size: Int64) -> Int64 {
        max(S3.rangeBytes, (size + S3.maxRanges - 1) / S3.maxRanges)
    }

    func run() async throws(AWSError) {
        do throws(AWSError) {
            try await fetch()
            if let checksum { try await s3.verify(partial, object.size, checksum, source) }
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

    private func fetch() async throws(AWSError) {
        let hasData = (try? LocalFile.size(partial).get()) == object.size
        let descriptor = try opened(LocalFile.update(partial))
        var journal: RangeJournal
        do throws(AWSError) {
            guard LocalFile.resize(descriptor, to: object.size) else {
                throw .file(.s3, Self.action, path, "it cannot have \(object.size) bytes")
            }
            journal = try opened(
                RangeJournal.open(
                    journalPath, identity: "\(etag) \(object.versionID ?? "-")", size: object.size,
                    rangeBytes: Self.rangeBytes(of: object.size), hasData: hasData))
        } catch {
            _ = LocalFile.shut(descriptor)
            throw error
        }
        let failure = await fetchMissing(&journal, into: descriptor)
        journal.close()
        // a file system over a network may refuse the bytes only now
        let isKept = LocalFile.shut(descriptor)
        if let failure { throw failure }
        guard isKept else { throw .file(.s3, Self.action, path, "it cannot be closed") }
    }

    private func opened<Opened>(_ result: Result<Opened, LocalFile.Failure>) throws(AWSError) -> Opened {
        switch result {
        case .success(let opened): return opened
        case .failure(let failure): throw .file(.s3, Self.action, path, "it cannot be made: \(failure.reason)")
        }
    }

    /// Fetches what is missing and gives the first failure; the ranges on their way are cancelled then.
    private func fetchMissing(_ journal: inout RangeJournal, into descriptor: Int32) async -> AWSError? {
        var noted = journal
        defer { journal = noted }
        return await withTaskGroup(of: Result<Int, AWSError>.self) { group in
            var waiting = noted.missing.makeIterator()
            func beginNext() {
                guard let number = waiting.next() else { return }
                let range = noted.range(number)
                group.addTask {
                    do throws(AWSError) {
                        try await fetch(range, into: descriptor)
                        return .success(number)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for _ in 0..<S3.maxConcurrentRanges { beginNext() }
            var failure: AWSError?
            for await result in group {
                switch result {
                case .success(let number):
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
            return failure
        }
    }

    private func fetch(_ range: Range<Int64>, into descriptor: Int32) async throws(AWSError) {
        var call = try s3.call(Self.action, "GET", bucket: source.bucket, key: source.key)
        if case .id(let id) = source.version { call.query.append((name: "versionId", value: id)) }
        let last = range.upperBound - 1
        call.headers.append((name: "If-Match", value: "\"\(etag)\""))
        call.headers.append((name: "Range", value: "bytes=\(range.lowerBound)-\(last)"))
        call.limits.whole = nil
        let count = range.upperBound - range.lowerBound
        call.destination = AWSCall.Destination(descriptor: descriptor, maxBytes: count, offset: range.lowerBound)
        call.demandedRange = "bytes \(range.lowerBound)-\(last)/\(object.size)"
        let response = try await s3.client.perform(call)
        guard response.bytesWritten == count else {
            throw .badResponse(.s3, Self.action, "\(source) has \(response.bytesWritten) of the \(count) bytes of a range")
        }
    }
}
