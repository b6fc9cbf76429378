import Foundation
import Testing

@Suite(.enabled(if: TestBed.hasBinary, TestBed.needsBinary))
struct InspectTests {
    private let folder: Folder
    private let landfall: Landfall

    init() throws {
        folder = try Folder()
        landfall = Landfall(folder)
    }

    @Test("inspect --json prints the contract's members")
    func csv() async throws {
        try folder.write("id;name;zip\n1;'a;b';01234\n2;;99999\n", to: "in.csv")
        let result = try await landfall("inspect", "in.csv", "--json", "--quote", "'", "--null", "NA")
        #expect(result.code == 0)
        let report = try result.json()
        #expect(report["format"].text == "csv")
        #expect(report["compression"].text == "none")
        #expect(report["encoding"].text == "utf-8")
        #expect(report["rows"].int == 2)
        #expect(report["dialect"]["delimiter"].text == ";")
        #expect(report["dialect"]["quote"].text == "'")
        #expect(report["dialect"].keys.contains("escape"))
        #expect(report["dialect"]["header"].bool == true)
        #expect(report["dialect"]["null_values"].texts == ["", "NA"])
        let columns = report["columns"].list
        #expect(columns.map { $0["name"].text } == ["id", "name", "zip"])
        #expect(columns.map { $0["type"].text } == ["int64", "text", "text"])
        #expect(columns.map { $0["nullable"].bool } == [false, true, false])
        #expect(columns.allSatisfy { !($0["reason"].text ?? "").isEmpty })
        #expect(columns[2]["reason"].text?.contains("01234") == true)
    }

    @Test("a Parquet file and JSON lines are inspected as well")
    func others() async throws {
        try folder.write(Orders(40).jsonLines, to: "in.jsonl")
        #expect(try await landfall("convert", "in.jsonl", "in.parquet").code == 0)
        let lines = try await landfall("inspect", "in.jsonl", "--json").json()
        #expect(lines["format"].text == "jsonl")
        #expect(lines["rows"].int == 40)
        #expect(!lines["dialect"].isThere)
        let parquet = try await landfall("inspect", "in.parquet", "--json").json()
        #expect(parquet["format"].text == "parquet")
        #expect(parquet["rows"].int == 40)
        #expect(parquet["columns"].list.map { $0["name"].text } == Orders.names)
        #expect(parquet["columns"].list.map { $0["type"].text } == lines["columns"].list.map { $0["type"].text })
    }

    @Test("for people it says the same in lines")
    func text() async throws {
        try folder.write("id,name\n1,a\n", to: "in.csv")
        let result = try await landfall("inspect", "in.csv")
        #expect(result.code == 0)
        #expect(result.output.hasPrefix("in.csv: csv, compression none, 12 bytes\n"))
        #expect(result.output.contains("1 rows\n"))
        #expect(result.output.contains("id      int64"))
    }

    @Test("a file that is not there is 66")
    func missing() async throws {
        let result = try await landfall("inspect", "none.csv", "--json")
        #expect(result.code == 66)
        #expect(result.output == "")
    }
}
