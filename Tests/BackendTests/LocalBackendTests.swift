import Foundation
import Jobs
import Testing

@testable import LocalBackend

@Suite("the folders of a local root")
struct LocalFoldersTests {
    @Test("what is missing is created, what is there is kept")
    func creates() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "new/root/landing/a.csv")
        let folders = try LocalFolders(root: folder("new/root"))
        #expect(try folder.names(in: "new/root") == ["landing", "output", "rejects"])
        #expect(try folder.names(in: "new/root/landing") == ["a.csv"])
        #expect(folders.root == folder("new/root"))
        #expect(folders.events == folder("new/root/events.jsonl"))
        #expect(folders.database == folder("new/root/landfall.sqlite"))
    }

    @Test("links and dots on the way are resolved")
    func resolves() throws {
        let folder = try TemporaryFolder()
        _ = try LocalFolders(root: folder("real"))
        try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: folder("real"))
        #expect(try LocalFolders(root: folder("link/../link/.")).root == folder("real"))
    }

    @Test("a root that cannot be is settings.local_root", arguments: ["file", "file/below", "taken"])
    func impossible(_ name: String) throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "file")
        try folder.write([1], to: "taken/output")
        let error = #expect(throws: Failure.self) { try LocalFolders(root: folder(name)) }
        #expect(error?.code == "settings.local_root")
        #expect(error?.message.contains("LANDFALL_LOCAL_ROOT") == true)
    }
}

