import Columns
import Compression
import Jobs
import Parquet
import SQL
import Tabular

/// The rows of a load, shaped: as Parquet, and as the script that loads them.
package struct Transformed: StepResult {
    /// Parquet.
    package var data: [DataFile]
    package var script: FileMark
    package var rejects: FileMark?
    package var counts: Counts
    package var columns: [Receipt.ColumnReceipt]
    package var format: DataFormat
    package var compression: String

    package var files: [FileMark] { data.map(\.mark) + [script] + (rejects.map { [$0] } ?? []) }
}

/// Reads and shapes the source once, and writes `<scratch>/out/….parquet` and `<scratch>/sql/0001.sql` from the same
/// batches.
struct TransformStep {
    let pipeline: Pipeline
    let target: Pipeline.Target
    let source: Downloaded
    let arrival: Arrival
    let names: OutputNames
    let jobID: String
    let scratch: String
    let softwareName: String

    func run() throws -> Transformed {
        let plan = try InputPlan(path: source.file.path, options: pipeline.input, sourceName: arrival.fileName)
        try Scratch.makeEmpty("\(scratch)/out")
        try Scratch.makeEmpty("\(scratch)/sql")
        let rejectsPath = "\(scratch)/out/\(names.rejects)"
        let rejects = RejectLog(path: rejectsPath, plan: plan, policy: pipeline.rows, sourceName: arrival.fileName)
        var shaping = Shaping(plan: plan, rejects: rejects)
        shaping.unstorable = UnstorableCell.all(in:)

        let schema = plan.schema.asWritten
        let place = names.place(in: "\(scratch)/out", pipeline.output.options.split)
        let parquet = try OutputFiles(
            format: OutputFormat(format: .parquet, options: pipeline.output.options, metadata: metadata), place: place, schema: schema)
        let scriptPath = "\(scratch)/sql/0001.sql"
        let scriptFile = try FileByteSink(path: scriptPath)
        let script = LoadScriptWriter(try loadScript(schema)) { try scriptFile.write($0) }

        try script.begin()
        let shaped = try shaping.run { batch in
            var batch = batch
            batch.schema = schema
            try parquet.write(batch)
            try script.copy(batch)
        }
        try script.finish(checksum: shaped.digest.checksum)
        try scriptFile.finish()
        let facts = shaped.digest.facts
        let files = try parquet.finish(facts)
        return Transformed(
            data: try files.map { try DataFile($0, in: place) },
            script: try Scratch.mark(scriptPath), rejects: rejects.count > 0 ? try Scratch.mark(rejectsPath) : nil,
            counts: Counts(read: shaped.read, written: shaped.kept, rejected: rejects.count, filtered: shaped.filtered),
            columns: Receipt.columns(schema.columns, facts), format: plan.format,
            compression: plan.packed.description)
    }

    private func loadScript(_ schema: Schema) throws -> LoadScript {
        try LoadScript(
            table: target.table, schema: schema,
            required: Set(pipeline.input.columns.filter(\.required).map(\.name)), mode: target.mode,
            lineage: pipeline.lineage, loadID: jobID, pipeline: pipeline.name,
            source: arrival.sourceWithVersion, version: arrival.version ?? arrival.etag, replay: pipeline.input.replay?.replay,
            // Mended rows come beside those that their load brought.
            history: pipeline.input.replay == nil
                ? LoadHistory(sourceKey: arrival.source, sequencer: arrival.sequencer, resend: pipeline.resend)
                : LoadHistory(sourceKey: arrival.source))
    }

    private var metadata: [(key: String, value: String)] {
        [("landfall.source", arrival.sourceWithVersion), ("landfall.job_id", jobID), ("landfall.version", softwareName)]
    }
}

extension Arrival {
    /// The source's URI with its version, as `_source` holds it.
    package var sourceWithVersion: String {
        guard let version else { return source }
        return source.hasPrefix("s3://") ? "\(source)?versionId=\(version)" : "\(source)#\(version)"
    }
}
