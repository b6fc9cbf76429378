import FoundationEssentials
import Jobs

/// The source as a file in the job's scratch folder.
package struct Downloaded: StepResult {
    package var file: FileMark
    package var fingerprint: FileFingerprint
    package var version: String?

    package var files: [FileMark] { [file] }
}

/// Copies exactly the arrival's version into `in/` of the attempt's folder.
struct DownloadStep {
    let arrival: Arrival
    let services: JobServices
    let run: JobRun

    func download() async throws -> Downloaded {
        let folder = "\(run.workFolder)/in"
        try Scratch.make(run.workFolder)
        // What an earlier attempt had of the file is taken away from it, and gone on with.
        Scratch.inherit("in", from: run.earlierFolders, to: run.workFolder)
        try Scratch.make(folder)
        let path = "\(folder)/\(Scratch.safeName(arrival.fileName))"
        let facts = try await services.store.download(arrival, to: path)
        let fingerprint = try FileFingerprint(path: path)
        guard fingerprint.bytes == facts.size else {
            throw Failure(
                .transient, "input.incomplete",
                "\(arrival.source) has \(facts.size) bytes, but \(fingerprint.bytes) were copied. The copy is made again.")
        }
        return Downloaded(file: try Scratch.mark(path), fingerprint: fingerprint, version: arrival.version ?? facts.version)
    }
}
