import Jobs
import Testing
import Workflows

/// A dead letter of one file, rejected so long ago.
private func letter(
    _ id: String = "1", _ key: String = "orders/1.csv", code: String? = "csv.unclosed_quote", pipeline: String? = "orders",
    ago: Duration = .seconds(60), job: String? = nil
) throws -> DeadLetter {
    var attributes: [String: String] = [:]
    attributes["error.code"] = code
    attributes["pipeline"] = pipeline
    attributes["job.id"] = job
    if code != nil { attributes["rejected.at"] = OperatorBench.now.advanced(by: .zero - ago).description }
    return DeadLetter(
        id: id, body: try OwnMessage(Arrival(bucket: "raw", key: key, etag: "e"), pipeline: nil).jsonText(), attributes: attributes,
        sentAt: OperatorBench.now.advanced(by: .zero - ago))
}

private func catalog(_ pattern: String = "orders/**") throws -> PipelineCatalog {
    PipelineCatalog([
        Pipeline(
            name: "orders", match: .init(key: KeyPattern(pattern)), workflow: .convertor, output: .init(format: .parquet))
    ])
}

@Suite("which dead letters are meant")
struct DeadLetterFilterTests {
    @Test(
        "by code, whole or by its beginning",
        arguments: [
            ("csv.unclosed_quote", true), ("csv.unclosed", false), ("csv.*", true), ("*", true), ("json.*", false),
            ("message.receives_exhausted", false),
        ])
    func code(_ code: String, _ isTaken: Bool) throws {
        var filter = DeadLetterFilter()
        filter.code = code
        #expect(filter.takes(try letter(), catalog: nil) == isTaken)
    }

    @Test("what the queue moved has a code of its own, and the time at which it was queued")
    func moved() throws {
        let moved = try letter(code: nil, pipeline: nil)
        var filter = DeadLetterFilter()
        filter.code = DeadLetter.movedByQueueCode
        filter.before = OperatorBench.now
        #expect(filter.takes(moved, catalog: nil))
        filter.before = OperatorBench.now.advanced(by: .seconds(-60))
        #expect(!filter.takes(moved, catalog: nil))
    }

    @Test("by pipeline: the letter's, else the one that would take it now")
    func pipeline() throws {
        var filter = DeadLetterFilter()
        filter.pipeline = "orders"
        #expect(filter.takes(try letter(), catalog: nil))
        #expect(!filter.takes(try letter(pipeline: "other"), catalog: try catalog()))
        let none = try letter(code: "pipeline.no_match", pipeline: nil)
        #expect(!filter.takes(none, catalog: nil))
        #expect(!filter.takes(none, catalog: try catalog("other/**")))
        #expect(filter.takes(none, catalog: try catalog()))
    }

    @Test("by key, as pipelines do, and never where the body is not understood")
    func key() throws {
        var filter = DeadLetterFilter()
        filter.key = KeyPattern("orders/*.csv")
        #expect(filter.takes(try letter(), catalog: nil))
        #expect(!filter.takes(try letter("2", "orders/a/1.csv"), catalog: nil))
        #expect(!filter.takes(DeadLetter(id: "3", body: "hello", attributes: [:]), catalog: nil))
    }

    @Test("by age")
    func age() throws {
        var filter = DeadLetterFilter()
        filter.before = OperatorBench.now.advanced(by: .seconds(-30))
        #expect(filter.takes(try letter(ago: .seconds(31)), catalog: nil))
        #expect(!filter.takes(try letter(ago: .seconds(30)), catalog: nil))
        filter.before = nil
        filter.since = OperatorBench.now.advanced(by: .seconds(-30))
        #expect(filter.takes(try letter(ago: .seconds(30)), catalog: nil))
        #expect(!filter.takes(try letter(ago: .seconds(31)), catalog: nil))
        #expect(!filter.takes(DeadLetter(id: "3", body: "{}", attributes: [:]), catalog: nil))
    }
}

