import Foundation
import Glibc
import Jobs
import Testing

@testable import Workflows

@Suite("the work folder is swept")
struct WorkFolderSweepTests {
    private let folder: TestFolder
    private static let week = Duration.seconds(7 * 86_400)

    init() throws {
        folder = try TestFolder()
    }

    private static func id(_ number: Int) -> String {
        String(repeating: "ab", count: 15) + String(format: "%02x", number)
    }

    private func make(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: folder("work/\(name)"), withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder("work/\(name)/file")))
    }

    /// A job's folder as workers leave it, last changed so long ago.
    private func makeJob(_ id: String, ago: Duration = .zero) throws {
        try make("\(id)/01022026030405/in")
        try make("\(id)/01022026030405/attempt-2/out")
        for path in ["\(id)/01022026030405", id] { touch("work/\(path)", ago) }
    }

    private func touch(_ name: String, _ ago: Duration) {
        let then = timeval(tv_sec: Int(OperatorBench.now.advanced(by: .zero - ago).seconds), tv_usec: 0)
        _ = [then, then].withUnsafeBufferPointer { utimes(folder(name), $0.baseAddress) }
    }

    private func isThere(_ name: String) -> Bool {
        var facts = stat()
        return lstat(folder(name), &facts) == 0
    }

    private func sweep(_ records: [JobRecord] = [], keepsScratch: Bool = false) async -> WorkFolderSweep.Report {
        let bench = OperatorBench(workRoot: folder("work"), keepsScratch: keepsScratch)
        for record in records { await bench.records.put(record) }
        return await WorkFolderSweep(services: bench.services, keepFailed: Self.week).sweep()
    }

    private static func record(_ id: String, _ status: JobStatus, ago: Duration) -> JobRecord {
        var record = OperatorBench.record(
            Arrival(bucket: "b", key: "k"), "p", status, ago: ago, owner: status == .running ? "w" : nil,
            lease: status == .running ? .seconds(-1_000_000) : nil)
        record.jobID = id
        return record
    }

    private static let day = Duration.seconds(86_400)
    private static let ends: [(JobStatus, Duration, Bool)] = [
        (.succeeded, .zero, false), (.superseded, .zero, false), (.running, day * 700, true),
        (.rejected, day * 6, true), (.rejected, week, false), (.failed, day * 6, true), (.failed, week, false),
        (.cancelled, day, true), (.cancelled, week, false),
    ]

    @Test("by what became of the job", arguments: ends)
    func byStatus(_ status: JobStatus, _ ago: Duration, _ stays: Bool) async throws {
        try makeJob(Self.id(1), ago: Self.week * 200)
        let report = await sweep([Self.record(Self.id(1), status, ago: ago)])
        #expect(isThere("work/\(Self.id(1))") == stays)
        #expect(report == .init(removed: stays ? [] : [Self.id(1)], kept: stays ? 1 : 0, failed: 0))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("work")).count == (stays ? 1 : 0))
    }

    @Test("finished jobs' folders stay where that is asked for")
    func keepsScratch() async throws {
        try makeJob(Self.id(1))
        let report = await sweep([Self.record(Self.id(1), .succeeded, ago: Self.week * 9)], keepsScratch: true)
        #expect(report.kept == 1)
        #expect(isThere("work/\(Self.id(1))/01022026030405/in/file"))
    }

    @Test("a folder that no record speaks of goes when nothing has changed in it for long")
    func unknown() async throws {
        try makeJob(Self.id(1), ago: Self.week)
        try makeJob(Self.id(2), ago: Self.week - .seconds(1))
        // Somebody still works in it.
        try makeJob(Self.id(3), ago: Self.week * 2)
        touch("work/\(Self.id(3))/01022026030405", .seconds(5))
        touch("work/\(Self.id(3))", Self.week * 2)
        #expect(await sweep() == .init(removed: [Self.id(1)], kept: 2, failed: 0))
        #expect(isThere("work/\(Self.id(2))") && isThere("work/\(Self.id(3))"))
    }

    @Test("nothing is touched that is not named like a job, is no folder, or is a link")
    func others() async throws {
        let names = ["notes", Self.id(1).uppercased(), Self.id(1) + "0", String(Self.id(1).dropLast()), "removed", ".removed-x", "ü"]
        for name in names {
            try make(name)
            touch("work/\(name)", Self.week * 9)
        }
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder("work/\(Self.id(2))")))
        try make("../outside")
        #expect(symlink(folder("outside"), folder("work/\(Self.id(3))")) == 0)
        let done = [2, 3].map { Self.record(Self.id($0), .succeeded, ago: Self.week) }
        #expect(await sweep(done) == .init())
        for name in names { #expect(isThere("work/\(name)/file"), "\(name)") }
        #expect(isThere("work/\(Self.id(2))") && isThere("work/\(Self.id(3))") && isThere("outside/file"))
    }

    @Test("links within a job's folder are removed, and what they point to is not")
    func links() async throws {
        try makeJob(Self.id(1))
        try make("../outside/deep")
        #expect(symlink(folder("outside"), folder("work/\(Self.id(1))/link")) == 0)
        #expect(symlink(folder("outside/file"), folder("work/\(Self.id(1))/01022026030405/link")) == 0)
        #expect(symlink("../../../outside/deep", folder("work/\(Self.id(1))/01022026030405/relative")) == 0)
        #expect(await sweep([Self.record(Self.id(1), .succeeded, ago: .zero)]).removed == [Self.id(1)])
        #expect(!isThere("work/\(Self.id(1))"))
        #expect(isThere("outside/deep/file"))
    }

    @Test("what a sweep that was cut off has left is removed, and only that")
    func halfRemoved() async throws {
        try make(".removed-\(Self.id(1))-1a2b/rest")
        try make(".removed-\(Self.id(1).dropLast())-1a2b")
        #expect(await sweep() == .init())
        #expect(!isThere("work/.removed-\(Self.id(1))-1a2b"))
        #expect(isThere("work/.removed-\(Self.id(1).dropLast())-1a2b/file"))
    }

    @Test("several tasks that sweep at once do not hinder each other, and each folder is removed by one")
    func together() async throws {
        var records: [JobRecord] = []
        for number in 0..<60 {
            try makeJob(Self.id(number))
            records.append(Self.record(Self.id(number), .succeeded, ago: .zero))
        }
        let all = records
        let reports = await withTaskGroup(of: WorkFolderSweep.Report.self) { group in
            for _ in 0..<4 { group.addTask { await sweep(all) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(reports.flatMap(\.removed).sorted() == (0..<60).map { Self.id($0) })
        #expect(reports.allSatisfy { $0.failed == 0 })
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder("work")).isEmpty)
    }

    @Test("without a work folder there is nothing to do")
    func none() async {
        #expect(await sweep() == .init())
    }
}

