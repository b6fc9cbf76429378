import Testing

@testable import Postgres

@Suite("Errors of a database")
struct PostgresErrorTests {
    @Test(
        "an SQLSTATE decides the code and whether to try again",
        arguments: [
            ("08006", "database.unavailable", true), ("57P01", "database.unavailable", true),
            ("57P03", "database.unavailable", true), ("53300", "database.out_of_resources", true),
            ("53100", "database.out_of_resources", true), ("40001", "database.conflict", true),
            ("40P01", "database.conflict", true), ("55P03", "database.locked", true),
            ("57014", "database.cancelled", true),
            ("25006", "database.read_only", true), ("23505", "database.unique_violation", false),
            ("23502", "database.not_null_violation", false), ("23P01", "database.constraint_violation", false),
            ("42501", "database.permission_denied", false), ("42P01", "database.undefined_table", false),
            ("42703", "database.undefined_column", false),
            ("22P02", "database.bad_value", false), ("28P01", "database.authentication_failed", false),
            ("3D000", "database.undefined_database", false), ("XX000", "database.error", false),
            ("42601", "database.error", false),
        ])
    func meanings(state: String, code: String, isTransient: Bool) {
        let error = ServerReport(state: state, primary: "p").error
        #expect(error == PostgresError(code: code, sqlState: state, message: "p", isTransient: isTransient))
    }

    @Test("a bad value is shown with its line and column")
    func badValue() {
        let error = ServerReport(
            state: "22P02", primary: "invalid input syntax for type integer: \"12,5O\"",
            context: "COPY orders, line 1042, column total: \"12,5O\"\nmore"
        ).error
        #expect(
            error.message == "invalid input syntax for type integer: \"12,5O\" "
                + "(COPY orders, line 1042, column total: \"12,5O\")")
        #expect(error.copyLine == 1042)
    }

    @Test("a whole row is never shown")
    func noRows() {
        let secret = "secret"
        let failing = ServerReport(
            state: "23502", primary: "null value in column \"a\" violates not-null constraint",
            detail: "Failing row contains (1, \(secret)).", context: "COPY t, line 3: \"1\t\(secret)\"")
        #expect(failing.error.message == "null value in column \"a\" violates not-null constraint (COPY t, line 3)")
        #expect(failing.error.copyLine == 3)
    }

    @Test("long details are cut")
    func long() {
        let error = ServerReport(
            state: "23505", primary: "duplicate key", detail: "Key (a)=(\(String(repeating: "x", count: 500)))\nexists."
        ).error
        #expect(error.message == "duplicate key. Key (a)=(" + String(repeating: "x", count: 191) + "…")
    }

    @Test("a refused connection keeps the SQLSTATE that libpq tells in its text")
    func refusal() {
        let text = """
            connection to server at "127.0.0.1", port 5432 failed: FATAL:  28P01: password authentication failed for user "a"
            LOCATION:  auth_failed, auth.c:338

            """
        #expect(
            ConnectionRefusal(text: text, needsPassword: false).error
                == PostgresError(
                    code: "database.authentication_failed", sqlState: "28P01",
                    message: "connection to server at \"127.0.0.1\", port 5432 failed: FATAL: "
                        + "password authentication failed for user \"a\""))
        let refused = ConnectionRefusal(text: "connection refused\n\tIs the server running?\n", needsPassword: false)
            .error
        #expect(refused == .unavailable("connection refused Is the server running?"))
        #expect(
            ConnectionRefusal(text: "no password supplied", needsPassword: true).error.code
                == "database.authentication_failed")
    }

    @Test(
        "a database URL is shown without its password",
        arguments: [
            ("postgresql://ann:s3cret@db.example:5433/sales", "ann@db.example:5433/sales"),
            ("postgres://ann:s3cret@db.example/sales?sslmode=require", "ann@db.example:5432/sales"),
            ("host=db user=ann password=s3cret dbname=sales", "ann@db:5432/sales"),
            ("postgresql://ann:%40s3cret%2F@[::1]/x", "ann@::1:5432/x"),
            ("postgresql:///x?user=ann&password=s3cret", "ann@localhost:5432/x"),
        ])
    func redacted(text: String, shown: String) throws {
        let url = try DatabaseURL(text)
        #expect(url.redacted == shown)
        var dumped = ""
        dump(url, to: &dumped)
        for view in ["\(url)", String(reflecting: url), dumped, "\([url])"] { #expect(!view.contains("s3cret")) }
    }

    @Test(
        "a URL that would spill its password is refused without being repeated",
        arguments: [
            "", "s3cret", "postgresql://ann:s3cret@s3cret@db/x", "postgresql://ann:s3c/s3cret@db/x",
            "mysql://ann:s3cret@db/x",
            "postgresql://ann:s3cret%ZZ@db/x", "postgresql://ann:s3cret@db/x?nonsense=1", "host=db\0password=s3cret",
        ])
    func badURLs(text: String) {
        let error = #expect(throws: PostgresError.self) { try DatabaseURL(text) }
        #expect(error?.code == "database.bad_url")
        #expect(error?.message.contains("s3cret") == false)
    }
}
