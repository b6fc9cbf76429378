import Testing

@testable import Postgres

@Suite("Cutting scripts into statements")
struct ScriptSplitterTests {
    @Test(
        "statements end at their semicolon and nowhere else",
        arguments: [
            ("", []), (" \n-- only a comment\n/* and /* another */ */", []), ("SELECT 1;", ["SELECT 1"]),
            ("a;b;\n;;c;", ["a", "b", "c"]), ("SELECT ';';b;", ["SELECT ';'", "b"]),
            ("SELECT 'it''s;';b;", ["SELECT 'it''s;'", "b"]), ("SELECT '\\';b;", ["SELECT '\\'", "b"]),
            ("SELECT E'\\';';b;", ["SELECT E'\\';'", "b"]), ("SELECT e'\\\\';b;", ["SELECT e'\\\\'", "b"]),
            ("SELECT E'a''\\';';b;", ["SELECT E'a''\\';'", "b"]), ("SELECT nameE'\\';b;", ["SELECT nameE'\\'", "b"]),
            ("SELECT \"a;\"\"b\";c;", ["SELECT \"a;\"\"b\"", "c"]), ("DO $$ a; b; $$;c;", ["DO $$ a; b; $$", "c"]),
            ("DO $x$ $$;$y$;$xx$; $x$;c;", ["DO $x$ $$;$y$;$xx$; $x$", "c"]),
            ("DO $x$ $xx$x$;c;", ["DO $x$ $xx$x$", "c"]),
            ("DO $é_1$;$é_1$;c;", ["DO $é_1$;$é_1$", "c"]), ("SELECT $1;b;", ["SELECT $1", "b"]),
            ("SELECT a$b$;c$b$;", ["SELECT a$b$", "c$b$"]), ("SELECT '$$';b;", ["SELECT '$$'", "b"]),
            ("-- it's; \"\nb;", ["b"]), ("a -- x;\n+ b;", ["a  + b"]), ("a/* ; ' */b;", ["a b"]),
            ("a/*/ ; */b;", ["a b"]), ("a/* ; */*b;", ["a *b"]), ("/* x */ /* y; */ a;", ["a"]),
            ("a - -1;", ["a - -1"]),
            ("a / 2 * 3;", ["a / 2 * 3"]), ("CREATE RULE r AS (a; b);c;", ["CREATE RULE r AS (a; b)", "c"]),
            ("SELECT '--';b;", ["SELECT '--'", "b"]), ("SELECT $$--$$;b;", ["SELECT $$--$$", "b"]),
            ("a\r\n;b;", ["a\r\n", "b"]),
        ])
    func statements(script: String, expected: [String]) throws {
        for size in 1...max(1, script.utf8.count) {
            #expect(try pieces(of: script, size: size) == expected, "in pieces of \(size)")
        }
    }

    @Test(
        "COPY data goes up to the line with backslash and dot",
        arguments: [
            ("COPY t FROM stdin;\n1\ta\n2\tb\n\\.\nx;", ["COPY t FROM stdin", "<1\ta\n2\tb\n>", "x"]),
            ("COPY t FROM stdin; \r\n1\r\n\\.\r\nx;", ["COPY t FROM stdin", "<1\r\n>", "x"]),
            ("COPY t FROM stdin;\n\\.\nx;", ["COPY t FROM stdin", "<>", "x"]),
            (
                "COPY t FROM stdin;\n\\N\ta\n\\\\.\n\\.x\n\\..\n a\\.\n\\.\nx;",
                ["COPY t FROM stdin", "<\\N\ta\n\\\\.\n\\.x\n\\..\n a\\.\n>", "x"]
            ),
            ("COPY t FROM stdin;\n\\.\r\r\n\\\n\n\n\\.\n", ["COPY t FROM stdin", "<\\.\r\r\n\\\n\n\n>"]),
            ("COPY t FROM stdin;\n'; -- $$ (\n\\.\nx;", ["COPY t FROM stdin", "<'; -- $$ (\n>", "x"]),
            ("COPY t FROM stdin;\n1\n\\.", ["COPY t FROM stdin", "<1\n>"]),
            (
                "COPY a FROM stdin;\n1\n\\.\nCOPY b FROM stdin;\n2\n\\.\n",
                ["COPY a FROM stdin", "<1\n>", "COPY b FROM stdin", "<2\n>"]
            ),
        ])
    func copy(script: String, expected: [String]) throws {
        for size in 1...script.utf8.count {
            #expect(try pieces(of: script, size: size) == expected, "in pieces of \(size)")
        }
    }

    @Test(
        "what is no whole script is refused",
        arguments: [
            "SELECT 1", "SELECT 'a;", "DO $$ a;", "SELECT (1;", "/* a", "SELECT 1; b", "\\set x 1\n", "a \\g\n",
            "COPY t FROM stdin;", "COPY t FROM stdin;\n1\n", "COPY t FROM stdin;\n1\n\\",
            "COPY t FROM stdin; x;\n1\n\\.\n",
        ])
    func refuses(script: String) {
        for size in 1...script.utf8.count {
            let error = #expect(throws: PostgresError.self) { try pieces(of: script, size: size) }
            #expect(error?.code == "database.bad_script")
        }
    }

    @Test("data is handed on in pieces as large as the input's, null first columns or not")
    func pieceSizes() throws {
        let line = "\\N\tabc\n"
        let script = "COPY t FROM stdin;\n" + String(repeating: line, count: 10_000) + "\\.\n"
        var count = 0
        _ = try pieces(of: script, size: 8192) { count += 1 }
        #expect(count < 30)
    }

    @Test("a statement without end is refused before it fills the memory")
    func limit() {
        let script = "SELECT '" + String(repeating: "x", count: ScriptSplitter.maxStatementBytes)
        let error = #expect(throws: PostgresError.self) { try pieces(of: script, size: 1 << 20) }
        #expect(error?.code == "database.bad_script")
    }

    /// The statements of a script that comes in pieces, and its COPY data between `<` and `>`.
    private func pieces(of script: String, size: Int, onData: () -> Void = {}) throws -> [String] {
        var splitter = ScriptSplitter()
        var found: [String] = []
        var data: [UInt8] = []
        func take(_ event: ScriptSplitter.Event) {
            switch event {
            case .statement(let sql):
                let text = String(decoding: sql, as: UTF8.self)
                found.append(text)
                if text.hasPrefix("COPY ") { splitter.copyDataFollows() }
            case .copyData(let bytes):
                data.append(contentsOf: bytes)
                onData()
            case .copyEnd:
                found.append("<" + String(decoding: data, as: UTF8.self) + ">")
                data = []
            }
        }
        let bytes = Array(script.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { piece in
                var input = piece
                while let event = try splitter.next(&input) { take(event) }
            }
        }
        if let event = try splitter.finish() { take(event) }
        return found
    }
}