@Suite("the local queue")
struct LocalQueueTests {
    @Test("a stale receipt neither extends, nor deletes, nor dead-letters")
    func stale() async throws {
        let bench = try await QueueBench(.local)
        try await bench.queue.send("body")
        let stale = try #require(try await bench.receive(after: 0, visibility: .seconds(1)).first)
        let current = try #require(try await bench.receive(after: 1, visibility: .seconds(10)).first)
        try await bench.queue.extend(stale, visibility: .seconds(600))
        try await bench.queue.delete(stale)
        await #expect(throws: Failure.self) {
            try await bench.queue.copyToDeadLetters(stale, reason: QueueConformance.reason)
        }
        #expect(try await bench.queue.deadLetters(limit: 1).isEmpty)
        let third = try #require(try await bench.receive(after: 10).first)
        #expect(third.receiveCount == 3)
        try await bench.queue.delete(current)
        try await bench.queue.delete(third)
        #expect(try await bench.receive(after: 600).isEmpty)
    }

    @Test("a message is hidden up to its time and not a moment longer")
    func exact() async throws {
        let bench = try await QueueBench(.local)
        try await bench.queue.send("body")
        _ = try await bench.receive(after: 0, visibility: .seconds(30))
        bench.clock?.advance(by: .milliseconds(29_999))
        #expect(try await bench.receive(after: 0).isEmpty)
        bench.clock?.advance(by: .milliseconds(1))
        #expect(try await bench.receive(after: 0).count == 1)
    }

    @Test("a message that keeps coming back does not starve the others")
    func fair() async throws {
        let bench = try await QueueBench(.local)
        try await bench.queue.send("stubborn")
        try await bench.queue.send("patient")
        let first = try await bench.queue.receive(max: 1, wait: .zero, visibility: .seconds(30))
        bench.clock?.advance(by: .seconds(1))
        for message in first { try await bench.queue.extend(message, visibility: .zero) }
        #expect(try await bench.queue.receive(max: 1, wait: .zero, visibility: .seconds(30)).map(\.body) == ["patient"])
    }

    @Test("two processes share one queue, and nothing is lost or doubled")
    func shared() async throws {
        let folder = try TemporaryFolder()
        let clock = ManualClock()
        let folders = try LocalFolders(root: folder.path)
        let queues = try (0..<2).map { _ in
            LocalQueue(database: try LocalDatabase(path: folders.database), clock: clock.wallClock)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for queue in queues {
                group.addTask { for number in 0..<100 { try await queue.send("\(number)") } }
            }
            try await group.waitForAll()
        }
        let received = try await withThrowingTaskGroup(of: [String].self) { group in
            for queue in queues {
                group.addTask {
                    var ids: [String] = []
                    while true {
                        let messages = try await queue.receive(max: 10, wait: .zero, visibility: .seconds(600))
                        if messages.isEmpty { return ids }
                        ids += messages.map(\.id)
                        for message in messages { try await queue.delete(message) }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(received.count == 200)
        #expect(Set(received).count == 200)
    }
}

@Suite("the local database")
struct LocalDatabaseTests {
    @Test("it is written ahead and synced at every commit")
    func pragmas() throws {
        let folder = try TemporaryFolder()
        let database = try LocalDatabase(path: folder("landfall.sqlite"))
        let settings = try database.use { connection in
            [
                try connection.rows("PRAGMA journal_mode").first?.text("journal_mode"),
                try connection.rows("PRAGMA synchronous").first?.integer("synchronous").map(String.init),
                try connection.rows("PRAGMA busy_timeout").first?.integer("timeout").map(String.init),
            ]
        }
        #expect(settings == ["wal", "2", "10000"])
    }

    @Test("several workers may open a new root's database at once")
    func openedAtOnce() async throws {
        for _ in 0..<30 {
            let folder = try TemporaryFolder()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { _ = try LocalDatabase(path: folder("landfall.sqlite")) }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("a transaction that throws leaves nothing behind")
    func rollsBack() throws {
        let folder = try TemporaryFolder()
        let database = try LocalDatabase(path: folder("landfall.sqlite"))
        let clock = ManualClock().wallClock
        #expect(throws: CancellationError.self) {
            try database.transaction { connection in
                try LocalQueue.enqueue("lost", at: clock.now(), in: connection)
                throw CancellationError()
            }
        }
        let rows = try database.transaction { try $0.rows("SELECT * FROM messages") }
        #expect(rows.count == 0)
    }

    @Test("a file that is no database is local.database, and says which file")
    func noDatabase() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Array(repeating: 65, count: 4096), to: "landfall.sqlite")
        let error = #expect(throws: Failure.self) { try LocalDatabase(path: path) }
        #expect(error?.code == "local.database")
        #expect(error?.message.contains(path) == true)
    }

    @Test("a text keeps its zero bytes and its length")
    func texts() throws {
        let folder = try TemporaryFolder()
        let database = try LocalDatabase(path: folder("landfall.sqlite"))
        for text in ["", "a\u{0}b", "ü"] {
            let row = try database.use { try $0.rows("SELECT ? AS x", [.text(text)]).first }
            #expect(row?.text("x") == text)
        }
    }
}

@Suite("events.jsonl")
struct EventsFileTests {
    static func announcement(_ id: String, detail: String = "{}") -> Announcement {
        Announcement(
            id: id, detailType: "Job Failed", time: Timestamp(milliseconds: 0), pipeline: "p", workflow: "loader",
            detail: detail)
    }

    @Test("an announcement is one line, as in the contract")
    func oneLine() async throws {
        let folder = try TemporaryFolder()
        try await EventsFile(path: folder("e")).announce(Self.announcement("1", detail: "{\n  \"a\": \"x\\ny\"\n}"))
        #expect(
            String(decoding: try folder.read("e"), as: UTF8.self) == """
                {"id":"1","source":"landfall","detail-type":"Job Failed","time":"1970-01-01T00:00:00.000Z",\
                "detail":{   "a": "x\\ny" }}

                """)
    }

    @Test("many writers' lines stay whole")
    func manyWriters() async throws {
        let folder = try TemporaryFolder()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { try await EventsFile(path: folder("e")).announce(Self.announcement("\(number)")) }
            }
            try await group.waitForAll()
        }
        let lines = String(decoding: try folder.read("e"), as: UTF8.self).split(separator: "\n")
        #expect(Set(lines) == Set((0..<50).map { Substring(Self.announcement("\($0)").json) }))
        #expect(lines.count == 50)
    }

    @Test("a line that an earlier writer left unfinished does not spoil the next")
    func torn() async throws {
        let folder = try TemporaryFolder()
        try folder.write(Array(#"{"id":"torn","#.utf8), to: "e")
        try await EventsFile(path: folder("e")).announce(Self.announcement("2"))
        let lines = String(decoding: try folder.read("e"), as: UTF8.self).split(separator: "\n")
        #expect(lines == [#"{"id":"torn","#, Substring(Self.announcement("2").json)])
    }
}

@Suite("file:// URIs")
struct FileURITests {
    @Test(
        "a path survives as a URI",
        arguments: [
            ("/a/b.csv", "file:///a/b.csv"),
            ("/a b/100%.csv", "file:///a%20b/100%25.csv"),
            ("/ü?#[].csv", "file:///%C3%BC%3F%23%5B%5D.csv"),
            ("/a+b&c=d;e,f:g@h!$'()*~.csv", "file:///a+b&c=d;e,f:g@h!$'()*~.csv"),
            ("/new\nline\"\\", "file:///new%0Aline%22%5C"),
        ])
    func roundTrip(_ path: String, _ uri: String) {
        #expect(FileURI.uri(ofPath: path) == uri)
        #expect(FileURI.path(of: uri) == path)
    }

    @Test("a relative path is one below the current folder")
    func relative() {
        #expect(FileURI.path(of: FileURI.uri(ofPath: "a b")) == FileManager.default.currentDirectoryPath + "/a b")
    }

    @Test("this machine may be named", arguments: [("file://localhost/a", "/a"), ("file:///%61%7e", "/a~")])
    func accepted(_ uri: String, _ path: String) {
        #expect(FileURI.path(of: uri) == path)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "file://other/a", "file:/a", "/a", "s3://a/b", "file:///%4", "file:///%zz", "file:///a%00b", "file://", "",
        ])
    func refused(_ uri: String) {
        #expect(FileURI.path(of: uri) == nil)
    }
}

