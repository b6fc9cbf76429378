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

/// What the columns of several members have in common.
enum MemberColumns {
    /// The reason of a column that has no values in a member, which says nothing about its type.
    private static let noValues = "no values"

    private static let alike = "; in other members too"

    /// Merges the inferred columns of another member, which has the same names, into those of the ones before it. Nothing is
    /// lost: kinds that do not widen into each other are text.
    static func merge(_ columns: [Column], _ others: [Column], member: String) -> [Column] {
        zip(columns, others).map { column, other in
            var merged = column
            merged.nullable = column.nullable || other.nullable
            if other.reason == noValues { return merged }
            if column.type == other.type {
                if let reason = column.reason, !reason.hasSuffix(alike) { merged.reason = reason + alike }
                return merged
            }
            if column.reason == noValues {
                (merged.type, merged.reason) = (other.type, other.reason)
                return merged
            }
            merged.type = union(column.type, other.type)
            merged.reason = "\(merged.type), because \(member) has \(other.type) and those before it \(column.type)"
            return merged
        }
    }

    private static func union(_ first: ColumnType, _ second: ColumnType) -> ColumnType {
        guard let first = digits(first), let second = digits(second) else { return .text }
        let scale = max(first.scale, second.scale)
        let precision = max(first.whole, second.whole) + scale
        return precision <= ColumnType.maxPrecision ? .decimal(precision: precision, scale: scale) : .text
    }

    /// Digits before and after the point that a type may need; nil for what is no exact number.
    private static func digits(_ type: ColumnType) -> (whole: Int, scale: Int)? {
        switch type {
        case .int64: (19, 0)
        case .decimal(let precision, let scale): (precision - scale, scale)
        default: nil
        }
    }
}
