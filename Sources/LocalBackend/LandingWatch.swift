import Glibc
import Jobs

/// Watches `landing/` and queues each version of each file once, when nobody writes it any more.
///
/// How this works: a file is taken when (1) it looks as it did in the scan before and (2) nobody has it open for
/// writing (``WriterCheck``). Where the second cannot be known, it must have looked the same for ``quietTime``
/// instead. What was taken is remembered in the same transaction that queues it, so that neither a crash nor a second
/// process makes two messages of one version, or none.
package actor LandingWatch {
    /// How long to wait between two scans.
    package static let scanInterval = Duration.milliseconds(300)
    /// For how long a file must not change where writers cannot be seen.
    static let quietTime = Duration.seconds(5)
    /// The most arrivals a scan queues; the next scan goes on.
    static let maxArrivals = 1000
    /// The bucket that local arrivals are in.
    static let bucket = "landing"

    private let landing: LocalPath
    private let database: LocalDatabase
    private let clock: WallClock
    private let writerCheck: @Sendable (CInt) -> WriterCheck.Answer
    /// What the last scan saw, by path.
    private var seen: [LocalPath: Sighting] = [:]

    private struct Sighting {
        var version: FileVersion
        /// When this version was first seen.
        var since: Timestamp
        var isTaken = false
    }

    package init(landing: String, database: LocalDatabase, clock: WallClock) {
        self.init(landing: landing, database: database, clock: clock, writerCheck: WriterCheck().check)
    }

    init(
        landing: String, database: LocalDatabase, clock: WallClock,
        writerCheck: @escaping @Sendable (CInt) -> WriterCheck.Answer
    ) {
        self.landing = LocalPath(landing).absolute
        self.database = database
        self.clock = clock
        self.writerCheck = writerCheck
    }

    /// Scans until the task is cancelled. `onScan` gets every scan that queued something, and every error when it
    /// first appears; an error does not end the watch.
    package func run(
        every interval: Duration = scanInterval, onScan: @Sendable (Result<Int, any Error>) -> Void = { _ in }
    ) async {
        var lastError: String?
        while !Task.isCancelled {
            do {
                let count = try scan()
                lastError = nil
                if count > 0 { onScan(.success(count)) }
            } catch {
                let text = "\(error)"
                if text != lastError { onScan(.failure(error)) }
                lastError = text
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// Looks once and queues what is ready; returns how many arrivals that were.
    ///
    /// A file or folder that cannot be read does not keep the others from being queued; its error is thrown after them.
    package func scan() throws -> Int {
        let listing = try LandingFiles(landing: landing)
        var problem = listing.problem
        let now = clock.now()
        var sightings: [LocalPath: Sighting] = [:]
        sightings.reserveCapacity(listing.files.count)
        var ready: [LandingFile] = []
        for file in listing.files {
            guard let before = seen[file.path], before.version == file.version else {
                sightings[file.path] = Sighting(version: file.version, since: now)
                continue
            }
            sightings[file.path] = before
            if before.isTaken || ready.count >= Self.maxArrivals { continue }
            do {
                if try isFinished(file, since: before.since, now: now) { ready.append(file) }
            } catch {
                problem = problem ?? error
            }
        }
        seen = sightings
        let count = try ready.isEmpty ? 0 : queue(ready, now: now)
        for file in ready { seen[file.path]?.isTaken = true }
        if let problem { throw problem }
        return count
    }

    private func isFinished(_ file: LandingFile, since: Timestamp, now: Timestamp) throws(Failure) -> Bool {
        let open: OpenFile
        do {
            open = try OpenFile(reading: file.path, followingLinks: false)
        } catch  where error.code == "input.not_found" {
            return false
        }
        let answer = writerCheck(open.descriptor)
        guard try open.version() == file.version else { return false }
        switch answer {
        case .free: return true
        case .beingWritten: return false
        case .unknown: return since.advanced(by: Self.quietTime) <= now
        }
    }

    /// Queues those that no scan of any process has queued before.
    private func queue(_ files: [LandingFile], now: Timestamp) throws -> Int {
        let messages = try files.map { ($0, try Self.message($0)) }
        return try database.transaction { database in
            var count = 0
            for (file, message) in messages {
                let isNew =
                    try database.run(
                        "INSERT OR IGNORE INTO arrivals (key, version, taken_at) VALUES (?, ?, ?)",
                        [.text(file.key), .text(file.version.description), .text(now.description)]) == 1
                guard isNew else { continue }
                try LocalQueue.enqueue(message, at: now, in: database)
                count += 1
            }
            return count
        }
    }

    /// Our own message form, with the keys in a fixed order.
    private static func message(_ file: LandingFile) throws -> String {
        let source = try JSONText.encode(FileURI.uri(of: file.path))
        let key = try JSONText.encode(file.key)
        return """
            {"landfall":1,"source":\(source),"bucket":"\(bucket)","key":\(key),\
            "version":"\(file.version)","size":\(file.version.size)}
            """
    }
}
