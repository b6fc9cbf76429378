import Foundation
import Jobs
import Synchronization
import Testing

@testable import LocalBackend

/// A landing folder with its watch and its queue.
struct LandingBench {
    let folder: TemporaryFolder
    let folders: LocalFolders
    let clock = ManualClock()
    let queue: LocalQueue
    let watch: LandingWatch

    init(writerCheck: (@Sendable (CInt) -> WriterCheck.Answer)? = nil) throws {
        folder = try TemporaryFolder()
        folders = try LocalFolders(root: folder.path)
        let database = try LocalDatabase(path: folders.database)
        queue = LocalQueue(database: database, clock: clock.wallClock)
        watch = LandingWatch(
            landing: folders.landing, database: database, clock: clock.wallClock,
            writerCheck: writerCheck ?? WriterCheck().check)
    }

    /// A second worker process on the same root, as far as the database can tell.
    func another() throws -> LandingWatch {
        LandingWatch(
            landing: folders.landing, database: try LocalDatabase(path: folders.database), clock: clock.wallClock)
    }

    /// The messages that wait, as the arrivals they are.
    func queued() async throws -> [Queued] {
        var all: [Queued] = []
        while true {
            let messages = try await queue.receive(max: 10, wait: .zero, visibility: .seconds(3600))
            if messages.isEmpty { return all }
            all += try messages.map { try JSONDecoder().decode(Queued.self, from: Data($0.body.utf8)) }
        }
    }

    struct Queued: Codable, Hashable {
        var landfall: Int
        var source: String
        var bucket: String
        var key: String
        var version: String
        var size: Int64

        var arrival: Arrival { Arrival(bucket: bucket, key: key, version: version, size: size, source: source) }
    }
}

@Suite("landing/ is watched", .timeLimit(.minutes(2)))
struct LandingWatchTests {
    @Test("a file is queued once, at the second look that finds it unchanged")
    func once() async throws {
        let bench = try LandingBench()
        let path = try bench.folder.write([1, 2, 3], to: "landing/crm/a b+ü.csv")
        #expect(try await bench.watch.scan() == 0)
        #expect(try await bench.watch.scan() == 1)
        #expect(try await bench.watch.scan() == 0)
        let queued = try await bench.queued()
        #expect(queued.map(\.key) == ["crm/a b+ü.csv"])
        #expect(queued.map(\.landfall) == [1])
        #expect(queued.map(\.bucket) == ["landing"])
        #expect(queued.map(\.size) == [3])
        #expect(queued.map(\.source) == ["file://" + bench.folders.landing + "/crm/a%20b+%C3%BC.csv"])
        #expect(queued.map(\.version) == [try FileVersion.text(ofFileAt: path).version])
    }

    @Test("what is queued can be downloaded")
    func downloads() async throws {
        let bench = try LandingBench()
        try bench.folder.write(Array("id\n1\n".utf8), to: "landing/100% #1?.csv")
        _ = try await bench.watch.scan()
        _ = try await bench.watch.scan()
        let queued = try #require(try await bench.queued().first)
        _ = try await FolderStore().download(queued.arrival, to: bench.folder("copy"))
        #expect(try bench.folder.read("copy") == Array("id\n1\n".utf8))
    }

    @Test("a file whose name is not UTF-8 is queued and can be downloaded")
    func notUTF8() async throws {
        let bench = try LandingBench()
        let path = LocalPath(bench.folders.landing).appending([0x61, 0xff, 0x2e, 0x63, 0x73, 0x76])
        do {
            let file = try OpenFile(creating: path)
            try [UInt8]([5]).withUnsafeBytes { try file.write($0) }
        }
        _ = try await bench.watch.scan()
        #expect(try await bench.watch.scan() == 1)
        let queued = try #require(try await bench.queued().first)
        #expect(queued.key == "a\u{FFFD}.csv")
        #expect(queued.source.hasSuffix("/a%FF.csv"))
        _ = try await FolderStore().download(queued.arrival, to: bench.folder("copy"))
        #expect(try bench.folder.read("copy") == [5])
    }

    @Test("a file that is open for writing is not taken, however long it rests, until it is closed")
    func openForWriting() async throws {
        let bench = try LandingBench()
        let path = try bench.folder.write(Array("id,name\n1,half a li".utf8), to: "landing/a.csv")
        let writer = try #require(FileHandle(forUpdatingAtPath: path))
        for _ in 0..<100 {
            bench.clock.advance(by: .seconds(60))
            #expect(try await bench.watch.scan() == 0)
        }
        try writer.seekToEnd()
        try writer.write(contentsOf: Data("ne\n".utf8))
        #expect(try await bench.watch.scan() == 0)
        #expect(try await bench.watch.scan() == 0)
        try writer.close()
        #expect(try await bench.watch.scan() == 1)
        #expect(try await bench.queued().map(\.size) == [22])
    }

