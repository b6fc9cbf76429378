import Testing

@testable import Worker

struct MemoryBudgetTests {
    private static let mebibyte = 1 << 20

    @Test("a job's share grows with its file up to a limit; a file of unknown size takes the most")
    func shares() {
        #expect(MemoryBudget.share(ofFile: 0) == 32 * Self.mebibyte)
        #expect(MemoryBudget.share(ofFile: Int64(8 * Self.mebibyte)) == 40 * Self.mebibyte)
        #expect(MemoryBudget.share(ofFile: 1 << 40) == 128 * Self.mebibyte)
        #expect(MemoryBudget.share(ofFile: nil) == 128 * Self.mebibyte)
        #expect(MemoryBudget.share(ofFile: -1) == 32 * Self.mebibyte)
    }

    @Test("there are as many slots as the least shares fit, and always one")
    func slots() {
        #expect(MemoryBudget.slots(in: 0) == 1)
        #expect(MemoryBudget.slots(in: 512 * Self.mebibyte) == 16)
    }

    @Test("who asks first is served first, also where a later one would fit")
    func order() async throws {
        let budget = MemoryBudget(128 * Self.mebibyte)
        try await budget.take(100 * Self.mebibyte)
        let served = Record<Int>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, share) in [(1, 128), (2, 32)] {
                group.addTask {
                    try await budget.take(share * Self.mebibyte)
                    served.add(number)
                    budget.giveBack(share * Self.mebibyte)
                }
                while budget.waiting < number { await Task.yield() }
            }
            #expect(served.all.isEmpty)
            budget.giveBack(100 * Self.mebibyte)
            try await group.waitForAll()
        }
        #expect(served.all == [1, 2])
        try await budget.take(128 * Self.mebibyte)
    }

    @Test("a wait that is cancelled takes nothing, and those behind it are served")
    func cancelled() async throws {
        let budget = MemoryBudget(128 * Self.mebibyte)
        try await budget.take(100 * Self.mebibyte)
        let large = Task { try await budget.take(128 * Self.mebibyte) }
        while budget.waiting < 1 { await Task.yield() }
        let small = Task { try await budget.take(28 * Self.mebibyte) }
        while budget.waiting < 2 { await Task.yield() }
        large.cancel()
        await #expect(throws: CancellationError.self) { try await large.value }
        try await small.value
        #expect(budget.waiting == 0)
    }
}
