import Jobs
import Logging
import Testing

@testable import Worker

struct ProtectionTests {
    private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("the task is protected from the first message in hand to the last, and told once each time")
    func calls() async {
        let said = Record<Bool>()
        let protection = BusyProtection(log: Self.log) { isProtected, _ in said.add(isProtected) }
        await protection.begin()
        await protection.begin()
        await protection.end()
        await protection.settled()
        #expect(said.all == [true])
        await protection.end()
        await protection.settled()
        #expect(said.all == [true, false])
        await protection.begin()
        await protection.settled()
        #expect(said.all == [true, false, true])
        await protection.end()
        await protection.settled()
    }

    @Test("an agent that refuses is asked again with the next change, and nothing fails")
    func refused() async {
        let calls = Record<Bool>()
        let protection = BusyProtection(log: Self.log) { isProtected, _ in
            calls.add(isProtected)
            throw Failure(.permanent, "test.refused", "not now")
        }
        await protection.begin()
        await protection.end()
        await protection.settled()
        #expect(calls.all == [true, false])
    }

    @Test("messages of one group form a chain in their order; the others stand alone")
    func chains() {
        func message(_ id: String, _ group: String?) -> QueueMessage {
            QueueMessage(id: id, receipt: id, body: "", receiveCount: 1, group: group)
        }
        let chains = Worker.chains([
            message("1", "a"), message("2", nil), message("3", "b"), message("4", "a"), message("5", nil), message("6", "a"),
        ])
        #expect(chains.map { $0.map(\.id) } == [["1", "4", "6"], ["2"], ["3"], ["5"]])
    }

    @Test("a job begins only where the work folder has room for it beside those that were begun before")
    func room() throws {
        let disk = DiskRoom(root: "/")
        func arrival(_ size: Int64?) -> Arrival { Arrival(bucket: "b", key: "a.csv", size: size) }
        let taken = try disk.take(for: arrival(1000))
        #expect(taken >= 1000)
        #expect(try disk.take(for: arrival(nil)) == 0)
        let error = #expect(throws: Failure.self) { try disk.take(for: arrival(1 << 60)) }
        #expect(error?.code == "work.no_room")
        #expect(error?.kind == .transient)
        disk.giveBack(taken)
        #expect(DiskRoom.pause(receiveCount: 1) == .seconds(30))
        #expect(DiskRoom.pause(receiveCount: 100) == .seconds(600))
    }
}
