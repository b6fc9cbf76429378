import Jobs
import Tabular

/// The converted files.
package struct Converted: StepResult {
    package var data: [DataFile]
    package var rejects: FileMark?
    package var result: Conversion.Result
    package var format: DataFormat
    package var compression: String

    package var files: [FileMark] { data.map(\.mark) + (rejects.map { [$0] } ?? []) }
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
        let folder = "\(scratch)/out"
        try Scratch.makeEmpty(folder)
        let place = names.place(in: folder, pipeline.output.options.split)
        let rejectsPath = "\(folder)/\(names.rejects)"
        let result = try conversion.write(to: place, rejectsPath: rejectsPath)
        return Converted(
            data: try result.files.map { try DataFile($0, in: place) },
            rejects: result.hasRejects ? try Scratch.mark(rejectsPath) : nil, result: result,
            format: conversion.plan.format, compression: conversion.plan.packed.description)
    }

    /// Reads the output back; see ``Conversion/prove(_:in:)``. What is uploaded is what was proven: the files must not have
    /// changed meanwhile.
    func validate(_ converted: Converted) throws -> Validated {
        let place = try self.place(of: converted)
        let validation = try conversion().prove(converted.result, in: place)
        for file in converted.data {
            guard try FileFingerprint(path: file.mark.path) == file.fingerprint else {
                throw TabularError(
                    "convert.not_proven",
                    "The conversion of \(arrival.fileName) is not proven: \(file.name) is not the file any more that was written.")
            }
        }
        return Validated(validation: validation)
    }

    /// Where the files are: perhaps in the folder of an earlier attempt.
    private func place(of converted: Converted) throws -> OutputPlace {
        guard let first = converted.data.first else { return names.place(in: "\(scratch)/out", pipeline.output.options.split) }
        // Whole bytes: characters may join across the slash.
        let folder = String(decoding: Array(first.mark.path.utf8).dropLast(first.name.utf8.count + 1), as: UTF8.self)
        return names.place(in: folder, pipeline.output.options.split)
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
