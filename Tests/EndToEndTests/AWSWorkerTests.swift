import FaultServer
import Foundation
import Glibc
import Testing

/// `landfall worker` over the wire: S3, SQS, DynamoDB, SNS and EventBridge as moto has them.
@Suite(.serialized, .enabled(if: TestBed.hasAWS, TestBed.needsAWS))
struct AWSWorkerTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func rows(_ database: Database, _ condition: String = "true") async throws -> [[String?]] {
        try await database.rows("\(Orders.select) FROM shop.orders WHERE \(condition) ORDER BY shop.orders.id")
    }

    @Test("objects are loaded, converted, or set aside with their reason; records and announcements say what became of them")
    func everyKind() async throws {
        let (orders, parts, other) = (Orders(1500), Orders(300, from: 3000), Orders(400, from: 6000))
        try await Database.with { database in
            let site = try await AWSSite(folder, database)
            let check = try await site.landfall("check", "--json")
            #expect(check.code == 0)
            let checked = try check.json()["checks"].list.map { $0["check"].text ?? "" }
            for name in ["credentials", "queue", "dead-letter queue", "jobs table", "topic", "event bus", "output bucket"] {
                #expect(checked.contains(name))
            }
            let worker = try site.landfall.worker()
            try await site.put(orders.csv + "x,bad id,1.00,,,,true,\n", as: "orders/in here/a+b é.csv")
            try await site.putInParts(parts.csv, as: "orders/parts.csv")
            try await site.put(other.jsonLines, as: "convert/a.jsonl")
            try await site.put("id,name\n1,\"never closed\n2,x\n", as: "strict/broken.csv")
            try await site.put("whatever", as: "unknown.txt")
            // Bodies that only an untouched copy has byte for byte.
            let own = "{ \"landfall\":1,  \"source\":\"s3://\(site.input)/none.csv\", \"pipeline\":\"orders\" }"
            let foreign = "hello, \"world\" é \n  {"
            try await site.send(own)
            try await site.send(foreign)
            try await site.send(#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"raw"}"#)

            // The loader.
            let loaded = try await site.item("orders/in here/a+b é.csv")
            #expect(loaded["status"].text == "succeeded")
            let inParts = try await site.item("orders/parts.csv")
            #expect(inParts["status"].text == "succeeded")
            #expect(inParts["attempt"].int == 1)
            #expect(try await rows(database) == orders.rows + parts.rows)
            #expect(try await database.value("SELECT count(*) FROM landfall.loads") == "2")
            for name in [
                "job_id", "pipeline", "workflow", "bucket", "key", "etag", "sequencer", "size", "status", "step", "attempt", "owner",
                "created_at", "updated_at", "steps", "counts", "receipt", "expires_at",
            ] {
                #expect(loaded[name].isThere, "\(name) is missing")
            }
            #expect(loaded["bucket"].text == site.input)
            #expect(loaded["workflow"].text == "loader")
            #expect(loaded["size"].int == orders.csv.utf8.count + 23)
            #expect(loaded["steps"].keys == ["announce", "download", "load", "transform", "upload"])
            for step in loaded["steps"].keys {
                for name in ["started", "ended", "result"] { #expect(loaded["steps"][step][name].isThere) }
            }
            #expect(loaded["counts"].keys == ["filtered", "loaded", "read", "rejected", "written"])
            #expect(loaded["counts"]["read"].int == 1501)
            #expect(loaded["counts"]["loaded"].int == 1500)
            #expect(loaded["counts"]["rejected"].int == 1)
            #expect((loaded["expires_at"].int ?? 0) > 1_700_000_000)
            let source = try await database.value("SELECT DISTINCT _source FROM shop.orders WHERE id = 1")
            #expect(source == "s3://\(site.input)/orders/in here/a+b é.csv")

            let receiptURI = try #require(loaded["receipt"].text)
            #expect(receiptURI.hasPrefix("s3://\(site.output)/orders/_landfall/"))
            let receipt = try JSON(String(contentsOfFile: try await site.fetch(receiptURI), encoding: .utf8))
            #expect(receipt["counts"]["loaded"].int == 1500)
            let output = receipt["outputs"][0]
            let parquet = try await site.parquet(output["uri"].text ?? "")
            #expect(parquet["types"].texts == Orders.arrowTypes)
            #expect(parquet["agree"].bool == true)
            #expect(parquet["rows"].rows == orders.rows)
            let rejects = try String(contentsOfFile: try await site.fetch(receipt["outputs"][1]["uri"].text ?? ""), encoding: .utf8)
            #expect(rejects.contains("\nx,bad id,1.00,,,,true,,1501,"))

            // The convertor.
            let converted = try await site.item("convert/a.jsonl")
            #expect(converted["status"].text == "succeeded")
            #expect(converted["counts"]["written"].int == 400)
            let keys = try await site.outputKeys()
            let key = try #require(keys.first { $0.hasPrefix("to-parquet/a.") && $0.hasSuffix(".parquet") })
            #expect(try await site.parquet("s3://\(site.output)/\(key)")["rows"].rows == other.rows)

            // What could not be done.
            let broken = try await site.item("strict/broken.csv")
            #expect(broken["status"].text == "rejected")
            #expect(broken["error"]["code"].text == "csv.unclosed_quote")
            #expect(broken["error"]["message"].isThere)
            #expect(try await site.item("unknown.txt")["error"]["code"].text == "pipeline.no_match")
            let missing = try await site.item("none.csv")
            #expect(missing["error"]["code"].text == "input.not_found")
            let letters = try await site.deadLetters(4)
            #expect(letters.count == 4)
            func letter(_ code: String) throws -> JSON {
                try #require(letters.first { $0["attributes"]["error.code"].text == code }, "no dead letter says \(code)")
            }
            let rejected = try letter("csv.unclosed_quote")
            #expect(
                rejected["attributes"].keys == ["attempts", "error.code", "error.message", "job.id", "pipeline", "rejected.at", "step"])
            #expect(rejected["attributes"]["job.id"].text == broken["job_id"].text)
            #expect(rejected["attributes"]["pipeline"].text == "strict")
            #expect(rejected["attributes"]["step"].text == "transform")
            #expect(rejected["attributes"]["attempts"].text == "1")
            let event = try JSON(rejected["body"].text ?? "")
            #expect(event["detail-type"].text == "Object Created")
            #expect(event["detail"]["object"]["key"].text == "strict/broken.csv")
            #expect(try letter("input.not_found")["body"].text == own)
            #expect(try letter("message.not_understood")["body"].text == foreign)
            #expect(try JSON(letter("pipeline.no_match")["body"].text ?? "")["detail"]["object"]["key"].text == "unknown.txt")
            let listed = try await site.landfall("dlq", "list", "--json")
            #expect(listed.code == 0)

            // What was announced, on both channels alike.
            let envelopes = try await site.onTopic(9)
            let events = try await site.onBus(9)
            let messages = try envelopes.map { try JSON($0["Message"].text ?? "") }
            func summary(_ all: [JSON], _ id: (JSON) -> String?) -> [String] {
                all.map { "\(id($0) ?? "-") \($0["detail-type"].text ?? "-") \($0["detail"]["job_id"].text ?? "-")" }.sorted()
            }
            #expect(summary(messages) { $0["id"].text } == summary(events) { $0["detail"]["id"].text })
            #expect(messages.allSatisfy { $0["source"].text == "landfall" } && events.allSatisfy { $0["source"].text == "landfall" })
            var types: [String: Int] = [:]
            for message in messages { types[message["detail-type"].text ?? "", default: 0] += 1 }
            #expect(types == ["Job Rejected": 3, "Job Succeeded": 3, "Parquet Created": 3])
            for envelope in envelopes {
                let message = try JSON(envelope["Message"].text ?? "")
                #expect(envelope["Subject"].text == message["detail-type"].text)
                #expect(envelope["MessageAttributes"]["detail-type"]["Value"].text == message["detail-type"].text)
                let pipeline = message["detail"]["pipeline"].text
                #expect(pipeline == "" || envelope["MessageAttributes"]["pipeline"]["Value"].text == pipeline)
            }
            let success = try #require(
                messages.first { $0["detail-type"].text == "Job Succeeded" && $0["detail"]["job_id"].text == loaded["job_id"].text })
            #expect(success["detail"]["receipt"].text == receiptURI)
            #expect(success["detail"]["counts"]["loaded"].int == 1500)
            #expect(success["detail"]["source"]["uri"].text == source)
            #expect(success["detail"]["outputs"][0]["sha256"].text == output["sha256"].text)
            let created = try #require(
                events.first { $0["detail-type"].text == "Parquet Created" && $0["detail"]["job_id"].text == loaded["job_id"].text })
            #expect(created["detail"]["uri"].text == output["uri"].text)
            #expect(created["detail"]["schema"].list.map { $0["name"].text } == Orders.names)

            try await site.awaitEmptyQueue()
            let listedJobs = try JSON.lines(try await site.landfall("jobs", "list", "--status", "succeeded", "--json").output)
            #expect(Set(listedJobs.map { $0["key"].text }) == ["orders/in here/a+b é.csv", "orders/parts.csv", "convert/a.jsonl"])
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("S3 can announce objects directly or through SNS, in buckets with versions too", arguments: ["sqs", "sns"], [false, true])
    func roads(_ arrivals: String, _ versioned: Bool) async throws {
        let orders = Orders(200)
        try await Database.with { database in
            let site = try await AWSSite(folder, database, arrivals: arrivals, versioned: versioned)
            let version = try await site.put(orders.csv, as: "orders/in here/a+b%2Fé.csv")
            // Versions: what is there by the time the event is read is another version.
            if versioned { try await site.put(Orders(3, from: 9000).csv, as: "orders/in here/a+b%2Fé.csv") }
            let worker = try site.landfall.worker()
            let jobs = try await eventually("the jobs end") {
                let items = try await site.items()
                return items.count == (versioned ? 2 : 1) && items.allSatisfy(AWSSite.isEnded) ? items : nil
            }
            #expect(jobs.allSatisfy { $0["status"].text == "succeeded" && $0["key"].text == "orders/in here/a+b%2Fé.csv" })
            if versioned {
                let first = try #require(jobs.first { $0["version"].text == version })
                #expect(first["counts"]["loaded"].int == 200)
                #expect(
                    try await database.value("SELECT DISTINCT _source FROM shop.orders WHERE id = 1")
                        == "s3://\(site.input)/orders/in here/a+b%2Fé.csv?versionId=\(version ?? "")")
            }
            #expect(try await rows(database, "id < 9000") == orders.rows)
            try await site.awaitEmptyQueue()
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("run takes an s3:// URI, and does not do again what a worker has done")
    func run() async throws {
        let orders = Orders(100)
        try await Database.with { database in
            let site = try await AWSSite(folder, database, arrivals: "none")
            try await site.put(orders.csv, as: "orders/a b.csv")
            let uri = "s3://\(site.input)/orders/a b.csv"
            let first = try await site.landfall("run", uri, "--json")
            #expect(first.code == 0)
            #expect(try first.json()["counts"]["loaded"].int == 100)
            #expect(try first.json()["outputs"][0]["uri"].text?.hasPrefix("s3://\(site.output)/orders/") == true)
            let second = try await site.landfall("run", uri, "--json")
            #expect(second.code == 0)
            #expect(try second.json()["job_id"].text == first.json()["job_id"].text)
            #expect(try await rows(database) == orders.rows)
            #expect(try await site.landfall("run", "s3://\(site.input)/none.csv", "--pipeline", "orders").code == 66)
            var denied = site.landfall
            denied.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:\(freePort())"
            denied.environment["AWS_MAX_ATTEMPTS"] = "1"
            #expect(try await denied("run", uri).code == 69)
        }
    }

    /// A worker whose second object waits in its load step for a table that somebody has locked.
    private func withWorkerThatWaits(
        _ settings: [String: String] = [:],
        _ body: (AWSSite, Database, RunningWorker, TableLock, Orders) async throws -> Void
    ) async throws {
        let orders = Orders(250)
        try await Database.with { database in
            let site = try await AWSSite(folder, database, settings)
            let worker = try site.landfall.worker()
            try await site.put(Orders(1, from: 5000).csv, as: "orders/first.csv")
            #expect(try await site.item("orders/first.csv")["status"].text == "succeeded")
            let lock = try await database.lock("shop.orders")
            try await site.put(orders.csv, as: "orders/second.csv")
            _ = try await site.item("orders/second.csv", "loads") { $0["step"].text == "load" }
            try await database.awaitWaiting(1)
            try await body(site, database, worker, lock, orders)
        }
    }

    private func expectOnce(_ orders: Orders, _ database: Database, _ site: AWSSite) async throws {
        #expect(try await rows(database, "shop.orders.id < 5000") == orders.rows)
        #expect(try await database.value("SELECT count(*) FROM landfall.loads") == "2")
        try await site.awaitEmptyQueue()
    }

    @Test("a worker that is killed in mid-job loses nothing and does nothing twice")
    func killed() async throws {
        try await withWorkerThatWaits { site, database, worker, lock, orders in
            try await worker.kill()
            let successor = try site.landfall.worker()
            _ = try await site.item("orders/second.csv", "is taken over") { $0["attempt"].int == 2 }
            try await database.awaitWaiting(2)
            try await lock.release()
            let item = try await site.item("orders/second.csv")
            #expect(item["status"].text == "succeeded")
            #expect(item["counts"]["loaded"].int == 250)
            try await expectOnce(orders, database, site)
            let events = try await site.onBus(4).filter { $0["detail"]["job_id"].text == item["job_id"].text }
            #expect(events.map { $0["detail-type"].text ?? "" }.sorted() == ["Job Succeeded", "Parquet Created"])
            #expect(try await successor.terminate() == .code(0))
        }
    }

    @Test("SIGTERM lets a job that runs come to its end, and takes no other")
    func drained() async throws {
        try await withWorkerThatWaits { site, database, worker, lock, orders in
            worker.child.send(SIGTERM)
            _ = try await eventually("the worker drains") { try worker.said("Draining").first }
            try await site.put(Orders(3, from: 7000).csv, as: "orders/late.csv")
            try await lock.release()
            #expect(try await worker.child.end(within: .seconds(30)) == .code(0))
            let item = try await site.item("orders/second.csv")
            #expect(item["status"].text == "succeeded")
            #expect(item["attempt"].int == 1)
            #expect(try await rows(database, "shop.orders.id < 5000") == orders.rows)
            #expect(try await site.depth() == (1, 0))
        }
    }

    @Test("when the time to drain is over the message and the job are given back at once, and the next worker goes on")
    func interrupted() async throws {
        try await withWorkerThatWaits(["LANDFALL_DRAIN_SECONDS": "0", "LANDFALL_LEASE_SECONDS": "300"]) {
            site, database, worker, lock, orders in
            #expect(try await worker.terminate() == .code(0))
            #expect(try await site.depth() == (1, 0))
            let released = try await site.item("orders/second.csv", "is given back") { _ in true }
            #expect(released["status"].text == "running")
            #expect(!released["owner"].isThere)
            #expect(!released["lease_until"].isThere)
            try await lock.release()
            let successor = try site.landfall.worker()
            let item = try await site.item("orders/second.csv")
            #expect(item["status"].text == "succeeded")
            #expect(item["attempt"].int == 1)
            try await expectOnce(orders, database, site)
            #expect(try await successor.terminate() == .code(0))
        }
    }

    @Test("two workers on one queue do each object once, however often it is announced")
    func twoWorkers() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database)
            let workers = [try site.landfall.worker(), try site.landfall.worker()]
            for number in 0..<8 { try await site.putInParts(Orders(50, from: number * 50 + 1).csv, as: "orders/\(number).csv") }
            for number in 0..<8 { #expect(try await site.item("orders/\(number).csv")["status"].text == "succeeded") }
            try await site.awaitEmptyQueue()
            #expect(try await rows(database) == Orders(400).rows)
            #expect(try await database.value("SELECT count(*) FROM landfall.loads") == "8")
            #expect(try await site.items().count == 8)
            for worker in workers { #expect(try await worker.terminate() == .code(0)) }
        }
    }

    @Test("a job outlives many leases, and its message stays hidden")
    func longJob() async throws {
        try await withWorkerThatWaits { site, database, worker, lock, orders in
            let first = try await site.item("orders/second.csv", "runs") { _ in true }
            // The lease that was made first is long over when it has been renewed four times.
            var leases: Set<String> = [first["lease_until"].text ?? ""]
            _ = try await eventually("the lease is renewed four times") {
                leases.insert(try await site.item("orders/second.csv", "runs") { _ in true }["lease_until"].text ?? "")
                #expect(try await site.depth() == (0, 1))
                return leases.count > 4 ? true : nil
            }
            try await lock.release()
            #expect(try await site.item("orders/second.csv")["attempt"].int == 1)
            try await expectOnce(orders, database, site)
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("what does not read back as it was written is not uploaded: the job fails, and its dead letter shows the first differences")
    func notProven() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database)
            let worker = try site.landfall.worker()
            // No pipeline takes the key by itself.
            try await site.put(Orders(300).jsonLines, as: "held/a.jsonl")
            let message = "{\"landfall\":1,\"source\":\"s3://\(site.input)/held/a.jsonl\",\"pipeline\":\"to-csv-plain\""
            try await site.send(message + ",\"step\":\"convert\"}")
            let held = try await site.item("held/a.jsonl", "has converted") {
                $0["pipeline"].text == "to-csv-plain" && $0["steps"]["convert"]["ended"].isThere
            }
            let id = try #require(held["job_id"].text)
            // One digit of the finished file is another, which its size and time do not tell.
            let file = try #require(
                folder.files(in: "work/\(id)").first { $0.hasSuffix(".csv") }.map { folder("work/\(id)/\($0)") })
            try Self.tamper(file) { $0.replacing("\n217,", with: "\n218,") }
            try await site.send(message + "}")
            let failed = try await site.item("held/a.jsonl") { $0["pipeline"].text == "to-csv-plain" && $0["status"].text != "running" }
            #expect(failed["status"].text == "failed")
            #expect(failed["error"]["code"].text == "convert.not_proven")
            let told = #"The conversion of a.jsonl to csv is not proven: column "id", row 217: expected "217", found "218"."#
            #expect(failed["error"]["message"].text == told)
            let letters = try await site.deadLetters(2)
            let letter = try #require(letters.first { $0["attributes"]["error.code"].text == "convert.not_proven" })
            #expect(letter["attributes"]["error.message"].text == told)
            #expect(letter["attributes"]["step"].text == "validate")
            #expect(letter["body"].text == message + "}")
            #expect(try await site.outputKeys().isEmpty)
            #expect(try await worker.terminate() == .code(0))
        }
    }

    /// Changes a file so that size and time of change stay as they were.
    private static func tamper(_ path: String, _ change: (String) -> String) throws {
        var facts = stat()
        try #require(stat(path, &facts) == 0)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let changed = change(text)
        try #require(changed != text && changed.utf8.count == text.utf8.count)
        try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
        var times = [facts.st_atim, facts.st_mtim]
        try #require(utimensat(AT_FDCWD, path, &times, 0) == 0)
    }

    @Test(
        "the ECS task is protected while it is busy; where that cannot be, the worker goes on all the same",
        arguments: [
            #"{"protection":{"ProtectionEnabled":true,"ExpirationDate":"2030-01-01T00:00:00Z","TaskArn":"arn:task"}}"#,
            #"{"failure":{"Arn":"arn:task","Reason":"TASK_NOT_VALID","Detail":"not part of a service"}}"#, "no JSON",
        ])
    func protection(_ answer: String) async throws {
        let agent = ScriptedServer { _ in [.answer("200 OK", answer)] }
        try await Database.with { database in
            let site = try await AWSSite(folder, database, ["ECS_AGENT_URI": agent.url + "/api/task"])
            let worker = try site.landfall.worker()
            try await site.put(Orders(20).csv, as: "orders/a.csv")
            #expect(try await site.item("orders/a.csv")["status"].text == "succeeded")
            try await site.awaitEmptyQueue()
            #expect(try await worker.terminate() == .code(0))
            let asked = try agent.requests.map { request in
                #expect(request.line.hasPrefix("PUT /api/task/task-protection/v1/state "))
                return try JSON(String(decoding: request.body, as: UTF8.self))["ProtectionEnabled"].bool
            }
            #expect(asked.first == true)
            #expect(asked.last == false)
            let complaints = try worker.said("The task's protection could not be changed").count
            #expect(answer.contains("ExpirationDate") ? complaints == 0 : complaints == asked.count)
        }
    }
}
