import Synchronization
import Testing

@testable import Tabular

@Suite("Work on several threads, in order")
struct OrderedWorkTests {
    private struct Failed: Error {}

    /// What the threads have done.
    private final class Tally: Sendable {
        let taken = Atomic(0)
        let taking = Atomic(0)
        let delivered = Atomic(0)
    }

    /// Computes for a time that differs from item to item.
    private static func work(_ item: Int) -> Int {
        var value = UInt64(item)
        for _ in 0..<(item * 7919 % 2000) { value = value &* 6_364_136_223_846_793_005 &+ 1 }
        return value == 3 ? -1 : item * 2
    }

    @Test("outputs come in the items' order, whoever makes them", arguments: 1...8)
    func order(threads: Int) throws {
        let tally = Tally()
        let work = OrderedWork(
            threads: threads,
            take: { () -> Int? in
                let item = tally.taken.wrappingAdd(1, ordering: .relaxed).oldValue
                return item < 2000 ? item : nil
            }, work: Self.work)
        var outputs: [Int] = []
        while let output = try work.next() { outputs.append(output) }
        #expect(outputs == (0..<2000).map { $0 * 2 })
        #expect(try work.next() == nil)
    }

    @Test("items are taken one at a time, and no more than the limit are under way", arguments: 1...5)
    func limit(threads: Int) throws {
        let tally = Tally()
        let limit = OrderedWork<Int, Int>.limit(threads: threads)
        let work = OrderedWork(
            threads: threads,
            take: { () -> Int? in
                #expect(tally.taking.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue == 0)
                let item = tally.taken.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue
                // What is being handed over just now counts on neither side.
                #expect(item - tally.delivered.load(ordering: .sequentiallyConsistent) <= limit)
                tally.taking.wrappingSubtract(1, ordering: .sequentiallyConsistent)
                return item < 500 ? item : nil
            }, work: Self.work)
        while try work.next() != nil { tally.delivered.wrappingAdd(1, ordering: .sequentiallyConsistent) }
        #expect(tally.delivered.load(ordering: .sequentiallyConsistent) == 500)
    }

    @Test("a failure comes in its item's place, and again; nothing is taken after it", arguments: 1...4)
    func failure(threads: Int) throws {
        let tally = Tally()
        let work = OrderedWork(
            threads: threads,
            take: { () throws -> Int? in
                let item = tally.taken.wrappingAdd(1, ordering: .relaxed).oldValue
                if item == 57 { throw Failed() }
                return item
            }, work: Self.work)
        for item in 0..<57 { #expect(try work.next() == item * 2) }
        for _ in 0..<3 { #expect(throws: Failed.self) { try work.next() } }
        #expect(tally.taken.load(ordering: .relaxed) == 58)
    }

    @Test("given up early, all threads have ended", arguments: 1...4, [0, 1, 9])
    func givenUp(threads: Int, outputs: Int) throws {
        let tally = Tally()
        do {
            let work = OrderedWork(
                threads: threads,
                take: { () -> Int? in
                    tally.taking.wrappingAdd(1, ordering: .relaxed)
                    return 1
                },
                work: { (item: Int) -> Int in
                    defer { tally.taking.wrappingSubtract(1, ordering: .relaxed) }
                    return Self.work(item)
                })
            for _ in 0..<outputs { #expect(try work.next() == 2) }
        }
        #expect(tally.taking.load(ordering: .relaxed) == 0)
    }
}