@Suite("room in the work folder")
struct WorkRoomTests {
    private static let most = Int64.max
    private static let needs: [(Int64, Bool, Int64)] = [
        (0, false, 0), (100, false, 400), (100, true, 3100), (-5, false, 0), (most / 4, false, most / 4 * 4), (most / 3, false, most),
        (most / 30, true, most),
    ]

    @Test("a job needs its source and what is made of it", arguments: needs)
    func needed(_ source: Int64, _ isCompressed: Bool, _ needed: Int64) {
        #expect(WorkRoom.needed(sourceBytes: source, isCompressed: isCompressed) == needed)
    }

    /// Free, source and promised, in MiB.
    private static let rooms: [(Int64, Int64, Int64, Bool)] = [
        (104, 10, 0, true), (104, 10, 1, false), (103, 10, 0, false), (114, 10, 10, true), (0, 0, 0, true), (0, 1, 0, false),
        (1000, 10, most >> 20, false),
    ]

    @Test("room is what is free, less a reserve and what others were promised", arguments: rooms)
    func room(_ free: Int64, _ source: Int64, _ promised: Int64, _ hasRoom: Bool) {
        let refusal = WorkRoom.refusal(free: free << 20, "/work", source << 20, false, promised << 20)
        #expect((refusal == nil) == hasRoom)
        #expect(refusal == nil || refusal?.code == "work.no_room" && refusal?.kind == .transient)
    }

    @Test("the real file system is asked, also for a folder that is not made yet")
    func real() throws {
        let folder = try TestFolder()
        let free = try #require(WorkRoom.free(below: folder.path))
        #expect(free > 0)
        #expect(WorkRoom.free(below: folder("not/yet")) != nil)
        #expect(WorkRoom.refusal(root: folder.path, sourceBytes: 1, isCompressed: false) == nil || free <= WorkRoom.reserveBytes + 4)
        #expect(WorkRoom.refusal(root: folder.path, sourceBytes: .max, isCompressed: false)?.code == "work.no_room")
    }
}
