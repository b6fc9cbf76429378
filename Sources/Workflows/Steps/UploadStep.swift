import Jobs

/// What was uploaded, and the receipt that says so.
package struct Uploaded: StepResult {
    package var receipt: Receipt
    package var receiptURI: String

    package var files: [FileMark] { [] }
}

/// A data file in the scratch folder.
package struct DataFile: Hashable, Sendable, Codable {
    /// Below the output's prefix.
    package var name: String
    package var mark: FileMark
    package var fingerprint: FileFingerprint
    package var rows: Int64
    package var partition: [PartitionValue]

    init(_ file: WrittenFile, in place: OutputPlace) throws {
        let path = place.path(of: file)
        name = file.name
        mark = try Scratch.mark(path)
        fingerprint = try FileFingerprint(path: path)
        rows = file.rows
        partition = file.partition
    }
}

/// The files of a data set: of the job's file, or of one member of it.
package struct DataSetFiles: Hashable, Sendable, Codable {
    /// Nil: the whole file.
    package var member: String?
    package var data: [DataFile]
    package var rejects: FileMark?
    package var rejected: Int64

    package var files: [FileMark] { data.map(\.mark) + (rejects.map { [$0] } ?? []) }
}

/// Uploads data, rejects and, last, the receipt that names them.
struct UploadStep {
    let names: OutputNames
    let services: JobServices
    let run: JobRun

    /// `receipt` is complete but for its outputs.
    func upload(_ sets: [DataSetFiles], format: DataFormat, receipt: Receipt) async throws -> Uploaded {
        var receipt = receipt
        for (set, file) in sets.flatMap({ set in set.data.map { (set, $0) } }) {
            try Task.checkCancellation()
            let uri = names.dataURI(file.name)
            try await put(file.mark.path, uri, format.contentType)
            receipt.outputs.append(
                OutputFile(
                    uri: uri, format: format.rawValue, bytes: file.fingerprint.bytes, rows: file.rows,
                    sha256: file.fingerprint.sha256, partition: file.partition.isEmpty ? nil : file.partition, member: set.member))
        }
        for set in sets {
            guard let rejects = set.rejects else { continue }
            let uri = names.rejectsURI(rejects.path.split(separator: "/").last.map(String.init) ?? names.rejects)
            try await put(rejects.path, uri, DataFormat.csv.contentType)
            let fingerprint = try FileFingerprint(path: rejects.path)
            receipt.outputs.append(
                OutputFile(
                    uri: uri, format: "rejects", bytes: fingerprint.bytes, rows: set.rejected, sha256: fingerprint.sha256,
                    member: set.member))
        }
        // This attempt's own folder: what is uploaded may have been made by an earlier one.
        try Scratch.make("\(run.workFolder)/out")
        let path = "\(run.workFolder)/out/\(names.receipt)"
        try Scratch.write(try receipt.jsonText(), to: path)
        try await put(path, names.receiptURI, "application/json")
        return Uploaded(receipt: receipt, receiptURI: names.receiptURI)
    }

    /// Others see what is uploaded, so the job must still be ours.
    private func put(_ path: String, _ uri: String, _ contentType: String) async throws {
        try await run.confirmLease()
        try await services.store.upload(path, to: uri, contentType: contentType)
    }
}
