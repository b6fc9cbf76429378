import Columns
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
        /// Of each column, as it was read of the source.
        package var facts: [ColumnFacts]
        /// In the order of their names.
        package var files: [WrittenFile]
        package var hasRejects: Bool
        /// What was done to make records fit, in words.
        package var notes: [String]

        package var columnReceipts: [Receipt.ColumnReceipt] { Receipt.columns(columns, facts) }
    }

    /// Writes the input's rows to new files, and bad ones to `rejectsPath`.
    package func write(to place: OutputPlace, rejectsPath: String) throws -> Result {
        let rejects = RejectLog(path: rejectsPath, plan: plan, policy: policy, sourceName: sourceName)
        let output = try OutputFiles(format: outputFormat, place: place, schema: writtenSchema)
        return try read(rejects, { try output.write($0) }, { try output.finish($0) })
    }

    /// Reads all of the input, and writes nothing; `rejects` sees the first bad rows.
    package func check(_ rejects: (Reject) -> Void) throws -> Result {
        let log = RejectLog(path: nil, plan: plan, policy: policy, sourceName: sourceName)
        let result = try read(log, { _ in }, { _ in [] })
        log.first.forEach(rejects)
        return result
    }

    private func read(
        _ rejects: RejectLog, _ write: (ColumnBatch) throws -> Void, _ finish: ([ColumnFacts]) throws -> [WrittenFile]
    ) throws -> Result {
        let schema = writtenSchema
        let shaped = try Shaping(plan: plan, rejects: rejects).run { batch in
            var batch = batch
            batch.schema = schema
            try write(batch)
        }
        let facts = shaped.digest.facts
        let files = try finish(facts)
        return Result(
            counts: Counts(read: shaped.read, written: shaped.kept, rejected: rejects.count, filtered: shaped.filtered),
            columns: schema.columns, facts: facts, files: files, hasRejects: rejects.count > 0, notes: shaped.notes)
    }

    /// Reads the files back through the reading path and holds every value, in order, against what was read of the source.
    /// Throws `convert.not_proven`, naming the first differences, where they are not the same.
    package func prove(_ result: Result, in place: OutputPlace) throws -> Receipt.Validation {
        try Proof(conversion: self, result: result, place: place).validation()
    }

    var outputFormat: OutputFormat {
        var options = options
        options.header = plan.headerAsWritten
        return OutputFormat(format: format, options: options, metadata: metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    var writtenSchema: Schema { plan.schema.asWritten }

    /// What the output's format keeps apart, and what it cannot keep.
    var rules: FormatRules {
        FormatRules(
            source: plan.format, target: format, columns: writtenSchema.columns, keepsSpelling: plan.format == .csv && plan.keepsText)
    }
}

extension Receipt {
    package static func columns(_ columns: [Column], _ facts: [ColumnFacts]) -> [ColumnReceipt] {
        zip(columns, facts).map { column, facts in
            ColumnReceipt(
                name: column.name, type: column.type, nullable: column.nullable, reason: column.reason, nulls: facts.nulls,
                distinct: facts.distinct, checksum: facts.checksum)
        }
    }
}
