import Jobs
import Tabular

/// A converted file.
package struct Converted: StepResult {
    package var output: FileMark
    package var fingerprint: FileFingerprint
    package var rejects: FileMark?
    package var result: Conversion.Result
    package var format: DataFormat
    package var compression: String

    package var files: [FileMark] { [output] + (rejects.map { [$0] } ?? []) }
}

/// What the reconversion has shown.
package struct Validated: StepResult {
    package var validation: Receipt.Validation

    package var files: [FileMark] { [] }
}

/// Writes `<scratch>/out/…` in the output's format.
struct ConvertStep {
    let pipeline: Pipeline
    let source: Downloaded
    let arrival: Arrival
    let names: OutputNames
    let jobID: String
    let scratch: String
    let softwareName: String

    func run() throws -> Converted {
        let conversion = try self.conversion()
        try Scratch.makeEmpty("\(scratch)/out")
        let path = "\(scratch)/out/\(names.data)"
        let rejectsPath = "\(scratch)/out/\(names.rejects)"
        let result = try conversion.write(to: path, rejectsPath: rejectsPath)
        return Converted(
            output: try Scratch.mark(path), fingerprint: try FileFingerprint(path: path),
            rejects: result.hasRejects ? try Scratch.mark(rejectsPath) : nil, result: result,
            format: conversion.plan.format, compression: conversion.plan.packed.description)
    }

    /// Reads the output back; see ``Conversion/prove(_:path:)``.
    func validate(_ converted: Converted) throws -> Validated {
        Validated(validation: try conversion().prove(converted.result, path: converted.output.path))
    }

    private func conversion() throws -> Conversion {
        Conversion(
            plan: try InputPlan(
                path: source.file.path, options: pipeline.input.suited(to: pipeline.output.format), sourceName: arrival.fileName),
            format: pipeline.output.format,
            options: pipeline.output.options, policy: pipeline.rows, sourceName: arrival.fileName,
            metadata: [
                "landfall.source": arrival.sourceWithVersion, "landfall.job_id": jobID, "landfall.version": softwareName,
            ])
    }
}
