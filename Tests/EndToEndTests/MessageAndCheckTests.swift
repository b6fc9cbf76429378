import Foundation
import Testing

@Suite(.enabled(if: TestBed.hasBinary, TestBed.needsBinary))
struct ExplainMessageTests {
    private let landfall: Landfall
    private let folder: Folder

    init() throws {
        folder = try Folder()
        landfall = Landfall(folder, ["LANDFALL_PIPELINES": try Pipelines.write(to: folder)])
    }

    private static let notification = """
        {"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"raw"},\
        "object":{"key":"orders/a+b%2Fc%C3%A9.csv","size":7,"eTag":"e","versionId":"v"}}},{"eventVersion":"2.1",\
        "eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"raw"},"object":{"key":"other.csv"}}}]}
        """

    @Test("a notification is explained file by file, with the pipeline that takes each")
    func work() async throws {
        let result = try await landfall("explain-message", "--json", input: Self.notification)
        #expect(result.code == 0)
        let report = try result.json()
        #expect(report["verdict"].text == "work")
        #expect(report["shape"].text == "S3 notification")
        let job = report["jobs"][0]
        #expect(job["bucket"].text == "raw")
        #expect(job["key"].text == "orders/a b/cé.csv")
        #expect(job["version"].text == "v")
        #expect(job["etag"].text == "e")
        #expect(job["size"].int == 7)
        #expect(job["pipeline"].text == "orders")
        #expect(job["workflow"].text == "loader")
        #expect(job["job_id"].text?.count == 32)
        #expect(report["jobs"][1]["error"]["code"].text == "pipeline.no_match")
    }

    @Test("a file is explained as standard input is, and other bodies are told for what they are")
    func others() async throws {
        try folder.write(#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#, to: "test-event.json")
        let event = try await landfall("explain-message", "test-event.json", "--json").json()
        #expect(event["verdict"].text == "ignored")
        #expect(event["shape"].text == "S3 test event")
        let foreign = try await landfall("explain-message", "--json", input: "hello").json()
        #expect(foreign["verdict"].text == "not_understood")
        #expect(foreign["reason"].text == "the body is no JSON object")
        let people = try await landfall("explain-message", input: Self.notification)
        #expect(people.output.hasPrefix("S3 notification, 2 file(s)\n  s3://raw/orders/a b/cé.csv version v\n"))
        #expect(try await landfall("explain-message", "none.json").code == 66)
    }
}

@Suite(.enabled(if: TestBed.hasPostgres, TestBed.needsPostgres))
struct CheckTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func landfall(_ settings: [String: String] = [:]) throws -> Landfall {
        var own = ["LANDFALL_BACKEND": "local", "LANDFALL_LOCAL_ROOT": folder("local"), "LANDFALL_PIPELINES": folder("pipelines")]
        own.merge(settings) { $1 }
        return Landfall(folder, own)
    }

    @Test("all that is well is said so")
    func well() async throws {
        _ = try Pipelines.write(to: folder)
        try await Database.with { database in
            let result = try await landfall(["LANDFALL_DATABASE_URL": database.url])("check", "--json")
            #expect(result.code == 0)
            let report = try result.json()
            #expect(report["ok"].bool == true)
            #expect(report["checks"].list.map { $0["check"].text } == ["settings", "pipelines", "work folder", "backend", "database"])
            #expect(report["checks"].list.allSatisfy { $0["ok"].bool == true })
            #expect(!result.output.contains("@127.0.0.1") || !result.output.contains("password"))
        }
    }

    @Test("a bad pipeline is 78, and told; what can be checked besides is")
    func badPipeline() async throws {
        try folder.write("name: a\nworkflow: convertor\nfoo: 1\n", to: "pipelines/1.yaml")
        let result = try await landfall()("check", "--json")
        #expect(result.code == 78)
        let report = try result.json()
        #expect(report["ok"].bool == false)
        let pipelines = try #require(report["checks"].list.first { $0["check"].text == "pipelines" })
        #expect(pipelines["ok"].bool == false)
        #expect(pipelines["code"].text == "settings.unknown_key")
        #expect(pipelines["detail"].text?.contains("1.yaml line 3: unknown key \"foo\"") == true)
        #expect(report["checks"].list.contains { $0["check"].text == "backend" && $0["ok"].bool == true })
    }

    @Test("a database that does not answer is 69, and its password is not shown")
    func noDatabase() async throws {
        _ = try Pipelines.write(to: folder)
        let url = "postgresql://someone:very-secret@127.0.0.1:\(freePort())/orders"
        let result = try await landfall(["LANDFALL_DATABASE_URL": url])("check")
        #expect(result.code == 69)
        #expect(result.output.contains("FAIL database"))
        #expect(!(result.output + result.error).contains("very-secret"))
    }

    @Test(
        "settings that are none are 78, each with its sentence",
        arguments: [
            (["LANDFALL_BACKEND": "cloud"], "LANDFALL_BACKEND must be aws or local, found \"cloud\"."),
            (["LANDFALL_CONCURRENCY": "0"], "LANDFALL_CONCURRENCY must be a whole number from 1 to 1024, found \"0\"."),
            (["LANDFALL_MEMORY": "lots"], "LANDFALL_MEMORY must be bytes, or like 512MiB or 2GiB, found \"lots\"."),
            (["LANDFALL_KEEP_SCRATCH": "yes"], "LANDFALL_KEEP_SCRATCH must be true or false, found \"yes\"."),
            (["LANDFALL_CONFIG": "/none.yaml"], "The settings file /none.yaml (LANDFALL_CONFIG) is not there."),
        ])
    func settings(_ settings: [String: String], _ message: String) async throws {
        let result = try await landfall(settings)("check")
        #expect(result.code == 78)
        #expect(result.error.hasPrefix("landfall: \(message)"))
        #expect(result.output == "")
    }

    @Test("the settings file is read, and the environment wins over it")
    func file() async throws {
        _ = try Pipelines.write(to: folder)
        try folder.write("pipelines: \(folder("nowhere"))\nlog_level: nonsense\n", to: "my.yaml")
        let bad = try await landfall(["LANDFALL_CONFIG": folder("my.yaml")])("check")
        #expect(bad.code == 78)
        #expect(bad.error.contains("LANDFALL_LOG_LEVEL must be"))
        try folder.write("log_levle: info\n", to: "my.yaml")
        let unknown = try await landfall(["LANDFALL_CONFIG": folder("my.yaml")])("check")
        #expect(unknown.code == 78)
        #expect(unknown.error.contains("unknown key \"log_levle\""))
        #expect(unknown.error.contains("did you mean \"log_level\"?"))
        try folder.write("pipelines: \(folder("nowhere"))\n", to: "my.yaml")
        let won = try await landfall(["LANDFALL_CONFIG": folder("my.yaml")])("check", "--json").json()
        let pipelines = try #require(won["checks"].list.first { $0["check"].text == "pipelines" })
        #expect(pipelines["ok"].bool == true)
    }

    @Test("a worker that is not there does not answer its health check")
    func health() async throws {
        let result = try await landfall(["LANDFALL_ADMIN_ADDRESS": "127.0.0.1:\(freePort())"])("check", "--health")
        #expect(result.code == 69)
    }
}