@Suite("which dead letters are redriven")
struct RedriveCheckTests {
    private static let arrival = Arrival(bucket: "raw", key: "orders/1.csv", etag: "e")

    private func verdict(
        _ letter: DeadLetter, _ records: [JobRecord], pattern: String = "orders/**", objects: Set<String> = []
    ) async throws -> RedriveCheck.Verdict {
        let bench = OperatorBench(objects: objects)
        for record in records { await bench.records.put(record) }
        return try await RedriveCheck(catalog: try catalog(pattern), services: bench.services).verdict(letter)
    }

    private func revision() throws -> String {
        try #require(try catalog().named("orders")).revision(software: "landfall test")
    }

    private static let ends: [(JobStatus, String?, Bool)] = [
        (.rejected, "csv.unclosed_quote", false), (.rejected, "rows.too_many_rejects", false), (.rejected, "input.not_found", false),
        (.rejected, "database.unique_violation", true), (.failed, "database.undefined_table", true), (.cancelled, "job.cancelled", true),
        (.succeeded, nil, true), (.running, nil, true), (.superseded, nil, true),
    ]

    @Test("a rejected job is refused while nothing has changed", arguments: ends)
    func unchanged(_ status: JobStatus, _ code: String?, _ isWorthTrying: Bool) async throws {
        let record = OperatorBench.record(Self.arrival, "orders", status, code: code, revision: try revision())
        let verdict = try await verdict(try letter(), [record])
        #expect((verdict == .worthTrying) == isWorthTrying)
        if case .wouldFailAgain(let why) = verdict { #expect(why.contains(code ?? "") && why.contains("orders")) }
    }

    @Test("a changed pipeline, or one whose revision is not known, is another try")
    func changed() async throws {
        for revision in ["another", nil] {
            let record = OperatorBench.record(Self.arrival, "orders", .rejected, code: "csv.unclosed_quote", revision: revision)
            #expect(try await verdict(try letter(), [record]) == .worthTrying)
        }
        #expect(try await verdict(try letter(), []) == .worthTrying)
    }

    @Test("a file that was not there and now is, is another try")
    func arrived() async throws {
        let record = OperatorBench.record(Self.arrival, "orders", .rejected, code: "input.not_found", revision: try revision())
        #expect(try await verdict(try letter(), [record], objects: ["s3://raw/orders/1.csv"]) == .worthTrying)
    }

    @Test("a letter that its job has outlived does no harm: the later one decides")
    func outlived() async throws {
        let record = OperatorBench.record(
            Self.arrival, "orders", .rejected, ago: .seconds(10), code: "csv.unclosed_quote", revision: try revision())
        #expect(try await verdict(try letter(ago: .seconds(60)), [record]) == .worthTrying)
        #expect(try await verdict(try letter(ago: .seconds(10)), [record]) != .worthTrying)
    }

    @Test("what no pipeline took is refused until one does")
    func noMatch() async throws {
        let none = try letter(code: "pipeline.no_match", pipeline: nil)
        guard case .wouldFailAgain(let why) = try await verdict(none, [], pattern: "other/**") else {
            Issue.record("it is worth trying")
            return
        }
        #expect(why.contains("No pipeline takes key \"orders/1.csv\""))
        #expect(try await verdict(none, []) == .worthTrying)
    }

    @Test("a body that is not understood is refused, and one that says nothing is not")
    func notUnderstood() async throws {
        #expect(try await verdict(DeadLetter(id: "1", body: "hello", attributes: [:]), []) != .worthTrying)
        #expect(try await verdict(DeadLetter(id: "1", body: #"{"Event":"s3:TestEvent"}"#, attributes: [:]), []) == .worthTrying)
    }

    @Test("of several files one that may fare better is enough")
    func several() async throws {
        func record(_ key: String) -> String {
            #"{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"raw"},"object":{"key":"\#(key)","eTag":"e"}}}"#
        }
        let rejected = OperatorBench.record(Self.arrival, "orders", .rejected, code: "csv.unclosed_quote", revision: try revision())
        let one = DeadLetter(id: "1", body: "{\"Records\":[\(record("orders/1.csv"))]}", attributes: [:])
        #expect(try await verdict(one, [rejected]) != .worthTrying)
        let two = DeadLetter(id: "1", body: "{\"Records\":[\(record("orders/1.csv")),\(record("orders/2.csv"))]}", attributes: [:])
        #expect(try await verdict(two, [rejected]) == .worthTrying)
    }
}

@Suite("rounds through the dead letters")
struct DeadLetterRoundTests {
    /// A round's result: ids with what became of them.
    private func run(
        _ queue: KeptQueue, _ work: DeadLetterRound.Work, limit: Int = 1000, isDry: Bool = false,
        _ change: (inout DeadLetterFilter) -> Void = { _ in }
    ) async throws -> [String] {
        var filter = DeadLetterFilter()
        change(&filter)
        let round = DeadLetterRound(queue: queue, filter: filter, catalog: nil, limit: limit, isDry: isDry)
        var told: [String] = []
        try await round.run(work) { told.append($0.letter.id + ($0.refusal == nil ? "" : " refused")) }
        return told
    }

