import Compression
import Tabular

/// Takes rejects as the policy says: sets them aside in a file, or ends the job.
final class RejectLog {
    private let path: String?
    private let plan: InputPlan
    private let policy: RejectPolicy
    private let sourceName: String
    private var writer: RejectsWriter?
    private(set) var count: Int64 = 0
    /// The first ones, where no file keeps them.
    private(set) var first: [Reject] = []
    private static let maxFirst = 10

    /// The file at `path` is made with the first reject; nil: there is to be none. `sourceName` is what messages call the input.
    init(path: String?, plan: InputPlan, policy: RejectPolicy, sourceName: String) {
        self.path = path
        self.plan = plan
        self.policy = policy
        self.sourceName = sourceName
    }

    func take(_ reject: Reject) throws {
        count += 1
        guard policy.rejects else {
            throw TabularError(
                reject.code,
                "\(sourceName) \(reject.location): \(reject.reason). Fix the file, or set rows.on_error: reject "
                    + "(--on-error reject) to set bad rows aside.")
        }
        if let limit = policy.maxRejects, count > limit {
            throw TabularError(
                "rows.too_many_rejects",
                "\(sourceName) has more than \(limit) bad rows (max_rejects); the last is at \(reject.location): "
                    + "\(reject.code), \(reject.reason).")
        }
        guard let path else {
            if first.count < Self.maxFirst { first.append(reject) }
            return
        }
        let writer = try self.writer ?? makeWriter(path)
        try writer.write(reject)
    }

    /// Completes the rejects file, and holds the count against the policy's ratio. `read` counts all records.
    func finish(read: Int64) throws {
        try writer?.finish()
        if let ratio = policy.maxRejectRatio, read > 0, Double(count) / Double(read) > ratio {
            throw TabularError(
                "rows.too_many_rejects",
                "\(count) of \(read) rows of \(sourceName) are bad, more than the share of \(ratio) that max_reject_ratio allows.")
        }
    }

    private func makeWriter(_ path: String) throws -> RejectsWriter {
        let writer = try RejectsWriter(
            sink: try FileByteSink(path: path), fieldNames: plan.rejectFields,
            delimiter: plan.dialect?.delimiter ?? UInt8(ascii: ","), nullMarkers: plan.dialect?.nullMarkers ?? [])
        self.writer = writer
        return writer
    }
}
