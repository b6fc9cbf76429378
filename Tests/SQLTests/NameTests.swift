import Testing

@testable import SQL

@Suite("Names in SQL")
struct NameTests {
    @Test(
        "a name is quoted whatever is in it",
        arguments: [
            ("amount", "\"amount\""), ("Order Total", "\"Order Total\""), ("select", "\"select\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""), ("a;DROP TABLE b--", "\"a;DROP TABLE b--\""), ("\\", "\"\\\""),
            ("\"\u{301}", "\"\"\"\u{301}\""), ("größe", "\"größe\""), (" ", "\" \""),
        ])
    func quotes(name: String, expected: String) throws {
        #expect(try Array(Identifier.quoted(name).utf8) == Array(expected.utf8))
    }

    @Test(
        "a name that PostgreSQL cannot keep is refused",
        arguments: [
            ("", "sql.identifier_empty"), ("a\0b", "sql.identifier_nul"),
            (String(repeating: "x", count: 64), "sql.identifier_too_long"),
            (String(repeating: "é", count: 32), "sql.identifier_too_long"),
        ])
    func refuses(name: String, code: String) {
        #expect(code == codeThrown { _ = try Identifier.quoted(name) })
    }

    @Test("63 bytes fit, and a name that is too long is shown in the message")
    func longName() throws {
        #expect(try Identifier.quoted(String(repeating: "x", count: 63)).count == 65)
        let error = #expect(throws: SQLError.self) { try Identifier.quoted("n" + String(repeating: "o", count: 63)) }
        #expect(
            error?.message
                == "The name \"n\(String(repeating: "o", count: 63))\" has 64 bytes; PostgreSQL keeps at most 63. "
                + "Declare the column under a shorter name (`name:` with `from:`).")
    }

    @Test(
        "text is quoted as a constant",
        arguments: [
            ("", "''"), ("it's", "'it''s'"), ("a\\b", "E'a\\\\b'"), ("\\'", "E'\\\\'''"), ("'; DROP", "'''; DROP'"),
            ("'\u{301}", "'''\u{301}'"),
        ])
    func literals(text: String, expected: String) throws {
        #expect(try Array(Literal.quoted(text).utf8) == Array(expected.utf8))
    }

    @Test("a constant with a NUL byte is refused")
    func nulLiteral() {
        #expect("sql.literal_nul" == codeThrown { _ = try Literal.quoted("a\0") })
    }

    @Test("dollar quotes choose a tag that the text does not have")
    func dollarQuotes() {
        #expect(Literal.dollarQuoted("x") == "$landfall$\nx\n$landfall$")
        #expect(Literal.dollarQuoted("\"$landfall$\"") == "$landfall1$\n\"$landfall$\"\n$landfall1$")
    }

    @Test(
        "a table's name has a schema, or is in public",
        arguments: [
            ("orders", "\"public\".\"orders\""), ("sales.orders", "\"sales\".\"orders\""),
            ("Sales.Order Lines", "\"Sales\".\"Order Lines\""), ("\"a.b\".\"c\"\"d\"", "\"a.b\".\"c\"\"d\""),
            ("x.\"y\"", "\"x\".\"y\""),
        ])
    func tableNames(text: String, expected: String) throws {
        #expect(try TableName(parsing: text).quoted == expected)
    }

    @Test(
        "what is no table's name is refused",
        arguments: ["", ".", "a.", ".a", "a.b.c", "\"a", "\"a\"b", "a\"b\"", " a", "a .b", "\"\""])
    func badTableNames(text: String) {
        let code = codeThrown { _ = try TableName(parsing: text) }
        #expect(code == (text == "\"\"" ? "sql.identifier_empty" : "sql.bad_table_name"))
    }
}

/// The code of the ``SQLError`` that is thrown.
func codeThrown(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return (error as? SQLError)?.code
    }
}
