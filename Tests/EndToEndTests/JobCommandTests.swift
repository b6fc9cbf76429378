import Foundation
import Glibc
import Testing

/// `landfall jobs`, and what workers do with abandoned scratch folders.
@Suite(.serialized, .enabled(if: TestBed.hasPostgres && TestBed.hasPython, TestBed.needsPostgres))
struct JobCommandTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func rows(_ database: Database) async throws -> String? {
        try await database.value("SELECT count(*) FROM shop.orders")
    }

    @Test("a job that runs is cancelled in the middle of its load, and loads when it is asked for again")
    func cancelRunning() async throws {
        try await Database.with { database in
            let site = try LocalSite(folder, database)
            let worker = try site.landfall.worker()
            try site.drop(Orders(10).csv, as: "orders/first.csv")
            let first = try await site.job("orders/first.csv")
            let lock = try await database.lock("shop.orders")
            try site.drop(Orders(30, from: 1000).csv, as: "orders/second.csv")
            let running = try await site.job("orders/second.csv", "loads") { $0["step"].text == "load" }
            try await database.awaitWaiting(1)
            let id = running["job_id"].text ?? ""
            let shown = try await site.landfall("jobs", "show", id)
            #expect(shown.output.contains("next       attempt 2, if the lease ends at "))
            #expect(try await site.landfall("jobs", "retry", id).code == 65)

            let cancelled = try await site.landfall("jobs", "cancel", id, "none", "--json")
            #expect(cancelled.code == 66)
            let report = try cancelled.json()
            #expect(report["jobs"].list.map { $0["result"].text } == ["cancelled", "refused"])
            #expect(report["jobs"][1]["error"]["code"].text == "input.not_found")
            _ = try await eventually("the message is acknowledged") {
                try worker.said("The job has ended before").contains { $0["job_id"].text == id } ? true : nil
            }
            try await lock.release()
            #expect(try await rows(database) == "10")
            let record = try await site.landfall("jobs", "show", id, "--json").json()
            #expect(record["status"].text == "cancelled")
            #expect(record["error"]["code"].text == "job.cancelled")
            #expect(record["ended_at"].isThere && !record["owner"].isThere && !record["next_attempt"].isThere)

            let ended = try await site.landfall("jobs", "cancel", id)
            #expect(ended.code == 65)
            #expect(ended.error.contains("has ended as cancelled"))
            #expect(try await site.landfall("jobs", "retry", first["job_id"].text ?? "").code == 65)
            let retried = try await site.landfall("jobs", "retry", id)
            #expect(retried.code == 0)
            #expect(retried.output == "queued  \(id)\n")
            let done = try await site.job("orders/second.csv", "succeeds") { $0["status"].text == "succeeded" }
            #expect(done["job_id"].text == id)
            #expect(try await rows(database) == "40")
            #expect(try await worker.terminate() == .code(0))

            // Lists.
            func list(_ filters: String...) async throws -> [String] {
                try JSON.lines(try await site.landfall.run(["jobs", "list", "--json"] + filters).output).compactMap { $0["key"].text }
            }
            #expect(try await list() == ["orders/second.csv", "orders/first.csv"])
            #expect(try await list("--key", "orders/f*") == ["orders/first.csv"])
            #expect(try await list("--pipeline", "orders", "--limit", "1") == ["orders/second.csv"])
            #expect(try await list("--pipeline", "strict").isEmpty)
            #expect(try await list("--newer-than", "1h").count == 2)
            #expect(try await list("--newer-than", "0s").isEmpty)
        }
    }

    @Test("a job that waits for its next try is cancelled, and its message is acknowledged")
    func cancelWaiting() async throws {
        try await Database.with { database in
            let nowhere = "postgresql://nobody@127.0.0.1:\(freePort())/none"
            let site = try LocalSite(folder, database, ["LANDFALL_DATABASE_URL": nowhere, "LANDFALL_MAX_ATTEMPTS": "50"])
            let worker = try site.landfall.worker()
            try site.drop(Orders(10).csv, as: "orders/first.csv")
            let waiting = try await site.job("orders/first.csv", "waits") { !$0["owner"].isThere && $0["error"].isThere }
            let id = waiting["job_id"].text ?? ""
            #expect(waiting["next_attempt"].int == 2)
            #expect(try await site.landfall("jobs", "show", id).output.contains("attempt 2, when the message comes back"))
            #expect(try await site.landfall("jobs", "cancel", id).code == 0)
            _ = try await eventually("the message is acknowledged") {
                try worker.said("The job has ended before").contains { $0["job_id"].text == id } ? true : nil
            }
            #expect(try await site.job("orders/first.csv")["status"].text == "cancelled")
            #expect(try await site.deadLetters().isEmpty)
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("on AWS a rejected job is asked for again, and it is the same job", .enabled(if: TestBed.hasAWS, TestBed.needsAWS))
    func retryOnAWS() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database, versioned: true)
            let worker = try site.landfall.worker()
            let version = try await site.put("id,name\n1,\"never closed\n2,x\n", as: "strict/a b+é.csv")
            let rejected = try await site.item("strict/a b+é.csv")
            #expect(rejected["version"].text == version)
            let id = rejected["job_id"].text ?? ""
            let retried = try await site.landfall("jobs", "retry", id, "--json")
            #expect(retried.code == 0)
            #expect(try retried.json()["jobs"][0]["job_id"].text == id)
            let again = try await site.item("strict/a b+é.csv", "is rejected again") {
                AWSSite.isEnded($0) && ($0["ended_at"].text ?? "") > (rejected["ended_at"].text ?? "~")
            }
            #expect(again["job_id"].text == id)
            #expect(again["error"]["code"].text == "csv.unclosed_quote")
            #expect(again["sequencer"].text == rejected["sequencer"].text)
            #expect(try await site.items().count == 1)
            let listed = try JSON.lines(try await site.landfall("jobs", "list", "--pipeline", "strict", "--json").output)
            #expect(listed.map { $0["job_id"].text } == [id])
            #expect(try await site.landfall("jobs", "cancel", id).code == 65)
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("a worker sweeps abandoned scratch folders when it starts, and nothing else")
    func sweep() async throws {
        try await Database.with { database in
            let site = try LocalSite(folder, database, ["LANDFALL_KEEP_FAILED": "12h"])
            var worker = try site.landfall.worker()
            try site.drop(Orders(10).csv, as: "orders/first.csv")
            try site.drop("id,name\n1,\"never closed\n2,x\n", as: "strict/broken.csv")
            let done = try await site.job("orders/first.csv")["job_id"].text ?? ""
            let rejected = try await site.job("strict/broken.csv")["job_id"].text ?? ""
            #expect(try await worker.terminate() == .code(0))
            #expect(!folder.exists("local/work/\(done)"))
            #expect(folder.exists("local/work/\(rejected)"))

            let lost = String(repeating: "0f", count: 16)
            try folder.write("x", to: "local/work/\(done)/01022026030405/in/first.csv")
            try folder.write("x", to: "local/work/\(lost)/01022026030405/in/lost.csv")
            try folder.write("x", to: "local/work/notes/keep.txt")
            let old = timeval(tv_sec: time(nil) - 13 * 3600, tv_usec: 0)
            for path in ["\(lost)/01022026030405", lost, "notes"] {
                _ = [old, old].withUnsafeBufferPointer { utimes(folder("local/work/\(path)"), $0.baseAddress) }
            }
            worker = try site.landfall.worker()
            let swept = try await eventually("the sweep") { try worker.said("Work folder swept").first }
            #expect(swept["count"].text == "2" || swept["count"].int == 2)
            #expect(!folder.exists("local/work/\(done)") && !folder.exists("local/work/\(lost)"))
            #expect(folder.exists("local/work/\(rejected)") && folder.exists("local/work/notes/keep.txt"))
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("a bad duration is told")
    func badDuration() async throws {
        let landfall = Landfall(folder, ["LANDFALL_BACKEND": "local", "LANDFALL_KEEP_FAILED": "a week"])
        let result = try await landfall("jobs", "list")
        #expect(result.code == 78)
        #expect(result.error.hasPrefix("landfall: LANDFALL_KEEP_FAILED must be a duration like 12h, 7d or 2w"))
    }
}
