import Foundation
import Testing

/// `landfall dlq`, with the real worker before and after it.
@Suite(.serialized, .enabled(if: TestBed.hasPostgres && TestBed.hasPython, TestBed.needsPostgres))
struct DeadLetterTests {
    private let folder: Folder
    private static let broken = "id,name\n1,\"never closed\n2,x\n"

    init() throws {
        folder = try Folder()
    }

    private func mend(_ file: String) throws {
        try folder.write(try folder.text("pipelines/\(file)") + "\n# mended\n", to: "pipelines/\(file)")
    }

    @Test("locally: filters, refusals, what has changed is redriven, force, purge")
    func local() async throws {
        try await Database.with { database in
            let site = try LocalSite(folder, database)
            let landfall = site.landfall
            func count(_ filters: String...) async throws -> Int {
                let result = try await landfall.run(["dlq", "list", "--json"] + filters)
                #expect(result.code == 0)
                return try JSON.lines(result.output).count
            }
            func letters(_ count: Int) async throws -> [JSON] {
                try await eventually("\(count) dead letters") {
                    let letters = try await site.deadLetters()
                    return letters.count == count ? letters : nil
                }
            }
            var worker = try landfall.worker()
            try site.drop(Self.broken, as: "strict/broken.csv")
            try site.drop("a,b\n1,2\n", as: "unknown.txt")
            let first = try await letters(2)
            #expect(try await worker.terminate() == .code(0))
            let rejected = try await site.job("strict/broken.csv")

            #expect(try await count("--code", "csv.*") == 1)
            #expect(try await count("--code", "csv.unclosed_quote", "--pipeline", "strict", "--key", "strict/*") == 1)
            #expect(try await count("--code", "csv.*", "--key", "*.txt") == 0)
            #expect(try await count("--key", "*.txt") == 1)
            #expect(try await count("--older-than", "1h") == 0)
            #expect(try await count("--newer-than", "1h30m") == 2)
            #expect(try await count("--limit", "1") == 1)
            let letter = try #require(first.first { $0["pipeline"].text == "strict" })
            #expect(letter["code"].text == "csv.unclosed_quote")
            #expect(letter["job_id"].text == rejected["job_id"].text)
            #expect(letter["keys"].texts == ["strict/broken.csv"])
            #expect(letter["rejected_at"].text == rejected["ended_at"].text)
            #expect(try await landfall("dlq", "list", "--older-than", "soon").code == 64)
            #expect(try await landfall("dlq", "list", "--key", "{a").code == 64)

            // Nothing has changed: refused, each with its reason; and nothing is held.
            for arguments in [["dlq", "redrive", "--dry-run", "--json"], ["dlq", "redrive", "--json"]] {
                let refused = try await landfall.run(arguments)
                #expect(refused.code == 65)
                #expect(refused.error.contains("message.would_fail_again"))
                let report = try refused.json()
                #expect(report["matched"].int == 2 && report["refused"].int == 2 && report["redriven"].int == 0)
                #expect(report["letters"].list.allSatisfy { $0["result"].text == "refused" && $0["reason"].isThere })
            }
            #expect(try await count() == 2)

            // A pipeline that takes the one.
            try folder.write(
                "name: texts\nmatch: { key: '*.txt' }\nworkflow: convertor\ninput: { format: csv }\n", to: "pipelines/50-texts.yaml")
            #expect(try await count("--pipeline", "texts") == 1)
            let some = try await landfall("dlq", "redrive", "--json")
            #expect(some.code == 0)
            let report = try some.json()
            #expect(report["dry_run"].bool == false)
            #expect(report["redriven"].int == 1 && report["refused"].int == 1)
            #expect(try await count() == 1)

            // A mended pipeline for the other.
            try mend("20-strict.yaml")
            let dry = try await landfall("dlq", "redrive", "--pipeline", "strict", "--dry-run", "--json")
            #expect(dry.code == 0)
            #expect(try dry.json()["letters"][0]["result"].text == "would_be_redriven")
            #expect(try await count() == 1)
            let people = try await landfall("dlq", "redrive", "--pipeline", "strict")
            #expect(people.code == 0)
            #expect(people.output.hasSuffix("1 redriven, 0 refused\n"))
            #expect(try await count() == 0)

            worker = try landfall.worker()
            let taken = try await site.job("unknown.txt") { $0["pipeline"].text == "texts" && LocalSite.isEnded($0) }
            #expect(taken["status"].text == "succeeded")
            let again = try await letters(1)[0]
            let second = try await site.job("strict/broken.csv")
            #expect(second["job_id"].text == rejected["job_id"].text)
            #expect(second["status"].text == "rejected")
            #expect(second["attempt"].int == 1)
            #expect((second["ended_at"].text ?? "") > (rejected["ended_at"].text ?? "~"))
            #expect(second["revision"].text != rejected["revision"].text)
            #expect(again["rejected_at"].text == second["ended_at"].text)

            // By force, though nothing has changed.
            let id = again["id"].text ?? ""
            #expect(try await landfall("dlq", "redrive", id).code == 65)
            #expect(try await landfall("dlq", "redrive", id, "--force").code == 0)
            let third = try await eventually("another dead letter") { try await site.deadLetters().first { $0["id"].text != id } }
            #expect((third["rejected_at"].text ?? "") > (again["rejected_at"].text ?? "~"))
            #expect(try await worker.terminate() == .code(0))

            #expect(try await landfall("dlq", "purge", "--code", "json.*", "--json").json()["purged"].int == 0)
            #expect(try await landfall("dlq", "purge", "--dry-run", "--json").json()["purged"].int == 1)
            #expect(try await count() == 1)
            #expect(try await landfall("dlq", "redrive", "none").code == 66)
            #expect(try await landfall("dlq", "purge", "--json").json()["purged"].int == 1)
            #expect(try await count() == 0)
        }
    }

