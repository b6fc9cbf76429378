import Foundation
import Testing

/// Partitioned outputs, announced file by file, and the pipelines that take them as arrivals.
@Suite(.serialized, .enabled(if: TestBed.hasPostgres && TestBed.hasPython, TestBed.needsPostgres))
struct PartitionedOutputTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private static func csv(_ rows: Int, shops: Int) -> String {
        "id,shop,day,note\n"
            + (1...rows).map { "\($0),\($0 % shops == 0 ? "" : "s\($0 % shops)"),2026-01-0\($0 % 2 + 1),\($0 % 3 == 0 ? "" : "n \($0)")\n" }
            .joined()
    }

    private func writePipelines(to output: String = "", taking key: String) throws {
        try folder.write(
            """
            name: lake
            match: { key: "lake/*.csv" }
            workflow: convertor
            output: { parquet: { partition_by: [shop, day], file_rows: 100\(output) } }
            """, to: "pipelines/60-lake.yaml")
        try folder.write(
            """
            name: from-lake
            match: { key: "\(key)" }
            workflow: loader
            target: { postgres: { table: shop.lake } }
            """, to: "pipelines/70-from-lake.yaml")
    }

    @Test("each file of a partitioned output is announced, and another pipeline loads it: on folders and SQLite")
    func local() async throws {
        // Too many files for their announcements to stand in the job's record.
        let (rows, shops) = (520, 65)
        try await Database.with { database in
            let site = try LocalSite(folder, database)
            try writePipelines(taking: "**/output/lake/**")
            try FileManager.default.createDirectory(atPath: folder("local/landing/lake"), withIntermediateDirectories: true)
            try site.drop(Self.csv(rows, shops: shops), as: "lake/a.csv")
            let worker = try site.landfall.worker()
            let job = try await site.job("lake/a.csv")
            #expect(job["status"].text == "succeeded")
            let announced = try await site.announced(of: job, count: 1 + 2 * shops)
            #expect(announced.count == 1 + 2 * shops)
            let succeeded = announced[0]["detail"]
            #expect(succeeded["outputs"].list.count == 100)
            #expect(succeeded["outputs_omitted"].int == 2 * shops - 100)
            try await check(announced.dropFirst().map { $0["detail"] }, job, rows) { uri in
                try #require(URL(string: uri)).path
            }
            let receipt = try JSON(String(contentsOfFile: try #require(URL(string: job["receipt"].text ?? "")).path, encoding: .utf8))
            #expect(receipt["outputs"].list.count == 2 * shops)
            #expect(receipt["validation"]["files"].int == 2 * shops)

            let read = try await Python.required()("dataset", ["path": folder("local/output/lake")])
            #expect(read["names"].texts == ["day", "id", "note", "shop"])
            #expect(read["rows"].list.count == rows)
            #expect(read["rows"].rows == read["duckdb"].rows)
            try await checkLoaded(database, rows)
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("an archive's members become outputs of their own, each with its columns, its rejects and its announcement")
    func members() async throws {
        try await Database.with { database in
            let site = try LocalSite(folder, database)
            try folder.write(
                """
                name: members
                match: { key: "members/*" }
                workflow: convertor
                input: { members: separate, member: "*.csv" }
                columns: [{ name: id, type: int64 }]
                rows: { on_error: reject }
                output: { parquet: {} }
                """, to: "pipelines/60-members.yaml")
            try folder.write("id,name\n1,Zoë\nx,bad\n3,\n", to: "made/people/a.csv")
            try folder.write("id;total\n7;1.50\n", to: "made/b.csv")
            try folder.write("not read", to: "made/readme.txt")
            let tar = try ChildProcess(
                "tar", ["-czf", "members.tgz", "-C", "made", "people", "b.csv", "readme.txt"], environment: TestBed.environment,
                folder: folder.path, descriptors: (0, 1, 2))
            #expect(try await tar.end() == .code(0))
            try FileManager.default.createDirectory(atPath: folder("local/landing/members"), withIntermediateDirectories: true)
            try FileManager.default.moveItem(atPath: folder("members.tgz"), toPath: folder("local/landing/members/all.tgz"))
            let worker = try site.landfall.worker()
            let job = try await site.job("members/all.tgz")
            #expect(job["status"].text == "succeeded")
            #expect(["read", "written", "rejected"].map { job["counts"][$0].int } == [4, 3, 1])

            let receipt = try JSON(String(contentsOfFile: try #require(URL(string: job["receipt"].text ?? "")).path, encoding: .utf8))
            let outputs = receipt["outputs"].list
            #expect(outputs.map { $0["member"].text } == ["b.csv", "people/a.csv", "people/a.csv"])
            #expect(outputs.map { $0["format"].text } == ["parquet", "parquet", "rejects"])
            #expect(outputs.map { $0["rows"].int } == [1, 2, 1])
            #expect(
                receipt["columns"].list.map { "\($0["member"].text ?? "") \($0["name"].text ?? "")" }
                    == ["b.csv id", "b.csv total", "people/a.csv id", "people/a.csv name"])
            #expect(receipt["validation"]["files"].int == 2)
            #expect(receipt["validation"]["rows"].int == 3)

            let announced = try await site.announced(of: job, count: 3)
            #expect(announced.dropFirst().map { $0["detail"]["member"].text } == ["b.csv", "people/a.csv"])
            #expect(
                announced.dropFirst().map { $0["detail"]["schema"].list.map { $0["name"].text ?? "" } } == [
                    ["id", "total"], ["id", "name"],
                ])
            let python = try Python.required()
            let read = try outputs.prefix(2).map { try #require(URL(string: $0["uri"].text ?? "")).path }
            #expect(try await python("parquet", ["path": read[0]])["rows"].rows == [["7", "1.50"]])
            #expect(try await python("parquet", ["path": read[1]])["rows"].rows == [["1", "Zoë"], ["3", nil]])
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test(
        "each file of a partitioned output is announced, and another pipeline loads it: over the wire",
        .enabled(if: TestBed.hasAWS, TestBed.needsAWS))
    func aws() async throws {
        let rows = 500
        try await Database.with { database in
            let site = try await AWSSite(folder, database)
            try writePipelines(taking: "lake/**/*.parquet")
            try await site.route("Parquet Created")
            let worker = try site.landfall.worker()
            try await site.put(Self.csv(rows, shops: 3), as: "lake/a.csv")
            let job = try await site.item("lake/a.csv")
            #expect(job["status"].text == "succeeded")
            // Of the files of a partition of 167 rows the second has what the first does not take.
            let events = try await site.onBus(1 + 6).filter { $0["detail"]["job_id"].text == job["job_id"].text }
            let created = events.filter { $0["detail-type"].text == "Parquet Created" }.map { $0["detail"] }
            #expect(created.count == 6)
            var paths: [String: String] = [:]
            for detail in created {
                let uri = try #require(detail["uri"].text)
                #expect(uri.hasPrefix("s3://\(site.output)/lake/shop="))
                paths[uri] = try await site.fetch(uri)
            }
            try await check(created, job, rows) { try #require(paths[$0]) }
            try await checkLoaded(database, rows)
            #expect(try await worker.terminate() == .code(0))
        }
    }

    @Test("a loader's Parquet files are partitioned too, beside the rows in the table")
    func loader() async throws {
        try await Database.with { database in
            let site = try LocalSite(folder, database)
            try folder.write(
                """
                name: both
                match: { key: "both/*.csv" }
                workflow: loader
                target: { postgres: { table: shop.lake } }
                output: { parquet: { partition_by: day, sorted_by: id } }
                """, to: "pipelines/60-both.yaml")
            try FileManager.default.createDirectory(atPath: folder("local/landing/both"), withIntermediateDirectories: true)
            try site.drop(Self.csv(300, shops: 4), as: "both/a.csv")
            let worker = try site.landfall.worker()
            let job = try await site.job("both/a.csv")
            #expect(job["status"].text == "succeeded")
            #expect(try await database.value("SELECT count(*) FROM shop.lake") == "300")
            let created = try await site.announced(of: job, count: 3).dropFirst().map { $0["detail"] }
            #expect(created.map { $0["partition"][0]["value"].text } == ["2026-01-01", "2026-01-02"])
            #expect(created.map { $0["rows"].int } == [150, 150])
            let read = try await Python.required()("dataset", ["path": folder("local/output/both")])
            #expect(read["rows"].list.count == 300)
            #expect(read["rows"].rows == read["duckdb"].rows)
            #expect(try await worker.terminate() == .code(0))
        }
    }

    /// Holds announcements against the files that they speak of.
    private func check(_ created: [JSON], _ job: JSON, _ rows: Int, _ path: (String) throws -> String) async throws {
        #expect(created.reduce(0) { $0 + ($1["rows"].int ?? 0) } == rows)
        #expect(Set(created.map { $0["uri"].text }).count == created.count)
        for detail in created {
            let file = try path(try #require(detail["uri"].text))
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            #expect(detail["bytes"].int == bytes.count)
            #expect(detail["sha256"].text == (try SHA256Sum.of(file)))
            #expect(detail["job_id"].text == job["job_id"].text)
            #expect(detail["schema"].list.map { $0["name"].text } == ["id", "note"])
            #expect(detail["schema"].list.map { $0["type"].text } == ["int64", "text"])
            #expect(detail["partition"].list.map { $0["column"].text } == ["shop", "day"])
        }
    }

    private func checkLoaded(_ database: Database, _ rows: Int) async throws {
        let count = "SELECT count(*) FROM shop.lake"
        _ = try await eventually("all rows are loaded") {
            (try? await database.value(count)) == String(rows) ? true : nil
        }
        #expect(try await database.value("SELECT count(DISTINCT id) FROM shop.lake") == String(rows))
        #expect(try await database.value("SELECT count(*) FROM shop.lake WHERE id % 3 = 0 AND note IS NULL") == String(rows / 3))
    }
}
