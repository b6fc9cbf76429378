import Foundation
import FoundationNetworking
import Glibc
import Testing

/// `landfall worker` on folders and SQLite.
@Suite(.serialized, .enabled(if: TestBed.hasPostgres && TestBed.hasPython, TestBed.needsPostgres))
struct LocalWorkerTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    @Test("files that land are loaded, converted, or set aside with their reason, and the worker goes on")
    func everyKind() async throws {
        let (orders, other) = (Orders(2000), Orders(700, from: 9000))
        let port = freePort()
        try await Database.with { database in
            let site = try LocalSite(
                folder, database, ["LANDFALL_ADMIN_ADDRESS": "127.0.0.1:\(port)", "LANDFALL_KEEP_SCRATCH": "true"])
            // Two bad rows among the good ones.
            let bad = orders.csv + "x,bad id,1.00,,,,true,\n99999,too few\n"
            try site.drop(bad, as: "orders/a b+é.csv")
            let worker = try site.landfall.worker()
            try site.drop(other.jsonLines, as: "convert/a.jsonl")
            try site.drop(other.csv, as: "convert/b é日.csv")
            let broken = "id,name\n1,\"never closed\n2,x\n"
            try site.drop(broken, as: "strict/broken.csv")
            try site.drop("whatever", as: "unknown.txt")

            // The loader.
            let loaded = try await site.job("orders/a b+é.csv")
            #expect(loaded["status"].text == "succeeded")
            #expect(loaded["pipeline"].text == "orders")
            #expect(loaded["workflow"].text == "loader")
            #expect(loaded["bucket"].text == "landing")
            #expect(loaded["attempt"].int == 1)
            #expect(loaded["size"].int == bad.utf8.count)
            #expect(loaded["counts"]["read"].int == 2002)
            #expect(loaded["counts"]["loaded"].int == 2000)
            #expect(loaded["counts"]["rejected"].int == 2)
            #expect(try await database.rows("\(Orders.select) FROM shop.orders ORDER BY shop.orders.id") == orders.rows)
            let announced = try await site.announced(of: loaded, count: 2)
            #expect(announced.map { $0["detail-type"].text } == ["Job Succeeded", "Parquet Created"])
            #expect(announced.allSatisfy { $0["source"].text == "landfall" && $0["id"].isThere && $0["time"].isThere })
            let detail = announced[0]["detail"]
            #expect(detail["pipeline"].text == "orders")
            #expect(detail["counts"]["loaded"].int == 2000)
            #expect(detail["receipt"].text == loaded["receipt"].text)
            #expect(detail["outputs"].list.map { $0["format"].text } == ["parquet", "rejects"])
            let uri = try #require(detail["outputs"][0]["uri"].text)
            #expect(announced[1]["detail"]["uri"].text == uri)
            #expect(announced[1]["detail"]["rows"].int == 2000)
            let parquet = try await Python.required()("parquet", ["path": try Self.path(uri)])
            #expect(parquet["agree"].bool == true)
            #expect(parquet["rows"].rows == orders.rows)
            let rejectsURI = try #require(detail["outputs"][1]["uri"].text)
            #expect(rejectsURI.hasPrefix("file://\(folder("local/rejects/orders/"))"))
            let rejects = try String(contentsOfFile: try Self.path(rejectsURI), encoding: .utf8)
            #expect(rejects.hasPrefix("id,name,amount,day,seen,visits,flag,note,_row,_line,_byte,_column,_code,_reason\nx,bad id,"))
            #expect(rejects.contains(",2001,"))
            #expect(
                rejects.hasSuffix(
                    ",2002,\(Self.lines(orders.csv) + 2),\(bad.utf8.count - 14),,csv.field_count,\"expected 8 fields, found 2\"\n"))
            let receipt = try JSON(String(contentsOfFile: try Self.path(loaded["receipt"].text ?? ""), encoding: .utf8))
            #expect(receipt["job_id"].text == loaded["job_id"].text)
            #expect(folder.files(in: "local/work").contains { $0.hasPrefix(loaded["job_id"].text ?? "-") && $0.hasSuffix("sql/0001.sql") })

            let shown = try await site.landfall("jobs", "show", loaded["job_id"].text ?? "", "--json").json()
            #expect(shown["steps"].list.map { $0["name"].text } == ["download", "transform", "load", "upload", "announce"])
            #expect(shown["steps"].list.allSatisfy { $0["started"].isThere && $0["ended"].isThere })
            for name in ["created_at", "updated_at", "expires_at", "version", "source", "step", "receipt"] { #expect(shown[name].isThere) }

            // The convertors.
            for (key, format) in [("convert/a.jsonl", "parquet"), ("convert/b é日.csv", "csv")] {
                let job = try await site.job(key)
                #expect(job["status"].text == "succeeded")
                #expect(job["counts"]["written"].int == 700)
                let receipt = try JSON(String(contentsOfFile: try Self.path(job["receipt"].text ?? ""), encoding: .utf8))
                #expect(receipt["validated"].bool == true)
                #expect(receipt["validation"]["rows"].int == 700)
                #expect(receipt["outputs"][0]["format"].text == format)
                var path = try Self.path(receipt["outputs"][0]["uri"].text ?? "")
                if format == "csv" {
                    #expect(path.hasSuffix(".csv.gz"))
                    #expect(try await site.landfall("convert", path, "back.csv").code == 0)
                    #expect(try folder.text("back.csv") == other.csv)
                    #expect(try await site.landfall("convert", "back.csv", "back.parquet").code == 0)
                    path = folder("back.parquet")
                }
                #expect(try await Python.required()("parquet", ["path": path])["rows"].rows == other.rows)
            }

            // The broken one and the one that nobody takes.
            let rejected = try await site.job("strict/broken.csv")
            #expect(rejected["status"].text == "rejected")
            #expect(rejected["error"]["code"].text == "csv.unclosed_quote")
            let unmatched = try await site.job("unknown.txt")
            #expect(unmatched["status"].text == "rejected")
            #expect(unmatched["error"]["code"].text == "pipeline.no_match")
            #expect(try await site.announced(of: rejected, count: 1).map { $0["detail-type"].text } == ["Job Rejected"])
            let letters = try await eventually("two dead letters") {
                let letters = try await site.deadLetters()
                return letters.count == 2 ? letters : nil
            }
            let letter = try #require(letters.first { $0["attributes"]["job.id"].text == rejected["job_id"].text })
            #expect(
                letter["attributes"].keys == ["attempts", "error.code", "error.message", "job.id", "pipeline", "rejected.at", "step"])
            #expect(letter["attributes"]["error.code"].text == "csv.unclosed_quote")
            #expect(letter["attributes"]["pipeline"].text == "strict")
            #expect(letter["attributes"]["step"].text == "transform")
            #expect(try JSON(letter["body"].text ?? "")["key"].text == "strict/broken.csv")
            #expect(try JSON(letter["body"].text ?? "")["landfall"].int == 1)
            let one = try await site.landfall("dlq", "show", letter["id"].text ?? "", "--json").json()
            #expect(one["body"].text == letter["body"].text)
            #expect(one["attributes"].keys == letter["attributes"].keys)
            #expect(try await database.value("SELECT to_regclass('shop.strict')") == nil)

            // The worker itself.
            #expect(try await site.landfall("check", "--health").code == 0)
            #expect(try await Self.get("http://127.0.0.1:\(port)/livez") == "200 live\n")
            #expect(try await Self.get("http://127.0.0.1:\(port)/readyz") == "200 ready\n")
            let metrics = try await Self.get("http://127.0.0.1:\(port)/metrics")
            #expect(metrics.contains("landfall_jobs_ended_total{status=\"succeeded\",pipeline=\"orders\"} 1"))
            #expect(metrics.contains("landfall_jobs_ended_total{status=\"rejected\",pipeline=\"strict\"} 1"))
            #expect(metrics.contains("landfall_rows_total{what=\"loaded\",pipeline=\"orders\"} 2000"))
            #expect(try await site.jobs().count == 5)
            let succeeded = try JSON.lines(try await site.landfall("jobs", "list", "--status", "succeeded", "--json").output)
            #expect(succeeded.count == 3)
            #expect(try await worker.terminate() == .code(0))
            #expect(try worker.said("Stopped").count == 1)
        }
    }

    @Test("a file that is still being written is not taken, and taken whole when it is done")
    func halfWritten() async throws {
        let orders = Orders(60)
        try await Database.with { database in
            let site = try LocalSite(folder, database)
            let text = Array(orders.csv.utf8)
            let half = open(folder("local/landing/orders/slow.csv"), O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
            _ = text[..<(text.count / 2)].withUnsafeBytes { write(half, $0.baseAddress, $0.count) }
            let worker = try site.landfall.worker()
            // Those that land later are done before it.
            for number in 1...3 {
                try site.drop(Orders(5, from: 1000 * number).csv, as: "orders/quick\(number).csv")
                _ = try await site.job("orders/quick\(number).csv")
            }
            #expect(try await site.jobs().count == 3)
            _ = text[(text.count / 2)...].withUnsafeBytes { write(half, $0.baseAddress, $0.count) }
            close(half)
            let job = try await site.job("orders/slow.csv")
            #expect(job["counts"]["loaded"].int == 60)
            #expect(
                try await database.rows("\(Orders.select) FROM shop.orders WHERE shop.orders.id < 1000 ORDER BY shop.orders.id")
                    == orders.rows)
            #expect(try await worker.terminate() == .code(0))
        }
    }

    /// A worker whose second file waits in its load step for a table that somebody has locked.
    private func withWorkerThatWaits(
        _ settings: [String: String] = [:],
        _ body: (LocalSite, Database, RunningWorker, TableLock, Orders) async throws -> Void
    ) async throws {
        let orders = Orders(400)
        try await Database.with { database in
            let site = try LocalSite(folder, database, settings)
            let worker = try site.landfall.worker()
            try site.drop(Orders(1, from: 5000).csv, as: "orders/first.csv")
            #expect(try await site.job("orders/first.csv")["status"].text == "succeeded")
            let lock = try await database.lock("shop.orders")
            try site.drop(orders.csv, as: "orders/second.csv")
            _ = try await site.job("orders/second.csv", "loads") { $0["step"].text == "load" }
            try await database.awaitWaiting(1)
            try await body(site, database, worker, lock, orders)
        }
    }

    private func expectOnce(_ orders: Orders, _ database: Database, _ site: LocalSite) async throws {
        let rows = try await database.rows("\(Orders.select) FROM shop.orders WHERE shop.orders.id < 5000 ORDER BY shop.orders.id")
        #expect(rows == orders.rows)
        #expect(try await database.value("SELECT count(*) FROM landfall.loads") == "2")
    }

    @Test("a worker that is killed in mid-job loses nothing and does nothing twice")
    func killed() async throws {
        try await withWorkerThatWaits { site, database, worker, lock, orders in
            try await worker.kill()
            let successor = try site.landfall.worker()
            let taken = try await site.job("orders/second.csv", "is taken over") { $0["attempt"].int == 2 }
            #expect(taken["status"].text == "running")
            // What the dead worker had sent waits as well.
            try await database.awaitWaiting(2)
            try await lock.release()
            let job = try await site.job("orders/second.csv")
            #expect(job["status"].text == "succeeded")
            #expect(job["counts"]["loaded"].int == 400)
            try await expectOnce(orders, database, site)
            // Download and transform were done by the first attempt.
            let id = job["job_id"].text
            let skipped = try successor.said("Step was done by an earlier attempt").filter { $0["job_id"].text == id }
            #expect(skipped.map { $0["step"].text } == ["download", "transform"])
            let announced = try await site.announced(of: job, count: 2)
            #expect(announced.map { $0["detail-type"].text } == ["Job Succeeded", "Parquet Created"])
            #expect(try await successor.terminate() == .code(0))
            #expect(try await site.deadLetters().isEmpty)
        }
    }

    @Test("SIGTERM lets a job that runs come to its end")
    func drained() async throws {
        try await withWorkerThatWaits { site, database, worker, lock, orders in
            worker.child.send(SIGTERM)
            _ = try await eventually("the worker drains") { try worker.said("Draining").first }
            try site.drop(Orders(3, from: 7000).csv, as: "orders/late.csv")
            try await lock.release()
            #expect(try await worker.child.end(within: .seconds(30)) == .code(0))
            let job = try await site.job("orders/second.csv")
            #expect(job["status"].text == "succeeded")
            #expect(job["attempt"].int == 1)
            try await expectOnce(orders, database, site)
        }
    }

    @Test("when the time to drain is over a job is given back as it was, and the next worker goes on with it")
    func interrupted() async throws {
        try await withWorkerThatWaits(["LANDFALL_DRAIN_SECONDS": "0", "LANDFALL_LEASE_SECONDS": "60"]) {
            site, database, worker, lock, orders in
            #expect(try await worker.terminate() == .code(0))
            let released = try await site.job("orders/second.csv", "is given back") { _ in true }
            #expect(released["status"].text == "running")
            #expect(!released["owner"].isThere)
            #expect(!released["lease_until"].isThere)
            #expect(released["error"]["code"].text == "job.interrupted")
            try await lock.release()
            let successor = try site.landfall.worker()
            let job = try await site.job("orders/second.csv")
            #expect(job["status"].text == "succeeded")
            #expect(job["attempt"].int == 1)
            #expect(!job["error"].isThere)
            try await expectOnce(orders, database, site)
            #expect(try await successor.terminate() == .code(0))
        }
    }

    @Test("a second SIGTERM ends the drain at once")
    func twice() async throws {
        try await withWorkerThatWaits { site, _, worker, lock, _ in
            worker.child.send(SIGTERM)
            _ = try await eventually("the worker drains") { try worker.said("Draining").first }
            #expect(try await worker.terminate() == .code(0))
            #expect(try await site.job("orders/second.csv", "is given back") { _ in true }["error"]["code"].text == "job.interrupted")
            try await lock.release()
        }
    }

    @Test("a database that stays away fails the job after its attempts, and its message is a dead letter")
    func databaseAway() async throws {
        try await Database.with { database in
            let url = "postgresql://nobody:very-secret@127.0.0.1:\(freePort())/none"
            let site = try LocalSite(folder, database, ["LANDFALL_DATABASE_URL": url, "LANDFALL_MAX_ATTEMPTS": "1"])
            let worker = try site.landfall.worker()
            try site.drop(Orders(3).csv, as: "orders/a.csv")
            let job = try await site.job("orders/a.csv")
            #expect(job["status"].text == "failed")
            #expect(job["error"]["code"].text == "database.unavailable")
            #expect(try await site.announced(of: job, count: 1).map { $0["detail-type"].text } == ["Job Failed"])
            let letter = try await eventually("a dead letter") { try await site.deadLetters().first }
            #expect(letter["attributes"]["error.code"].text == "database.unavailable")
            #expect(letter["attributes"]["step"].text == "load")
            #expect(try await worker.terminate() == .code(0))
            let said = try String(contentsOfFile: worker.log, encoding: .utf8) + folder.text("local/events.jsonl")
            #expect(!said.contains("very-secret"))
        }
    }

    @Test("two workers on one root do each file once")
    func twoWorkers() async throws {
        try await Database.with { database in
            let site = try LocalSite(folder, database)
            let workers = [try site.landfall.worker(), try site.landfall.worker()]
            for number in 0..<12 { try site.drop(Orders(50, from: number * 50 + 1).csv, as: "orders/\(number).csv") }
            for number in 0..<12 { #expect(try await site.job("orders/\(number).csv")["status"].text == "succeeded") }
            #expect(try await database.rows("\(Orders.select) FROM shop.orders ORDER BY shop.orders.id") == Orders(600).rows)
            #expect(try await database.value("SELECT count(*) FROM landfall.loads") == "12")
            for worker in workers { #expect(try await worker.terminate() == .code(0)) }
            let ids = try site.announced().map { $0["id"].text ?? "" }
            #expect(Set(ids).count == ids.count)
            #expect(ids.count == 24)
        }
    }

    // MARK: Help

    private static func path(_ uri: String) throws -> String {
        try #require(URL(string: uri)).path
    }

    private static func lines(_ text: String) -> Int { text.utf8.count { $0 == 10 } }

    private static func get(_ url: String) async throws -> String {
        let (data, response) = try await URLSession.shared.data(from: try #require(URL(string: url)))
        return "\((response as? HTTPURLResponse)?.statusCode ?? 0) \(String(decoding: data, as: UTF8.self))"
    }
}