    private func letters(_ count: Int) throws -> [DeadLetter] {
        try (0..<count).map { try letter("\($0)", "orders/\($0).csv", code: $0 % 2 == 0 ? "csv.even" : "csv.odd", job: "job \($0)") }
    }

    @Test("what the filter takes goes, what it leaves stays, and nothing is held")
    func filtered() async throws {
        let queue = KeptQueue(try letters(25))
        let told = try await run(queue, .purge) { $0.code = "csv.odd" }
        #expect(told == (0..<12).map { "\($0 * 2 + 1)" })
        #expect(queue.left == (0..<13).map { "\($0 * 2)" })
        #expect(queue.held.isEmpty)
        #expect(queue.sent.isEmpty)
    }

    @Test("a dry round says the same and changes nothing")
    func dry() async throws {
        let queue = KeptQueue(try letters(25))
        #expect(try await run(queue, .redrive(check: nil), isDry: true).count == 25)
        #expect(queue.left.count == 25)
        #expect(queue.held.isEmpty)
        #expect(queue.sent.isEmpty)
    }

    @Test("no more than the limit")
    func limit() async throws {
        let queue = KeptQueue(try letters(25))
        #expect(try await run(queue, .redrive(check: nil), limit: 13).count == 13)
        #expect(queue.sent.count == 13)
        #expect(queue.left.count == 12)
        #expect(queue.held.isEmpty)
    }

    @Test("a letter that comes back while the round goes on is left for the next one", arguments: ["a job", nil])
    func comesBack(_ job: String?) async throws {
        let queue = KeptQueue([try letter("1", job: job), try letter("2", "orders/2.csv", job: "another")])
        queue.onRedrive { letter in
            var next = letter
            next.id += "+"
            next.attributes["rejected.at"] = OperatorBench.now.description
            return next
        }
        #expect(try await run(queue, .redrive(check: nil)) == ["1", "2"])
        #expect(queue.left == ["1+", "2+"])
        #expect(queue.held.isEmpty)
    }

    @Test("when the queue refuses, the round ends with its error, and nothing is lost or held")
    func refused() async throws {
        let queue = KeptQueue(try letters(3))
        queue.refuseSends()
        await #expect(throws: Failure.self) { try await run(queue, .redrive(check: nil)) }
        #expect(queue.left == ["0", "1", "2"])
        #expect(queue.held.isEmpty)
    }

    @Test("what would fail again is told and stays")
    func checked() async throws {
        let queue = KeptQueue([try letter("1"), DeadLetter(id: "2", body: "hello", attributes: [:])])
        let check = RedriveCheck(catalog: try catalog(), services: OperatorBench().services)
        #expect(try await run(queue, .redrive(check: check)) == ["1", "2 refused"])
        #expect(queue.left == ["2"])
        #expect(queue.held.isEmpty)
    }
}
