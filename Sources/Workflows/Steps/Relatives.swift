import Jobs
import Telemetry

/// A job among the others of its pipeline: those of other versions of its key, and those of the same content.
struct Relatives {
    let run: JobRun
    let pipeline: Pipeline
    let services: JobServices

    /// Throws where a newer version of the key was taken before: this one came late.
    func refuseLate() async throws {
        let record = await run.current
        guard let sequencer = record.arrival.sequencer else { return }
        let newer = try await services.records.relatives(of: record).first {
            record.isOtherVersion($0) && $0.createdAt <= record.createdAt
                && Sequencer.isBefore(sequencer, $0.arrival.sequencer ?? "")
        }
        guard let newer else { return }
        throw Failure(
            .superseded, "job.superseded",
            "A newer version of \(record.arrival.source) was taken before, by job \(newer.jobID); this one came late.")
    }

    /// Notes the content's digest in the record, and which job took the same content before under another key; throws where
    /// the pipeline refuses that.
    func compare(content sha256: String) async throws {
        await run.note(content: sha256)
        let record = await run.current
        // Of two that run at once the one that was made first is the original.
        let original = try await services.records.relatives(of: record)
            .filter { record.isSameContent($0) && ($0.createdAt, $0.jobID) < (record.createdAt, record.jobID) }
            .min { $0.createdAt < $1.createdAt }
        guard let original else { return }
        await run.note(duplicateOf: original.jobID)
        guard !pipeline.refusesDuplicates else {
            throw Failure(
                .badInput, "input.duplicate",
                "\(record.arrival.source) has the content of \(original.arrival.source), which job \(original.jobID) took, and the "
                    + "pipeline says duplicates: reject.")
        }
        run.log.log(.warning, "The same content was taken before", [.source: original.arrival.source])
    }
}
