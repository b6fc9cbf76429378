import Columns
import FoundationEssentials
import Jobs
import Tabular

/// Converts one file into another format, and proves it by reading the result back.
package struct Conversion: Sendable {
    package var plan: InputPlan
    package var format: DataFormat
    package var options: OutputOptions
    package var policy: RejectPolicy
    /// What messages call the input.
    package var sourceName: String
    package var metadata: [String: String]

    package init(
        plan: InputPlan, format: DataFormat, options: OutputOptions, policy: RejectPolicy, sourceName: String,
        metadata: [String: String] = [:]
    ) {
        self.plan = plan
        self.format = format
        self.options = options
        self.policy = policy
        self.sourceName = sourceName
        self.metadata = metadata
    }

    /// What was converted.
    package struct Result: Sendable, Codable {
        package var counts: Counts
        package var columns: [Column]
        package var digest: DataDigest
        package var hasRejects: Bool
        /// What was done to make records fit, in words.
        package var notes: [String]

        package var columnReceipts: [Receipt.ColumnReceipt] { Receipt.columns(columns, digest) }
    }

    /// Writes the input's rows to a new file at `path`, and bad ones to `rejectsPath`.
    package func write(to path: String, rejectsPath: String) throws -> Result {
        let rejects = RejectLog(path: rejectsPath, plan: plan, policy: policy, sourceName: sourceName)
        let sink = try outputFormat.create(path: path, schema: writtenSchema)
        let shaped = try Shaping(plan: plan, rejects: rejects).run { batch in
            var batch = batch
            batch.schema = writtenSchema
            try sink.write(batch)
        }
        try sink.finish()
        return Result(
            counts: Counts(read: shaped.read, written: shaped.kept, rejected: rejects.count, filtered: shaped.filtered),
            columns: writtenSchema.columns, digest: shaped.digest, hasRejects: rejects.count > 0,
            notes: shaped.notes)
    }

    private var outputFormat: OutputFormat {
        var options = options
        options.header = plan.headerAsWritten
        return OutputFormat(format: format, options: options, metadata: metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    private var writtenSchema: Schema { plan.schema.asWritten }

    /// Reads the file at `path` back through the reading path and holds every value, in order, against what was
    /// written. Throws `convert.not_proven`, naming the first difference, where they are not the same.
    package func prove(_ result: Result, path: String) throws -> Receipt.Validation {
        let source = try outputFormat.reopen(path: path, schema: writtenSchema)
        var digest = DataDigest(columnCount: result.columns.count)
        var rows: Int64 = 0
        while let next = try source.next() {
            try Task.checkCancellation()
            if let reject = next.rejects.first {
                throw notProven("the result does not read back: \(reject.location): \(reject.reason)")
            }
            digest.add(next.batch)
            rows += Int64(next.batch.rowCount)
        }
        guard rows == result.counts.written else {
            let difference = try firstDifference(path, result, digest)
            throw notProven("\(result.counts.written) rows were written, \(rows) read back; \(difference)")
        }
        guard digest == result.digest else { throw notProven(try firstDifference(path, result, digest)) }
        return Receipt.Validation(compared: "every value of every column, in order, by reading the result back", rows: rows)
    }

    private func notProven(_ what: String) -> TabularError {
        TabularError("convert.not_proven", "The conversion of \(sourceName) to \(format.rawValue) is not proven: \(what).")
    }

    /// Reads source and result side by side up to the first value that differs.
    private func firstDifference(_ path: String, _ result: Result, _ digest: DataDigest) throws -> String {
        let column = zip(result.digest.columns, digest.columns).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
        let name = result.columns[column].name
        let left = RowCursor(try plan.open(), column: column)
        let right = RowCursor(try outputFormat.reopen(path: path, schema: writtenSchema), column: column)
        var row: Int64 = 0
        while true {
            let (expected, found) = (try left.next(), try right.next())
            row += 1
            if expected == nil, found == nil { return "column \"\(name)\" differs in its checksum" }
            guard expected != found else { continue }
            return "column \"\(name)\", row \(row): expected \(Self.text(expected)), found \(Self.text(found))"
        }
    }

    private static func text(_ value: String??) -> String {
        guard let value else { return "no row" }
        return value.map { shown(Array($0.utf8)) } ?? "null"
    }
}

/// One column's values as text, row by row: slow, for locating a difference that is known to be there.
private final class RowCursor {
    private let source: any BatchSource
    private let column: Int
    private var batch: ColumnBatch?
    private var row = 0

    init(_ source: any BatchSource, column: Int) {
        self.source = source
        self.column = column
    }

    /// The next value, nil for null; nil at the end.
    func next() throws -> String?? {
        while batch.map({ row >= $0.rowCount }) ?? true {
            guard let result = try source.next() else { return nil }
            batch = result.batch
            row = 0
        }
        defer { row += 1 }
        return .some(batch?.columns[column].text(row: row))
    }
}

extension Receipt {
    package static func columns(_ columns: [Column], _ digest: DataDigest) -> [ColumnReceipt] {
        zip(columns, digest.columns).map { column, digest in
            ColumnReceipt(
                name: column.name, type: column.type, nullable: column.nullable, reason: column.reason,
                nulls: digest.nulls, checksum: digest.checksum)
        }
    }
}
