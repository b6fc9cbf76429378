import Foundation
import Testing

@Suite(.enabled(if: TestBed.hasPostgres && TestBed.hasPython, TestBed.needsPostgres))
struct RejectsTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private static func pipeline(_ format: String) -> String {
        """
        name: things
        workflow: loader
        input: { format: \(format) }
        columns:
          - { name: id, type: int64, required: true }
          - { name: total, type: "decimal(8,2)" }
          - { name: note, type: text }
        rows: { on_error: reject }
        target:
          postgres: { table: things, mode: append }
        """
    }

    private func landfall(_ database: Database, _ format: String) throws -> Landfall {
        try folder.write(Self.pipeline(format), to: "pipelines/things.yaml")
        return Landfall(
            folder,
            [
                "LANDFALL_LOCAL_ROOT": folder("local"), "LANDFALL_PIPELINES": folder("pipelines"), "LANDFALL_DATABASE_URL": database.url,
                "LANDFALL_BACKEND": "local",
            ])
    }

    @Test(
        "rejects are shown, mended and replayed: each row joins its first load, and once",
        arguments: [
            ("csv", "id;total;note\n1;1.50;a\n2;1,75;\"b \"\"x\"\"\"\nx;3;\n4;4;\"\"\n", "2;1,75", "2;1.75", "\nx;3", "\n3;3"),
            (
                "jsonl",
                "{\"id\":1,\"total\":1.5,\"note\":\"a\"}\n{\"id\":2,\"total\":\"1,75\",\"note\":\"b \\\"x\\\"\"}\n{\"id\":\"x\",\"total\":3}\n"
                    + "{\"id\":4,\"total\":4,\"note\":\"\"}\n", "1,75", "1.75", "\"\"x\"\"", "3"
            ),
        ])
    func circle(_ format: String, _ text: String, _ bad: String, _ good: String, _ secondBad: String, _ secondGood: String) async throws {
        try folder.write(text, to: "in.\(format)")
        try await Database.with { database in
            let landfall = try landfall(database, format)
            let receipt = try await landfall("run", "in.\(format)", "--pipeline", "things", "--json").json()
            #expect(receipt["counts"]["rejected"].int == 2)
            let job = try #require(receipt["job_id"].text)
            let shown = try await landfall("rejects", "show", job, "--json").json()
            #expect(shown["rejects"].int == 2)
            #expect(Set(shown["codes"].list.compactMap { $0["code"].text }) == ["value.bad_decimal", "value.bad_integer"])
            #expect(shown["rows"].list.map { $0["row"].int } == [2, 3])

            let uri = try #require(receipt["outputs"].list.first { $0["format"].text == "rejects" }?["uri"].text)
            let rejects = try String(contentsOfFile: uri.replacing("file://", with: ""), encoding: .utf8)
            let name = try #require(uri.split(separator: "/").last.map(String.init))
            let half = rejects.replacing(bad, with: good)
            try folder.write(half, to: name)
            let first = try await landfall("rejects", "replay", name, "--json").json()
            #expect(first["replay_of"].text == job)
            #expect(first["rows_loaded"].int == 1)
            #expect(first["rows_rejected"].int == 1)
            #expect(try await landfall("rejects", "replay", name, "--json").json()["outcome"].text == "alreadyDone")

            try folder.write(half.replacing(secondBad, with: secondGood), to: name)
            let second = try await landfall("rejects", "replay", name, "--json").json()
            #expect(second["rows_loaded"].int == 1)
            #expect(second["rows_replayed_before"].int == 1)

            let rows = try await database.rows("SELECT id, total::text, note FROM things ORDER BY id")
            #expect(rows.count == 4)
            let lineage = try await database.rows("SELECT DISTINCT _load_id, split_part(_source, '/', -1) <> '' FROM things")
            #expect(lineage.count == 1)
            let numbers = try await database.rows("SELECT _row FROM things WHERE _row <> id")
            #expect(numbers.isEmpty)
        }
    }

    @Test("a file that is no rejects file, or does not say its job, is refused")
    func refused() async throws {
        let landfall = Landfall(folder, ["LANDFALL_LOCAL_ROOT": folder("local"), "LANDFALL_BACKEND": "local"])
        try folder.write("a,b\n1,2\n", to: "a.csv")
        let shown = try await landfall("rejects", "show", "a.csv")
        #expect(shown.code == 65)
        #expect(shown.error.contains("[rows.not_rejects]"))
        let replayed = try await landfall("rejects", "replay", "a.csv")
        #expect(replayed.code == 64)
        #expect(replayed.error.contains("[usage.job]"))
    }
}
