import Columns
import Compression
import Tabular

/// The rows of an archive's members, one after the other, as one data set: records are numbered on, and a reject says in
/// which member it stands.
final class MembersSource: BatchSource {
    let schema: Schema
    private let members: [String]
    private let open: (Int) throws -> any BatchSource
    private var current: (any BatchSource)?
    private var index = -1
    /// Records of the members before the current one, and of all so far.
    private var base: Int64 = 0
    private var records: Int64 = 0

    /// `open` is called with each member's index in turn, when the one before it has been read.
    init(schema: Schema, members: [String], open: @escaping (Int) throws -> any BatchSource) {
        self.schema = schema
        self.members = members
        self.open = open
    }

    func next() throws -> ReadResult? {
        while true {
            if let current {
                do {
                    if let result = try current.next() { return numbered(result) }
                } catch let error as TabularError {
                    throw error.naming(members[index])
                }
            }
            guard index + 1 < members.count else { return nil }
            index += 1
            base = records
            current = try open(index)
        }
    }

    private func numbered(_ result: ReadResult) -> ReadResult {
        var result = result
        records += Int64(result.recordCount)
        for row in result.batch.recordNumbers.indices { result.batch.recordNumbers[row] += base }
        for reject in result.rejects.indices {
            result.rejects[reject].record += base
            result.rejects[reject].reason += " (in \(members[index]))"
        }
        return result
    }
}
