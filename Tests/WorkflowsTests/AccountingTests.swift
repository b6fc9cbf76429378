import Tabular
import Testing

@testable import Workflows

@Suite("Every row is accounted for")
struct AccountingTests {
    @Test(
        "an account that closes is good",
        arguments: [(0, 0, 0, 0), (3, 3, 0, 0), (3, 0, 3, 0), (3, 0, 0, 3), (6, 1, 2, 3)] as [(Int64, Int64, Int64, Int64)])
    func closes(read: Int64, kept: Int64, rejected: Int64, filtered: Int64) throws {
        try Accounting(read: read, kept: kept, rejected: rejected, filtered: filtered).close()
    }

    @Test(
        "a row that is missing, or one too many, is a bug that is reported",
        arguments: [(1, 0, 0, 0), (0, 1, 0, 0), (3, 1, 1, 0), (3, 2, 1, 1), (0, 1, -1, 0)] as [(Int64, Int64, Int64, Int64)])
    func doesNotClose(read: Int64, kept: Int64, rejected: Int64, filtered: Int64) {
        let error = #expect(throws: TabularError.self) {
            try Accounting(read: read, kept: kept, rejected: rejected, filtered: filtered).close()
        }
        #expect(error?.code == "internal.accounting")
    }
}
