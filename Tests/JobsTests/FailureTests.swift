import AWS
import Compression
import HTTP
import Jobs
import Parquet
import Postgres
import SQL
import Tabular
import Testing

/// The one place that answers "what do we retry?".
struct FailureTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var error: any Error
        var kind: Failure.Kind
        var code: String

        init(_ name: String, _ error: any Error, _ kind: Failure.Kind, _ code: String) {
            (testDescription, self.error, self.kind, self.code) = (name, error, kind, code)
        }
    }

    private struct Foreign: Error {}

    private static func postgres(_ code: String, _ state: String?, isTransient: Bool = false) -> PostgresError {
        PostgresError(code: "database.\(code)", sqlState: state, message: "m", isTransient: isTransient)
    }

    private static func aws(_ kind: AWSError.Kind, isTransient: Bool = false) -> AWSError {
        AWSError(kind, service: "s3", action: "GetObject", message: "m", isTransient: isTransient)
    }

    private static func compression(_ code: String, isTransient: Bool = false) -> CompressionError {
        CompressionError(code: code, message: "m", isTransient: isTransient)
    }

    static let cases: [Case] = [
        Case("a failure stays what it is", Failure(.transient, "x.y", "m"), .transient, "x.y"),
        Case("a cancelled task", CancellationError(), .interrupted, "job.interrupted"),
        Case("text that cannot be read", TabularError("csv.unclosed_quote", "m"), .badInput, "csv.unclosed_quote"),
        Case("a bad Parquet file", ParquetError(code: "parquet.bad_magic", message: "m"), .badInput, "parquet.bad_magic"),
        Case("a damaged gzip", compression("compressed.corrupt"), .badInput, "compressed.corrupt"),
        Case("no memory for a context", compression("compressed.no_memory", isTransient: true), .transient, "compressed.no_memory"),
        Case("no space for scratch", compression("output.no_space", isTransient: true), .transient, "output.no_space"),
        Case("a folder that may not be written", compression("output.not_creatable"), .permanent, "output.not_creatable"),
        Case("a value that PostgreSQL cannot hold", SQLError(code: "value.nul_byte", message: "m"), .badInput, "value.nul_byte"),
        Case("a table name that is none", SQLError(code: "sql.bad_table_name", message: "m"), .permanent, "sql.bad_table_name"),
        Case("a database that is away", postgres("unavailable", nil, isTransient: true), .transient, "database.unavailable"),
        Case("a deadlock", postgres("conflict", "40P01", isTransient: true), .transient, "database.conflict"),
        Case("a value the database refuses", postgres("bad_value", "22003"), .badInput, "database.bad_value"),
        Case("a key that is there", postgres("unique_violation", "23505"), .badInput, "database.unique_violation"),
        Case("a missing right", postgres("permission_denied", "42501"), .permanent, "database.permission_denied"),
        Case("a wrong password", postgres("authentication_failed", "28P01"), .permanent, "database.authentication_failed"),
        Case("a URL that is none", postgres("bad_url", nil), .permanent, "database.bad_url"),
        Case("AWS that throttles", aws(.throttled, isTransient: true), .transient, "aws.throttled"),
        Case("AWS that is away", aws(.unavailable, isTransient: true), .transient, "aws.unavailable"),
        Case("AWS that denies", aws(.accessDenied), .permanent, "aws.access_denied"),
        Case("a bucket that is not there", aws(.notFound), .permanent, "aws.not_found"),
        Case("an AWS call that was cancelled", aws(.cancelled), .interrupted, "job.interrupted"),
        Case(
            "a connection that broke", HTTPError(code: "http.connect_failed", message: "m", isTransient: true), .transient,
            "http.connect_failed"),
        Case(
            "an answer too large", HTTPError(code: "http.too_large", message: "m", isTransient: false), .permanent,
            "http.too_large"),
        Case(
            "a request that was cancelled", HTTPError(code: "http.cancelled", message: "m", isTransient: false),
            .interrupted, "job.interrupted"),
        Case("anything else is a bug of ours", Foreign(), .permanent, "internal.error"),
    ]

    @Test("each error means one thing for a job", arguments: cases)
    func kinds(_ one: Case) {
        let failure = Failure(one.error)
        #expect(failure.kind == one.kind)
        #expect(failure.code == one.code)
        #expect(!failure.message.isEmpty)
    }
}

struct DeadLetterReasonTests {
    private static func reason(message: String = "m", pipeline: String? = "orders", step: String? = "load") -> DeadLetterReason {
        DeadLetterReason(
            code: "csv.field_count", message: message, jobID: "job", pipeline: pipeline, step: step, attempts: 2,
            rejectedAt: ManualClock.start)
    }

    @Test("a dead letter carries the contract's attributes")
    func attributes() {
        #expect(
            Self.reason().attributes == [
                "error.code": "csv.field_count", "error.message": "m", "job.id": "job", "pipeline": "orders", "step": "load",
                "attempts": "2", "rejected.at": ManualClock.start.description,
            ])
    }

    @Test("empty attributes, which SQS refuses, are left out")
    func empty() {
        #expect(
            Self.reason(pipeline: "", step: nil).attributes.keys.sorted() == [
                "attempts", "error.code", "error.message", "job.id", "rejected.at",
            ])
    }

    @Test("a long message is cut between characters")
    func long() {
        let message = Self.reason(message: String(repeating: "é", count: 2000)).attributes["error.message"]
        #expect(message == String(repeating: "é", count: 512))
    }

    @Test(
        "text is clipped to whole characters that fit",
        arguments: [("abc", 3, "abc"), ("abc", 2, "ab"), ("é", 1, ""), ("aé", 2, "a"), ("👩‍👩‍👧", 10, ""), ("", 0, "")])
    func clipped(_ text: String, _ bytes: Int, _ expected: String) {
        #expect(text.clipped(toUTF8Bytes: bytes) == expected)
    }
}

struct AnnouncementTests {
    @Test("an announcement's JSON has the contract's members")
    func json() throws {
        let announcement = Announcement(
            id: "job-0", detailType: "Job Succeeded", time: ManualClock.start, pipeline: "orders", workflow: "loader",
            detail: #"{"job_id":"job"}"#)
        let json = try #require(JSONValue(text: announcement.json))
        #expect(json["id"]?.text == "job-0")
        #expect(json["source"]?.text == "landfall")
        #expect(json["detail-type"]?.text == "Job Succeeded")
        #expect(json["time"]?.text == ManualClock.start.description)
        #expect(json["detail"]?["job_id"]?.text == "job")
    }
}
