import Jobs
import Testing

@Suite("every queue's dead letters", .timeLimit(.minutes(2)))
struct DeadLetterConformance {
    private let hidden = Duration.seconds(600)

    /// Puts bodies into the dead-letter queue, as the worker does.
    private func bench(_ backend: Backend, _ bodies: [String]) async throws -> QueueBench {
        let bench = try await QueueBench(backend)
        for body in bodies {
            try await bench.queue.send(body)
            let message = try #require(try await bench.receive(after: 0).first)
            try await bench.queue.copyToDeadLetters(message, reason: QueueConformance.reason)
            try await bench.queue.delete(message)
        }
        return bench
    }

    @Test("a taken letter is hidden until it is given back", arguments: Backend.available)
    func taken(_ backend: Backend) async throws {
        let bench = try await bench(backend, ["a", "b", "c"])
        let letters = try await bench.queue.takeDeadLetters(max: 10, visibility: hidden)
        #expect(Set(letters.map(\.body)) == ["a", "b", "c"])
        #expect(letters.allSatisfy { $0.attributes == QueueConformance.reason.attributes })
        #expect(try await bench.queue.takeDeadLetters(max: 10, visibility: hidden).isEmpty)
        try await bench.queue.giveBack(letters.filter { $0.body != "b" })
        let again = try await bench.queue.takeDeadLetters(max: 10, visibility: hidden)
        #expect(Set(again.map(\.body)) == ["a", "c"])
        #expect(Set(again.map(\.id)).isSubset(of: Set(letters.map(\.id))))
    }

    @Test("no more letters than asked for are taken", arguments: Backend.available)
    func max(_ backend: Backend) async throws {
        let bench = try await bench(backend, ["a", "b", "c"])
        #expect(try await bench.queue.takeDeadLetters(max: 2, visibility: hidden).count == 2)
        #expect(try await bench.queue.takeDeadLetters(max: 10, visibility: hidden).count == 1)
    }

    @Test("a letter that nobody settles comes back", arguments: Backend.available)
    func comesBack(_ backend: Backend) async throws {
        let bench = try await bench(backend, ["a"])
        let first = try #require(try await bench.queue.takeDeadLetters(max: 10, visibility: .seconds(1)).first)
        bench.clock?.advance(by: .seconds(2))
        if bench.clock == nil { try await Task.sleep(for: .milliseconds(1200)) }
        let second = try #require(try await bench.queue.takeDeadLetters(max: 10, visibility: hidden).first)
        #expect(second.id == first.id)
        #expect(second.receipt != first.receipt)
    }

    @Test("a redriven letter is a message again, with body and attributes, and no letter any more", arguments: Backend.available)
    func redriven(_ backend: Backend) async throws {
        let body = #"{"landfall": 1,  "source":"s3://a/ü b"}"#
        let bench = try await bench(backend, [body, "other"])
        let letters = try await bench.queue.takeDeadLetters(max: 10, visibility: hidden)
        try await bench.queue.redrive(try #require(letters.first { $0.body == body }))
        try await bench.queue.giveBack(letters.filter { $0.body != body })
        let message = try #require(try await bench.receive(after: 0).first)
        #expect(message.body == body)
        #expect(message.attributes == QueueConformance.reason.attributes)
        #expect(message.receiveCount == 1)
        #expect(try await bench.queue.deadLetters(limit: 10).map(\.body) == ["other"])
    }

    @Test("a deleted letter is gone, and settling it again is no error", arguments: Backend.available)
    func deleted(_ backend: Backend) async throws {
        let bench = try await bench(backend, ["a"])
        let letter = try #require(try await bench.queue.takeDeadLetters(max: 1, visibility: hidden).first)
        try await bench.queue.deleteDeadLetter(letter)
        try await bench.queue.deleteDeadLetter(letter)
        try await bench.queue.giveBack([letter])
        #expect(try await bench.queue.deadLetters(limit: 10).isEmpty)
        #expect(try await bench.receive(after: 0).isEmpty)
    }

    @Test("giving back many takes several requests, and none is too much", arguments: Backend.available)
    func many(_ backend: Backend) async throws {
        let bench = try await bench(backend, (0..<23).map { "letter \($0)" })
        var letters: [DeadLetter] = []
        while true {
            let more = try await bench.queue.takeDeadLetters(max: 10, visibility: hidden)
            if more.isEmpty { break }
            letters += more
        }
        #expect(letters.count == 23)
        try await bench.queue.giveBack(letters)
        try await bench.queue.giveBack([])
        #expect(try await bench.queue.deadLetters(limit: 100).count == 23)
    }
}
