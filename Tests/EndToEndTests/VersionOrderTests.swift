import Foundation
import Testing

@Suite("Versions, duplicates and order", .serialized, .enabled(if: TestBed.hasAWS, TestBed.needsAWS))
struct VersionOrderTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func pipeline(_ name: String, _ more: String) throws {
        try folder.write(
            """
            name: \(name)
            match: { key: "\(name)/**" }
            workflow: loader
            \(Orders.columns)
            target: { postgres: { table: shop.\(name) } }
            \(more)
            """, to: "pipelines/05-\(name).yaml")
    }

    private func message(_ site: AWSSite, _ key: String, _ version: String?, _ sequencer: String) -> String {
        let version = version.map { #","version":"\#($0)""# } ?? ""
        return #"{"landfall":1,"source":"s3://\#(site.input)/\#(key)","sequencer":"\#(sequencer)"\#(version)}"#
    }

    @Test("a version whose event comes late is superseded, whether the newer one was loaded or converted")
    func superseded() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database, arrivals: "none", versioned: true)
            for key in ["orders/a.csv", "convert/a.csv"] {
                let old = try await site.put(Orders(5).csv, as: key)
                let new = try await site.put(Orders(7).csv, as: key)
                let worker = try site.landfall.worker()
                try await site.send(message(site, key, new, "00B"))
                _ = try await site.item(key)
                try await site.send(message(site, key, old, "00A"))
                let late = try await site.item(key, "is superseded") { $0["version"].text == old && $0["status"].text != "running" }
                #expect(late["status"].text == "superseded")
                #expect(late["error"]["code"].text == "job.superseded")
                try await site.awaitEmptyQueue()
                #expect(try await worker.terminate() == .code(0))
            }
            #expect(try await database.value("SELECT count(*) FROM shop.orders") == "7")
        }
    }

    @Test("a corrected file is loaded in the place of the first one, or refused, as its pipeline says")
    func resent() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database, versioned: true)
            try pipeline("mended", "resend: replace")
            try pipeline("fixed", "resend: reject")
            let worker = try site.landfall.worker()
            for name in ["mended", "fixed"] {
                try await site.put(Orders(5).csv, as: "\(name)/a.csv")
                #expect(try await site.item("\(name)/a.csv")["status"].text == "succeeded")
                let second = try await site.put(Orders(3, from: 100).csv, as: "\(name)/a.csv")
                let job = try await site.item("\(name)/a.csv", "ends again") { $0["version"].text == second && AWSSite.isEnded($0) }
                #expect(job["status"].text == (name == "mended" ? "succeeded" : "rejected"))
            }
            #expect(try await database.value("SELECT min(id) || ' ' || count(*) FROM shop.mended") == "100 3")
            #expect(try await database.value("SELECT min(id) || ' ' || count(*) FROM shop.fixed") == "1 5")
            #expect(try await site.deadLetters(1).first?["attributes"]["error.code"].text == "load.resent")
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("the same content under another key is noticed, and refused where the pipeline says so")
    func duplicates() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database)
            try pipeline("unique", "duplicates: reject")
            let worker = try site.landfall.worker()
            for name in ["orders", "unique"] {
                try await site.put(Orders(5).csv, as: "\(name)/a.csv")
                let first = try await site.item("\(name)/a.csv")
                try await site.put(Orders(5).csv, as: "\(name)/b.csv")
                let second = try await site.item("\(name)/b.csv")
                #expect(second["duplicate_of"].text == first["job_id"].text)
                #expect(second["status"].text == (name == "orders" ? "succeeded" : "rejected"))
            }
            #expect(try await database.value("SELECT count(*) FROM shop.unique") == "5")
            #expect(try await site.deadLetters(1).first?["attributes"]["error.code"].text == "input.duplicate")
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("a FIFO queue's groups keep their order, and its dead letters go to a FIFO queue")
    func fifo() async throws {
        try await Database.with { database in
            let site = try await AWSSite(folder, database, arrivals: "none")
            let urls = try await site.call("fifo", ["name": "f\(UUID().uuidString.prefix(8))"]).texts
            var landfall = site.landfall
            landfall.environment["LANDFALL_QUEUE_URL"] = urls[0]
            landfall.environment["LANDFALL_DLQ_URL"] = urls[1]
            landfall.environment["LANDFALL_CONCURRENCY"] = "4"
            for group in ["a", "b"] {
                let keys = (0..<5).map { "orders/\(group)\($0).csv" } + ["strict/\(group).csv"]
                for (number, key) in keys.enumerated() {
                    try await site.put(number < 5 ? Orders(30, from: number * 30 + 1).csv : "id\n\"open", as: key)
                }
                let bodies = keys.map { message(site, $0, nil, "") }
                _ = try await site.call("send_fifo", ["url": urls[0], "group": group, "bodies": bodies])
            }
            let worker = try landfall.worker()
            for group in ["a", "b"] { _ = try await site.item("strict/\(group).csv") }
            let order = try await database.rows(
                "SELECT DISTINCT ON (_source) _source, l.loaded_at FROM shop.orders o JOIN landfall.loads l ON l.load_id = o._load_id ORDER BY _source"
            )
            #expect(order.count == 10)
            for group in ["a", "b"] {
                let mine = order.filter { ($0[0] ?? "").contains("/orders/\(group)") }
                #expect(mine.map { $0[1] ?? "" } == mine.map { $0[1] ?? "" }.sorted())
            }
            let letters = try await eventually("two dead letters") {
                let letters = try await site.call("drain", ["url": urls[1]]).list
                return letters.isEmpty ? nil : letters
            }
            #expect(letters.allSatisfy { $0["attributes"]["error.code"].text == "csv.unclosed_quote" })
            #expect(try await worker.terminate() == .code(0))
        }
    }
}
