import Columns
import Tabular
import Testing

@testable import Workflows

@Suite("Members of archives as one data set")
struct MemberTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func plan(_ members: [(String, String)], _ options: InputOptions = InputOptions()) throws -> InputPlan {
        let archive = tarArchive(members.map { (name: $0.0, text: $0.1) })
        let path = try folder.write(String(decoding: archive, as: UTF8.self), to: "members.tar")
        return try InputPlan(path: path, options: options)
    }

    private func read(_ plan: InputPlan) throws -> (rows: [[String?]], numbers: [Int64], rejects: [Reject]) {
        let source = try plan.open()
        var (rows, numbers, rejects): ([[String?]], [Int64], [Reject]) = ([], [], [])
        while let next = try source.next() {
            for row in 0..<next.batch.rowCount { rows.append(next.batch.columns.map { $0.text(row: row) }) }
            numbers += next.batch.recordNumbers
            rejects += next.rejects
        }
        return (rows, numbers, rejects)
    }

    @Test("rows follow each other in the order of the members' names, each header once, and are numbered on")
    func union() throws {
        let plan = try plan([("b.csv", "id,x\n3,c\n"), ("a.csv", "id,x\n1,a\n2,b")])
        #expect(plan.packed.description == "tar")
        #expect(plan.records == 3)
        let read = try read(plan)
        #expect(read.rows == [["1", "a"], ["2", "b"], ["3", "c"]])
        #expect(read.numbers == [1, 2, 3])
    }

    @Test(
        "a column's type holds for all members",
        arguments: [
            ("1", "2", "int64"), ("1", "2.55", "decimal(3,2)"), ("1.5", "22.55", "decimal(4,2)"), ("1", "x", "text"),
            ("", "2", "int64"), ("2", "", "int64"), ("2020-01-01", "1", "text"), ("1e5", "1", "float64"),
            ("31/01/2026", "1/2/2026", "date"), ("31/01/2026", "1/31/2026", "text"),
            ("NA", "1", "int64"), ("1", "NA", "int64"), ("NA", "x", "text"),
        ])
    func types(_ first: String, _ second: String, _ expected: String) throws {
        let plan = try plan([("a.csv", "id,x\n1,\(first)\n"), ("b.csv", "id,x\n1,\(second)\n")])
        #expect(plan.schema.columns[1].type.description == expected)
        #expect(try read(plan).rows.count == 2)
    }

    @Test("a reject says in which member it stands, and where there")
    func rejects() throws {
        let options = InputOptions(columns: [
            ColumnDeclaration(name: "id", type: .int64), ColumnDeclaration(name: "x", type: .int64),
        ])
        let read = try read(plan([("a.csv", "id,x\n1,1\n"), ("b.csv", "id,x\n2,bad\n3,3\n")], options))
        #expect(read.rows == [["1", "1"], ["3", "3"]])
        #expect(read.numbers == [1, 3])
        #expect(read.rejects.map(\.record) == [2])
        #expect(read.rejects.map(\.line) == [2])
        #expect(read.rejects[0].reason.hasSuffix(" (in b.csv)"))
    }

    @Test("members are chosen by a pattern, and those that differ are refused by name")
    func chosen() throws {
        let members = [("x/a.csv", "id\n1\n"), ("x/b.txt", "name,y\nz,1\n"), ("c.csv", "id\n2\n")]
        let error = #expect(throws: TabularError.self) { try plan(members) }
        #expect(error?.code == "archive.members_differ")
        #expect(error?.message.contains("x/b.txt has other columns than c.csv") == true)
        #expect(
            try read(
                plan(
                    members,
                    {
                        var o = InputOptions(); o.member = KeyPattern("*.csv"); return o
                    }())
            ).rows == [["2"], ["1"]])
        #expect(
            try read(
                plan(
                    members,
                    {
                        var o = InputOptions(); o.member = KeyPattern("x/*.csv"); return o
                    }())
            ).rows == [["1"]])
    }
}