    @Test("a file that another process has open for writing is not taken until it is closed")
    func openElsewhere() async throws {
        let bench = try LandingBench()
        let path = bench.folders.landing + "/a.csv"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", #"exec 3>"$0"; printf half >&3; echo open; read line; printf ' done' >&3"#, path]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        #expect(try output.fileHandleForReading.read(upToCount: 5) == Data("open\n".utf8))
        for _ in 0..<20 { #expect(try await bench.watch.scan() == 0) }
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        _ = try await bench.watch.scan()
        #expect(try await bench.watch.scan() == 1)
        #expect(try await bench.queued().map(\.size) == [9])
    }

    @Test("a file that grows between looks is not taken while it does, though its writer closes it each time")
    func grows() async throws {
        let bench = try LandingBench()
        let path = try bench.folder.write([0], to: "landing/log.csv")
        for _ in 0..<10 {
            #expect(try await bench.watch.scan() == 0)
            let writer = try #require(FileHandle(forWritingAtPath: path))
            try writer.seekToEnd()
            try writer.write(contentsOf: Data([0]))
            try writer.close()
        }
        #expect(try await bench.watch.scan() == 0)
        #expect(try await bench.watch.scan() == 1)
        #expect(try await bench.queued().map(\.size) == [11])
    }

    @Test("a file that is opened for reading by others is taken")
    func openForReading() async throws {
        let bench = try LandingBench()
        let path = try bench.folder.write([1], to: "landing/a.csv")
        let reader = try #require(FileHandle(forReadingAtPath: path))
        _ = try await bench.watch.scan()
        #expect(try await bench.watch.scan() == 1)
        try reader.close()
    }

    @Test("a writer that comes while we look is not harmed, nor are we")
    func writerComes() async throws {
        let bench = try LandingBench()
        let path = try bench.folder.write([1], to: "landing/a.csv")
        let check = WriterCheck()
        let done = Atomic(false)
        async let writing: Void = Task.detached {
            while !done.load(ordering: .relaxed) { try FileHandle(forWritingAtPath: path)?.close() }
        }.value
        var answers: Set<WriterCheck.Answer> = []
        for _ in 0..<5_000 {
            let file = try OpenFile(reading: LocalPath(path))
            answers.insert(check.check(file.descriptor))
        }
        done.store(true, ordering: .relaxed)
        try await writing
        #expect(!answers.contains(.unknown))
    }

    @Test("while we look, the signal that tells of a writer is one that is ignored by default, not SIGIO")
    func signal() throws {
        let bench = try LandingBench()
        let path = try bench.folder.write([1], to: "landing/a.csv")
        let file = try OpenFile(reading: LocalPath(path))
        #expect(WriterCheck.takeLease(file.descriptor) == .free)
        let getSignal: CInt = 11
        #expect(fcntl(file.descriptor, getSignal) == SIGURG)
    }

    @Test("a file moved into place is taken")
    func movedIn() async throws {
        let bench = try LandingBench()
        let temporary = try bench.folder.write([1, 2], to: "landing/a.csv.part")
        for _ in 0..<3 { #expect(try await bench.watch.scan() == 0) }
        try FileManager.default.moveItem(atPath: temporary, toPath: bench.folders.landing + "/a.csv")
        _ = try await bench.watch.scan()
        #expect(try await bench.watch.scan() == 1)
        #expect(try await bench.queued().map(\.key) == ["a.csv"])
    }

    @Test(
        "names that say unfinished or hidden are passed over",
        arguments: [
            ".hidden.csv", "a.csv.part", "a.csv.tmp", "a.csv.partial", "a.csv.crdownload", ".folder/a.csv",
        ])
    func passedOver(_ name: String) async throws {
        let bench = try LandingBench()
        try bench.folder.write([1], to: "landing/" + name)
        for _ in 0..<3 { #expect(try await bench.watch.scan() == 0) }
    }

    @Test("names that only look like it are taken", arguments: ["part", "a.part.csv", "tmp.csv", "a.temporary"])
    func taken(_ name: String) async throws {
        let bench = try LandingBench()
        try bench.folder.write([1], to: "landing/" + name)
        _ = try await bench.watch.scan()
        #expect(try await bench.watch.scan() == 1)
    }

    @Test("links are not followed, and pipes are not opened")
    func links() async throws {
        let bench = try LandingBench()
        let landing = bench.folders.landing
        let outside = try TemporaryFolder()
        try outside.write([1], to: "secret.csv")
        for (name, target) in [("file.csv", outside("secret.csv")), ("folder", outside.path), ("loop", landing)] {
            try FileManager.default.createSymbolicLink(atPath: "\(landing)/\(name)", withDestinationPath: target)
        }
        try #require(mkfifo(landing + "/pipe.csv", 0o600) == 0)
        for _ in 0..<3 { #expect(try await bench.watch.scan() == 0) }
    }

    @Test("a changed file is queued again, a file that merely stays is not")
    func newVersion() async throws {
        let bench = try LandingBench()
        try bench.folder.write([1], to: "landing/a.csv")
        try bench.folder.write([1], to: "landing/b.csv")
        _ = try await bench.watch.scan()
        #expect(try await bench.watch.scan() == 2)
        try bench.folder.write([1, 2], to: "landing/a.csv")
        _ = try await bench.watch.scan()
        #expect(try await bench.watch.scan() == 1)
        #expect(try await bench.queued().map(\.size) == [1, 1, 2])
    }

    @Test("two processes on one root queue a file once between them")
    func twoProcesses() async throws {
        let bench = try LandingBench()
        let other = try bench.another()
        for number in 0..<50 { try bench.folder.write([1], to: "landing/\(number).csv") }
        _ = try await bench.watch.scan()
        _ = try await other.scan()
        async let first = bench.watch.scan()
        async let second = other.scan()
        #expect(try await first + second == 50)
        #expect(Set(try await bench.queued().map(\.key)).count == 50)
    }

    @Test("a worker that starts again does not queue what it had queued")
    func restart() async throws {
        let bench = try LandingBench()
        try bench.folder.write([1], to: "landing/a.csv")
        _ = try await bench.watch.scan()
        #expect(try await bench.watch.scan() == 1)
        let again = try bench.another()
        for _ in 0..<3 { #expect(try await again.scan() == 0) }
        #expect(try await bench.queued().count == 1)
    }

    @Test("where writers cannot be seen a file must rest before it is taken")
    func unknownWriters() async throws {
        let bench = try LandingBench { _ in .unknown }
        let path = try bench.folder.write([1], to: "landing/a.csv")
        for _ in 0..<3 { #expect(try await bench.watch.scan() == 0) }
        bench.clock.advance(by: LandingWatch.quietTime - .milliseconds(1))
        #expect(try await bench.watch.scan() == 0)
        try Data([1, 2]).write(to: URL(fileURLWithPath: path))
        bench.clock.advance(by: .milliseconds(1))
        #expect(try await bench.watch.scan() == 0)
        bench.clock.advance(by: LandingWatch.quietTime - .milliseconds(1))
        #expect(try await bench.watch.scan() == 0)
        bench.clock.advance(by: .milliseconds(1))
        #expect(try await bench.watch.scan() == 1)
        #expect(try await bench.queued().map(\.size) == [2])
    }

    @Test("a folder that cannot be looked into does not hold up the others, and is reported")
    func problem() async throws {
        let bench = try LandingBench()
        let deep = Array(repeating: "d", count: LandingFiles.maxDepth + 1).joined(separator: "/")
        try bench.folder.write([1], to: "landing/\(deep)/a.csv")
        try bench.folder.write([1], to: "landing/z.csv")
        for _ in 0..<2 {
            let error = await #expect(throws: Failure.self) { try await bench.watch.scan() }
            #expect(error?.code == "local.too_deep")
        }
        #expect(try await bench.queued().map(\.key) == ["z.csv"])
    }

    @Test("the watch goes on until it is cancelled, and tells an error that stays once")
    func runs() async throws {
        let bench = try LandingBench()
        try FileManager.default.removeItem(atPath: bench.folders.landing)
        let (events, continuation) = AsyncStream.makeStream(of: Result<Int, any Error>.self)
        let watching = Task {
            await bench.watch.run(every: .milliseconds(1)) { continuation.yield($0) }
            continuation.finish()
        }
        var all = events.makeAsyncIterator()
        guard case .failure = await all.next() else {
            Issue.record("the folder is missing, which was not told")
            return
        }
        try bench.folder.write([1], to: "landing/a.csv")
        #expect(try await all.next()?.get() == 1)
        watching.cancel()
        #expect(await all.next() == nil)
    }
}
