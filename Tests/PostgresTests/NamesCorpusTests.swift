import Columns
import Foundation
import SQL
import Testing

@testable import Postgres

/// The folder of shared test data, nil where it is absent.
private let shared = ProcessInfo.processInfo.environment["LANDFALL_SHARED"].map { URL(fileURLWithPath: $0) }

@Suite(
    "Naughty names and values", .enabled(if: TestDatabase.isAvailable, TestDatabase.comment),
    .enabled(if: shared != nil, "needs LANDFALL_SHARED"))
struct NamesCorpusTests {
    @Test("reserved words are columns like any other")
    func reservedWords() async throws {
        let file = try #require(shared).appendingPathComponent("corpora/6-names/pg-keywords/reserved_header.csv")
        let header = try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline)[0]
        let names = header.split(separator: ",").map(String.init)
        #expect(names.count > 50)
        try await roundTrip(names: names, values: names)
    }

    @Test("naughty strings survive as values, and as names unless PostgreSQL cannot hold them")
    func naughtyStrings() async throws {
        let file = try #require(shared).appendingPathComponent("corpora/6-names/blns/blns.json")
        let strings = try JSONDecoder().decode([String].self, from: Data(contentsOf: file))
        #expect(strings.count > 200)
        var names: [String] = []
        var refused = 0
        for string in strings {
            do {
                _ = try Identifier.quoted(string)
                if !names.contains(where: { $0.utf8.elementsEqual(string.utf8) }) { names.append(string) }
            } catch {
                #expect(string.isEmpty || string.utf8.count > Identifier.maxBytes)
                refused += 1
            }
        }
        #expect(names.count > 100 && refused > 0)
        for start in stride(from: 0, to: names.count, by: 100) {
            let some = Array(names[start..<min(start + 100, names.count)])
            try await roundTrip(names: some, values: some)
        }
        let load = TestLoad([("value", textColumn(strings))])
        let rows = try await TestDatabase.with { url in
            try await loaded(load, url: url)
            return try await PostgresConnection.connect(to: url).execute(
                #"SELECT value FROM sales.orders ORDER BY "_row""#)
        }
        #expect(rows.count == strings.count)
        for (row, string) in zip(rows, strings) { #expect(row[0]?.utf8.elementsEqual(string.utf8) == true) }
    }

    /// One row goes into a table with these columns, by a load; names and values come back byte by byte.
    private func roundTrip(names: [String], values: [String]) async throws {
        var load = TestLoad(columns: names, rows: [values])
        load.table = "\"\(names[0].replacingOccurrences(of: "\"", with: "\"\""))\".\"select\""
        load.mode = .upsert(key: [names[0]])
        try await TestDatabase.with { url in
            try await loaded(load, url: url)
            let connection = try await PostgresConnection.connect(to: url)
            let found = try await connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 ORDER BY attnum",
                [TableName(schema: names[0], name: "select").quoted])
            #expect(found.dropLast(3).count == names.count)
            for (row, name) in zip(found, names) { #expect(row[0]?.utf8.elementsEqual(name.utf8) == true) }
            let rows = try await connection.execute(
                "SELECT * FROM \(TableName(schema: names[0], name: "select").quoted)")
            #expect(rows.count == 1)
            for (value, expected) in zip(rows[0], values) { #expect(value?.utf8.elementsEqual(expected.utf8) == true) }
        }
    }
}
