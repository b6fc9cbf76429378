import Compression
import Jobs
import Tabular

/// The converted files.
package struct Converted: StepResult {
    /// What became of a data set: of the whole file, or of one member of it.
    package struct Part: Sendable, Codable {
        package var written: DataSetFiles
        package var result: Conversion.Result

        var columnReceipts: [Receipt.ColumnReceipt] {
            result.columnReceipts.map {
                var column = $0
                column.member = written.member
                return column
            }
        }
    }

    package var parts: [Part]
    package var format: DataFormat
    package var compression: String

    package var files: [FileMark] { parts.flatMap(\.written.files) }
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

    /// Each of them is planned, and perhaps found in its archive, anew.
    private static let maxSeparateMembers = 1000

    /// The file, or a member of it that is a data set of its own.
    private struct DataSet {
        var member: String?
        var packed: PackedFile
        var names: OutputNames
    }

    func run() throws -> Converted {
        let folder = "\(scratch)/out"
        try Scratch.makeEmpty(folder)
        var format: DataFormat?
        var compression = ""
        let parts = try dataSets().map { set in
            try Task.checkCancellation()
            let conversion = try conversion(set)
            let place = set.names.place(in: folder, pipeline.output.options.split)
            let rejectsPath = "\(folder)/\(set.names.rejects)"
            let result = try conversion.write(to: place, rejectsPath: rejectsPath)
            (format, compression) = (format ?? conversion.plan.format, conversion.plan.packed.description)
            return Converted.Part(
                written: DataSetFiles(
                    member: set.member, data: try result.files.map { try DataFile($0, in: place) },
                    rejects: result.hasRejects ? try Scratch.mark(rejectsPath) : nil, rejected: result.counts.rejected),
                result: result)
        }
        return Converted(parts: parts, format: format ?? .csv, compression: compression)
    }

    /// Reads the output back; see ``Conversion/prove(_:in:)``. What is uploaded is what was proven: the files must not have
    /// changed meanwhile.
    func validate(_ converted: Converted) throws -> Validated {
        var validations: [Receipt.Validation] = []
        for (set, part) in zip(try dataSets(), converted.parts) {
            validations.append(try conversion(set).prove(part.result, in: place(of: part, set)))
            for file in part.written.data where try FileFingerprint(path: file.mark.path) != file.fingerprint {
                throw TabularError(
                    "convert.not_proven",
                    "The conversion of \(arrival.fileName) is not proven: \(file.name) is not the file any more that was written.")
            }
        }
        return Validated(validation: Receipt.Validation(together: validations))
    }

    /// Where the files are: perhaps in the folder of an earlier attempt.
    private func place(of part: Converted.Part, _ set: DataSet) throws -> OutputPlace {
        var folder = "\(scratch)/out"
        if let first = part.written.data.first {
            // In bytes: a name may be spelled otherwise in the path.
            folder = String(decoding: Array(first.mark.path.utf8).dropLast(first.name.utf8.count + 1), as: UTF8.self)
        }
        return set.names.place(in: folder, pipeline.output.options.split)
    }

    private func dataSets() throws -> [DataSet] {
        let packed = try pipeline.input.packedFile(path: source.file.path)
        guard pipeline.input.separatesMembers, let members = packed.members else {
            return [DataSet(member: nil, packed: packed, names: names)]
        }
        guard members.count <= Self.maxSeparateMembers else {
            throw TabularError(
                "archive.too_many_members",
                "\(arrival.fileName): \(members.count) members are to be data sets of their own; at most \(Self.maxSeparateMembers) are. "
                    + "Choose some with input.member.")
        }
        return members.enumerated().map {
            DataSet(member: $1.name, packed: packed.only($1), names: names.of(member: $1.name, number: $0))
        }
    }

    private func conversion(_ set: DataSet) throws -> Conversion {
        var metadata = ["landfall.source": arrival.sourceWithVersion, "landfall.job_id": jobID, "landfall.version": softwareName]
        metadata["landfall.member"] = set.member
        let sourceName = arrival.fileName + (set.member.map { ": " + $0 } ?? "")
        return Conversion(
            plan: try InputPlan(
                path: source.file.path, options: pipeline.input.suited(to: pipeline.output.format), sourceName: sourceName,
                packed: set.packed),
            format: pipeline.output.format,
            options: pipeline.output.options, policy: pipeline.rows, sourceName: sourceName, metadata: metadata)
    }
}

extension Receipt.Validation {
    /// What was shown of several data sets.
    init(together validations: [Receipt.Validation]) {
        func all(_ texts: (Receipt.Validation) -> [String]) -> [String] {
            validations.flatMap(texts).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        self.init(
            compared: all(\.compared), rows: validations.reduce(0) { $0 + $1.rows }, files: validations.reduce(0) { $0 + $1.files },
            rules: all(\.rules), notKept: all(\.notKept))
    }
}
