import Jobs
import Testing

@Suite("every arrival queue", .timeLimit(.minutes(2)))
struct QueueConformance {
    static let reason = DeadLetterReason(
        code: "csv.unclosed_quote", message: "orders.csv line 3: the quote opened here is not closed — \"mend\" it.",
        jobID: "0123abcd", pipeline: "orders", step: "transform", attempts: 1,
        rejectedAt: Timestamp(milliseconds: 1_790_000_000_250))

    @Test("an empty queue gives nothing", arguments: Backend.available)
    func empty(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        #expect(try await bench.queue.receive(max: 10, wait: .zero, visibility: .seconds(30)).isEmpty)
    }

    @Test("what is sent is received, for the first time", arguments: Backend.available)
    func receives(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        try await bench.queue.send(#"{"landfall":1}"#)
        let messages = try await bench.receive(after: 0)
        #expect(messages.map(\.body) == [#"{"landfall":1}"#])
        #expect(messages.map(\.receiveCount) == [1])
        #expect(try await bench.receive(after: 0).isEmpty)
    }

    @Test("no more than asked for are received", arguments: Backend.available)
    func max(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        for number in 0..<5 { try await bench.queue.send("\(number)") }
        let first = try await bench.queue.receive(max: 3, wait: .zero, visibility: .seconds(60))
        let second = try await bench.queue.receive(max: 10, wait: .zero, visibility: .seconds(60))
        #expect(first.count == 3)
        #expect(Set((first + second).map(\.body)) == ["0", "1", "2", "3", "4"])
    }

    @Test("a waiting receive gets what is sent meanwhile", arguments: Backend.available)
    func waits(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        async let messages = bench.queue.receive(max: 1, wait: .seconds(20), visibility: .seconds(30))
        try await bench.queue.send("late")
        #expect(try await messages.map(\.body) == ["late"])
    }

    @Test("a cancelled receive ends with an error instead of waiting", arguments: Backend.available)
    func cancelled(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        let task = Task { try await bench.queue.receive(max: 1, wait: .seconds(20), visibility: .seconds(30)) }
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
    }

    @Test(
        "a message that nobody settles comes back with another receipt and a higher count", arguments: Backend.available
    )
    func comesBack(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        try await bench.queue.send("again")
        let first = try #require(try await bench.receive(after: 0, visibility: .seconds(1)).first)
        let second = try #require(try await bench.receive(after: 10).first)
        #expect(second.id == first.id)
        #expect(second.body == "again")
        #expect(second.receiveCount == 2)
        #expect(second.receipt != first.receipt)
    }

    @Test("an extended message stays hidden", arguments: Backend.available)
    func extended(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        try await bench.queue.send("slow")
        let message = try #require(try await bench.receive(after: 0, visibility: .seconds(1)).first)
        try await bench.queue.extend(message, visibility: .seconds(60))
        #expect(try await bench.receive(after: 2).isEmpty)
    }

    @Test("a message that is given back is there at once", arguments: Backend.available)
    func givenBack(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        try await bench.queue.send("back")
        let message = try #require(try await bench.receive(after: 0).first)
        try await bench.queue.extend(message, visibility: .zero)
        #expect(try await bench.receive(after: 0).map(\.receiveCount) == [2])
    }

    @Test("a deleted message does not come back", arguments: Backend.available)
    func deleted(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        try await bench.queue.send("done")
        let message = try #require(try await bench.receive(after: 0, visibility: .seconds(1)).first)
        try await bench.queue.delete(message)
        #expect(try await bench.receive(after: 2).isEmpty)
    }

    @Test("settling a message that is gone is no error", arguments: Backend.available)
    func gone(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        try await bench.queue.send("once")
        let message = try #require(try await bench.receive(after: 0).first)
        try await bench.queue.delete(message)
        try await bench.queue.extend(message, visibility: .seconds(30))
        try await bench.queue.delete(message)
        #expect(try await bench.receive(after: 0).isEmpty)
    }

    @Test(
        "a dead letter holds the body untouched and says why", arguments: Backend.available,
        [
            #"{"landfall": 1,  "source":"s3://a/b"}"#, "not JSON at all", "tab\tquote\" back\\slash 'single'",
            "line\nfeed\r\nand <xml> &amp; %20 + é ü 日本 🚢", " leading and trailing ",
            String(repeating: "ä0", count: 60_000),
        ])
    func deadLetter(_ backend: Backend, _ body: String) async throws {
        let bench = try await QueueBench(backend)
        try await bench.queue.send(body)
        let message = try #require(try await bench.receive(after: 0, visibility: .seconds(1)).first)
        try await bench.queue.copyToDeadLetters(message, reason: Self.reason)
        try await bench.queue.delete(message)
        let letters = try await bench.queue.deadLetters(limit: 10)
        #expect(letters.map(\.body) == [body])
        #expect(
            letters.map(\.attributes) == [
                [
                    "error.code": "csv.unclosed_quote",
                    "error.message": "orders.csv line 3: the quote opened here is not closed — \"mend\" it.",
                    "job.id": "0123abcd", "pipeline": "orders", "step": "transform", "attempts": "1",
                    "rejected.at": "2026-09-21T14:13:20.250Z",
                ]
            ])
        #expect(try await bench.receive(after: 2).isEmpty)
    }

    @Test("looking at dead letters leaves them where they are, and shows each once", arguments: Backend.available)
    func looks(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        let bodies = Set((0..<12).map { "letter \($0)" })
        for body in bodies { try await bench.queue.send(body) }
        for _ in 0..<2 {
            for message in try await bench.receive(after: 0) {
                try await bench.queue.copyToDeadLetters(message, reason: Self.reason)
                try await bench.queue.delete(message)
            }
        }
        #expect(try await bench.queue.deadLetters(limit: 5).count == 5)
        for _ in 0..<2 {
            let letters = try await bench.queue.deadLetters(limit: 100)
            #expect(letters.count == 12)
            #expect(Set(letters.map(\.body)) == bodies)
        }
    }

    @Test("of several readers each message reaches one", arguments: Backend.available)
    func readers(_ backend: Backend) async throws {
        let bench = try await QueueBench(backend)
        for number in 0..<24 { try await bench.queue.send("\(number)") }
        let bodies = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var bodies: [String] = []
                    while true {
                        let messages = try await bench.queue.receive(max: 2, wait: .zero, visibility: .seconds(600))
                        if messages.isEmpty { return bodies }
                        bodies += messages.map(\.body)
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(bodies.count == 24)
        #expect(Set(bodies).count == 24)
    }
}
