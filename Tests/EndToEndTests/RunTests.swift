import Foundation
import Testing

@Suite(.enabled(if: TestBed.hasPostgres && TestBed.hasPython, TestBed.needsPostgres))
struct RunTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func landfall(_ database: Database) throws -> Landfall {
        Landfall(
            folder,
            [
                "LANDFALL_LOCAL_ROOT": folder("local"), "LANDFALL_PIPELINES": try Pipelines.write(to: folder),
                "LANDFALL_DATABASE_URL": database.url,
            ])
    }

    @Test("a path is loaded through a pipeline, and rows, Parquet and receipt agree with the file")
    func loads() async throws {
        let orders = Orders(5000)
        try folder.write(orders.csv, to: "orders/in.csv")
        try await Database.with { database in
            let landfall = try landfall(database)
            let result = try await landfall("run", "orders/in.csv", "--pipeline", "orders", "--output", folder("out"), "--json")
            #expect(result.code == 0)
            let receipt = try result.json()
            #expect(receipt["job_id"].text?.count == 32)
            #expect(receipt["pipeline"].text == "orders")
            #expect(receipt["workflow"].text == "loader")
            #expect(receipt["attempt"].int == 1)
            #expect(receipt["source"]["uri"].text == "file://\(folder("orders/in.csv"))")
            #expect(receipt["source"]["bytes"].int == orders.csv.utf8.count)
            #expect(receipt["source"]["sha256"].text?.count == 64)
            #expect(receipt["source"]["format"].text == "csv")
            for (name, count) in [("read", 5000), ("loaded", 5000), ("written", 5000), ("rejected", 0), ("filtered", 0)] {
                #expect(receipt["counts"][name].int == count)
            }
            #expect(receipt["columns"].list.map { $0["name"].text } == Orders.names)
            #expect(receipt["columns"].list.allSatisfy { $0["checksum"].text?.count == 16 })
            #expect(receipt["load"]["table"].text == "shop.orders")
            #expect(receipt["load"]["rows"].int == 5000)
            #expect(receipt["steps"].list.map { $0["name"].text } == ["download", "transform", "load"])
            let output = receipt["outputs"][0]
            #expect(output["format"].text == "parquet")
            #expect(output["rows"].int == 5000)

            #expect(try await database.rows("\(Orders.select) FROM shop.orders ORDER BY shop.orders.id") == orders.rows)
            let path = try #require(output["uri"].text?.replacing("file://", with: ""))
            #expect(output["bytes"].int == (try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.intValue)
            let read = try await Python.required()("parquet", ["path": path])
            #expect(read["types"].texts == Orders.arrowTypes)
            #expect(read["agree"].bool == true)
            #expect(read["rows"].rows == orders.rows)
            #expect(read["metadata"]["landfall.job_id"].text == receipt["job_id"].text)

            let lineage = try await database.rows(
                "SELECT DISTINCT _load_id, split_part(_source, '#', 1) FROM shop.orders")
            #expect(lineage == [[receipt["job_id"].text, "file://\(folder("orders/in.csv"))"]])
            #expect(try await database.value("SELECT count(*) FROM shop.orders WHERE _row = id") == "5000")
            #expect(
                try await database.rows("SELECT load_id, pipeline, target_table, rows::text FROM landfall.loads")
                    == [[receipt["job_id"].text, "orders", "shop.orders", "5000"]])
        }
    }

    @Test("flags win over the pipeline, and what they do not say the pipeline does")
    func flags() async throws {
        try folder.write(
            "name: flagged\nworkflow: convertor\ninput: { delimiter: ';', \"null\": [NIL] }\noutput: { csv: {} }",
            to: "flagged.yaml")
        try folder.write("made on Monday\nid;name\n# a remark\n1;NIL\n2;b,c\n", to: "in.csv")
        try await Database.with { database in
            let result = try await landfall(database)(
                "run", "in.csv", "--pipeline", "./flagged.yaml", "--output", folder("out"), "--skip-lines", "1", "--comment", "#",
                "--threads", "2", "--json")
            #expect(result.code == 0)
            let uri = try result.json()["outputs"][0]["uri"].text ?? ""
            let text = try String(contentsOfFile: try #require(URL(string: uri)).path, encoding: .utf8)
            #expect(text == "id,name\n1,\n2,\"b,c\"\n")
        }
    }

    @Test("a file that was loaded is not loaded again, and its receipt is shown again")
    func once() async throws {
        try folder.write(Orders(20).csv, to: "in.csv")
        try await Database.with { database in
            let landfall = try landfall(database)
            let first = try await landfall("run", "in.csv", "--pipeline", "orders", "--json")
            let second = try await landfall("run", "in.csv", "--pipeline", "orders", "--json")
            #expect(first.code == 0)
            #expect(second.code == 0)
            #expect(try first.json()["job_id"].text == second.json()["job_id"].text)
            #expect(try second.json()["counts"]["loaded"].int == 20)
            #expect(try await database.value("SELECT count(*) FROM shop.orders") == "20")

            // The record is gone, but the ledger in the database is not.
            try FileManager.default.removeItem(atPath: folder("local"))
            let third = try await landfall("run", "in.csv", "--pipeline", "orders", "--json")
            #expect(third.code == 0)
            #expect(try await database.value("SELECT count(*) FROM shop.orders") == "20")
            #expect(try await database.value("SELECT count(*) FROM landfall.loads") == "1")
        }
    }

    @Test("a changed file under the same name is another job")
    func changed() async throws {
        try await Database.with { database in
            let landfall = try landfall(database)
            for count in [3, 4] {
                try folder.write(Orders(count).csv, to: "in.csv")
                #expect(try await landfall("run", "in.csv", "--pipeline", "orders").code == 0)
            }
            #expect(try await database.value("SELECT count(*) FROM shop.orders") == "7")
        }
    }

    @Test("without a pipeline a file goes into a table of its name, with inferred types")
    func adHoc() async throws {
        let orders = Orders(200)
        try folder.write(orders.csv, to: "My Orders.csv")
        try await Database.with { database in
            var landfall = try landfall(database)
            landfall.environment["LANDFALL_DATABASE_URL"] = nil
            let result = try await landfall("run", "My Orders.csv", "--database", database.url, "--json")
            #expect(result.code == 0)
            #expect(try await database.rows("\(Orders.select) FROM \"My Orders\" ORDER BY \"My Orders\".id") == orders.rows)
            // Said in other words it is still the same file into the same database.
            let again = try await landfall("run", "./My Orders.csv", "--database", database.url)
            #expect(again.code == 0)
            #expect(try await database.rows("\(Orders.select) FROM \"My Orders\" ORDER BY \"My Orders\".id") == orders.rows)
        }
    }

    @Test("the generated SQL runs with psql to the same rows")
    func script() async throws {
        let orders = Orders(300)
        try folder.write(orders.csv, to: "in.csv")
        try await Database.with { database in
            var landfall = try landfall(database)
            landfall.environment["LANDFALL_KEEP_SCRATCH"] = "true"
            #expect(try await landfall("run", "in.csv", "--pipeline", "orders").code == 0)
            let script = try #require(folder.files(in: "local/work").first { $0.hasSuffix("sql/0001.sql") })
            try await Database.with { other in
                try await other.run(file: folder("local/work/\(script)"))
                let sql = "\(Orders.select), _load_id, _source, _row::text FROM shop.orders ORDER BY shop.orders.id"
                #expect(try await other.rows(sql) == database.rows(sql))
                #expect(try await other.value("SELECT rows FROM landfall.loads") == "300")
            }
        }
    }

    @Test("a bad row ends a strict load with 65: nothing is loaded, and nothing written")
    func strict() async throws {
        try folder.write(Orders(50).csv + "51,x\n", to: "in.csv")
        try await Database.with { database in
            let result = try await landfall(database)("run", "in.csv", "--pipeline", "strict", "--json")
            #expect(result.code == 65)
            #expect(result.output == "")
            #expect(result.error.hasSuffix("[csv.field_count]\n"))
            #expect(try await database.value("SELECT to_regclass('shop.strict')") == nil)
            #expect(folder.files(in: "local/output").isEmpty)
        }
    }

    @Test("a file that was rejected is tried again when a person asks for it")
    func again() async throws {
        try folder.write(Orders(50).csv + "51,x\n", to: "in.csv")
        try await Database.with { database in
            let landfall = try landfall(database)
            #expect(try await landfall("run", "in.csv", "--pipeline", "strict").code == 65)
            let rejects = folder("rejects.csv")
            let result = try await landfall(
                "run", "in.csv", "--pipeline", "strict", "--on-error", "reject", "--rejects", rejects, "--json")
            #expect(result.code == 0)
            #expect(try result.json()["counts"]["rejected"].int == 1)
            #expect(try await database.value("SELECT count(*) FROM shop.strict") == "50")
            #expect(try folder.text("rejects.csv").hasSuffix("csv.field_count,\"expected 8 fields, found 2\"\n"))
        }
    }

    @Test("each reason not to run has its exit code")
    func codes() async throws {
        try folder.write(Orders(5).csv, to: "in.csv")
        try await Database.with { database in
            var landfall = try landfall(database)
            #expect(try await landfall("run", "none.csv", "--pipeline", "orders").code == 66)
            let unnamed = try await landfall("run", "in.csv")
            #expect(unnamed.code == 78)
            #expect(unnamed.error.hasSuffix("[pipeline.no_match]\n"))
            let misspelt = try await landfall("run", "in.csv", "--pipeline", "ordres")
            #expect(misspelt.code == 78)
            #expect(misspelt.error.contains("did you mean \"orders\"?"))

            let user = "landfall_e2e_\(UUID().uuidString.prefix(8).lowercased())"
            try await database.execute("CREATE ROLE \(user) LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC")
            landfall.environment["LANDFALL_DATABASE_URL"] = database.url(user: user)
            let denied = try await landfall("run", "in.csv", "--pipeline", "orders")
            try await database.execute("DROP ROLE \(user)")
            #expect(denied.code == 77)
            #expect(denied.error.hasSuffix("[database.permission_denied]\n"))

            landfall.environment["LANDFALL_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:\(freePort())/none"
            let away = try await landfall("run", "in.csv", "--pipeline", "orders")
            #expect(away.code == 69)
            #expect(away.error.hasSuffix("[database.unavailable]\n"))
        }
    }

    @Test("a key that is there is bad data, told without the row")
    func violation() async throws {
        try folder.write(Orders(5).csv, to: "in.csv")
        try await Database.with { database in
            let landfall = try landfall(database)
            #expect(try await landfall("run", "in.csv", "--pipeline", "orders").code == 0)
            try await database.execute("ALTER TABLE shop.orders ADD UNIQUE (id)")
            try folder.write(Orders(1, from: 5).csv, to: "more.csv")
            let result = try await landfall("run", "more.csv", "--pipeline", "orders")
            #expect(result.code == 65)
            #expect(result.error.hasSuffix("[database.unique_violation]\n"))
            #expect(!result.error.contains("Müller"))
            #expect(try await database.value("SELECT count(*) FROM shop.orders") == "5")
        }
    }
}