@Suite("mounted network file systems")
struct NetworkMountsTests {
    @Test("they are told from the local ones by their type")
    func devices() {
        let table = """
            22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
            36 22 0:45 / /data rw,relatime shared:5 master:1 - nfs4 127.0.0.1:/ rw,vers=4.1
            40 22 0:300 / /mnt rw - fuse.sshfs me@there:/ rw
            41 22 broken
            42 22 8:1 / /nfs4 rw - xfs /dev/nfs4 rw
            """
        #expect(NetworkMounts.devices(table: table) == [0x2d, 0x10_002c])
    }
}

@Suite("a folder as an object store")
struct FolderStoreTests {
    @Test("a file that changes while it is copied is input.version_gone, and no copy appears")
    func changes() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1, 2, 3], to: "source")
        let file = try OpenFile(reading: LocalPath(path))
        let version = try file.version()
        #expect(throws: CancellationError.self) {
            try FilePlacement.copy(file, to: LocalPath(folder("copy"))) {
                try folder.write([4, 5, 6, 7], to: "other")
                let writer = try #require(FileHandle(forWritingAtPath: path))
                try writer.write(contentsOf: Data([9, 9, 9, 9]))
                try writer.close()
                if try file.version() != version { throw CancellationError() }
            }
        }
        #expect(try folder.names() == ["other", "source"])
    }

    @Test("a cancelled download leaves nothing")
    func cancelled() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1, 2, 3], to: "source")
        let arrival = Arrival(bucket: "b", key: "k", source: FileURI.uri(ofPath: path))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await FolderStore().download(arrival, to: folder("copy"))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try folder.names() == ["source"])
    }

    @Test("a folder is no file")
    func noFile() async throws {
        let folder = try TemporaryFolder()
        await StoreConformance.expectFailure("input.not_found") {
            _ = try await FolderStore().describe(FileURI.uri(ofPath: folder.path))
        }
    }

    @Test("an upload into a place that cannot be is permanent, and leaves nothing")
    func noPlace() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1], to: "source")
        let error = await #expect(throws: Failure.self) {
            try await FolderStore().upload(path, to: FileURI.uri(ofPath: folder("source/below")), contentType: "")
        }
        #expect(error?.code == "output.not_creatable")
        #expect(error?.kind == .permanent)
        #expect(try folder.names() == ["source"])
    }
}
