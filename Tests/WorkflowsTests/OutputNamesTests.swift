import Jobs
import Logging
import Telemetry
import Testing

@testable import Workflows

struct OutputNamesTests {
    private struct Nothing: ObjectStore, JobRecords, Announcements {
        private var failure: Failure { Failure(.permanent, "test.nothing", "nothing here") }

        func describe(_ uri: String) async throws -> ObjectFacts { throw failure }
        func download(_ arrival: Arrival, to path: String) async throws -> ObjectFacts { throw failure }
        func upload(_ path: String, to uri: String, contentType: String) async throws { throw failure }
        func find(_ jobID: String) async throws -> JobRecord? { nil }
        func create(_ record: JobRecord) async throws -> Bool { false }
        func replace(_ record: JobRecord, expecting fence: JobRecord.Fence) async throws -> Bool { false }
        func list(status: JobStatus?, limit: Int) async throws -> [JobRecord] { [] }
        func relatives(of record: JobRecord) async throws -> [JobRecord] { [] }
        func announce(_ announcement: Announcement) async throws {}
    }

    private static let threads = WorkThreads(count: 1)

    private static func names(
        key: String = "in/orders.csv.gz", to: String? = nil, output: String? = nil, rejects: String? = nil,
        format: DataFormat = .parquet, compression: String? = nil
    ) throws -> OutputNames {
        let services = JobServices(
            store: Nothing(), records: Nothing(), announcements: Nothing(),
            clock: WallClock { Timestamp(milliseconds: 0) }, workThreads: threads, metrics: Metrics(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, owner: "here", lease: .seconds(30), maxAttempts: 1,
            workRoot: "/w", keepsScratch: false, defaultOutput: output, rejectsOutput: rejects,
            databaseURL: { throw CancellationError() }, softwareName: "landfall test")
        let pipeline = Pipeline(
            name: "orders", workflow: .convertor,
            output: .init(format: format, to: to, options: OutputOptions(compression: compression)))
        return try OutputNames(
            pipeline: pipeline, arrival: Arrival(bucket: "raw", key: key), jobID: "0123456789abcdef0123456789abcdef",
            services: services)
    }

    @Test(
        "data lies under the pipeline's prefix or the default one, receipt and rejects in _landfall below it",
        arguments: [
            ("s3://lake/orders/" as String?, nil as String?, "s3://lake/orders"), ("s3://lake", "s3://x", "s3://lake"),
            (nil, "s3://lake/", "s3://lake/orders"), (nil, "s3://lake/a/b", "s3://lake/a/b/orders"),
            ("/data/out/", nil, "file:///data/out"), (nil, "/data/my out", "file:///data/my%20out/orders"),
        ])
    func places(_ to: String?, _ output: String?, _ prefix: String) throws {
        let names = try Self.names(to: to, output: output)
        #expect(names.dataURI(names.data) == "\(prefix)/orders.0123456789ab.parquet")
        #expect(names.receiptURI == "\(prefix)/_landfall/orders.0123456789ab.receipt.json")
        #expect(names.rejectsURI(names.rejects) == "\(prefix)/_landfall/orders.0123456789ab.rejects.csv")
    }

    @Test("members of an archive have names of their own, that sort and never lead elsewhere")
    func members() throws {
        let names = try Self.names(to: "/data/out")
        let member = names.of(member: "../people/a b.csv.gz", number: 12)
        #expect(member.data == "orders.0123456789ab.member-00012.a b.parquet")
        #expect(member.rejects == "orders.0123456789ab.member-00012.a b.rejects.csv")
        #expect(member.receipt == names.receipt)
    }

    @Test("rejects can lie elsewhere")
    func rejects() throws {
        let names = try Self.names(output: "/out", rejects: "/rejects")
        #expect(names.rejectsURI(names.rejects) == "file:///rejects/orders/orders.0123456789ab.rejects.csv")
        #expect(names.receiptURI == "file:///out/orders/_landfall/orders.0123456789ab.receipt.json")
    }

    @Test(
        "the name's ending says format and compression",
        arguments: [
            (DataFormat.csv, nil as String?, ".csv"), (.csv, "gzip", ".csv.gz"), (.jsonl, "zstd", ".jsonl.zst"),
            (.jsonl, "none", ".jsonl"), (.parquet, "gzip", ".parquet"),
        ])
    func endings(_ format: DataFormat, _ compression: String?, _ ending: String) throws {
        #expect(try Self.names(output: "/o", format: format, compression: compression).data == "orders.0123456789ab\(ending)")
    }

    @Test(
        "no key leads out of the folder",
        arguments: [
            ("..", "_."), ("a/..", "_."), (".hidden.csv", "_hidden"), ("a/b c+é.csv", "b c+é"), ("a/", "a"),
            (String(repeating: "x", count: 300) + ".csv", String(repeating: "x", count: 200)),
        ])
    func safeNames(_ key: String, _ stem: String) throws {
        #expect(try Self.names(key: key, output: "/o").data == "\(stem).0123456789ab.parquet")
    }

    @Test("without any output the settings are asked for")
    func none() {
        #expect(
            throws: Failure(
                .permanent, "settings.no_output",
                "Pipeline orders does not say where its output goes, and there is no default. Set its output's \"to\", or LANDFALL_OUTPUT.")
        ) { try Self.names() }
    }
}