    @Test("on AWS: the same, with letters that SQS moved by itself, and SQS's own redrive", .enabled(if: TestBed.hasAWS, TestBed.needsAWS))
    func aws() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database, arrivals: "none")
            let landfall = site.landfall
            func message(_ key: String) -> String { #"{"landfall":1,"source":"s3://\#(site.input)/\#(key)"}"# }
            func list(_ filters: String...) async throws -> [JSON] {
                try JSON.lines(try await landfall.run(["dlq", "list", "--json"] + filters).output)
            }
            func awaitLetters(_ count: Int) async throws -> [JSON] {
                try await eventually("\(count) dead letters") {
                    let letters = try await list()
                    return letters.count == count ? letters : nil
                }
            }
            var worker = try landfall.worker()
            try await site.put(Self.broken, as: "strict/broken.csv")
            for body in [message("strict/broken.csv"), message("unknown.txt"), "hello"] { try await site.send(body) }
            _ = try await awaitLetters(3)
            #expect(try await worker.terminate() == .code(0))
            let rejected = try await site.item("strict/broken.csv")
            let orders = Orders(20)
            try await site.put(orders.csv, as: "orders/buried.csv")
            try await site.bury(message("orders/buried.csv"))

            let moved = try await list("--code", "message.receives_exhausted")
            #expect(moved.map { $0["keys"].texts } == [["orders/buried.csv"]])
            #expect(try await landfall("dlq", "list").output.contains("(moved by the queue)"))
            #expect(try await list("--key", "strict/**", "--code", "csv.*").count == 1)
            #expect(try await list("--newer-than", "1h").count == 4)

            // Only the one that nobody could do is redriven; what is refused is there again at once.
            let report = try await landfall("dlq", "redrive", "--json").json()
            #expect(report["redriven"].int == 1 && report["refused"].int == 3)
            #expect(report["letters"].list.first { $0["result"].text == "redriven" }?["code"].text == "message.receives_exhausted")
            #expect(try await list().count == 3)
            #expect(try await landfall("dlq", "redrive").code == 65)

            // SQS's own redrive opens the job again too, and what it moves ends where it was.
            try mend("20-strict.yaml")
            try await site.moveDeadLetters()
            worker = try landfall.worker()
            #expect(try await site.item("orders/buried.csv")["status"].text == "succeeded")
            let letters = try await awaitLetters(3)
            let second = try await site.item("strict/broken.csv")
            #expect((second["ended_at"].text ?? "") > (rejected["ended_at"].text ?? "~"))
            let strict = try #require(letters.first { $0["pipeline"].text == "strict" })
            #expect(strict["rejected_at"].text == second["ended_at"].text)
            #expect(strict["attributes"].keys == ["attempts", "error.code", "error.message", "job.id", "pipeline", "rejected.at", "step"])

            // Ours, forced.
            let forced = try await landfall("dlq", "redrive", "--force", "--pipeline", "strict", "--json").json()
            #expect(forced["redriven"].int == 1)
            let third = try await site.item("strict/broken.csv", "is rejected again") {
                AWSSite.isEnded($0) && ($0["ended_at"].text ?? "") > (second["ended_at"].text ?? "~")
            }
            #expect(third["attempt"].int == 1)
            _ = try await awaitLetters(3)
            #expect(try await worker.terminate() == .code(0))
            #expect(try await landfall("dlq", "purge", "--code", "message.*", "--json").json()["purged"].int == 1)
            #expect(try await landfall("dlq", "purge", "--json").json()["purged"].int == 2)
            #expect(try await list().isEmpty)
            #expect(try await database.value("SELECT count(*) FROM shop.orders") == "20")
        }
    }
}
