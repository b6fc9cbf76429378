import Jobs

/// What was uploaded, and the receipt that says so.
package struct Uploaded: StepResult {
    package var receipt: Receipt
    package var receiptURI: String

    package var files: [FileMark] { [] }
}

/// Uploads data, rejects and, last, the receipt that names them.
struct UploadStep {
    let names: OutputNames
    let services: JobServices
    let run: JobRun

    /// `receipt` is complete but for its outputs.
    func upload(
        data: FileMark, fingerprint: FileFingerprint, format: DataFormat, rejects: FileMark?, receipt: Receipt
    ) async throws -> Uploaded {
        var receipt = receipt
        try await put(data.path, names.dataURI, format.contentType)
        receipt.outputs.append(
            OutputFile(
                uri: names.dataURI, format: format.rawValue, bytes: fingerprint.bytes, rows: receipt.counts.written,
                sha256: fingerprint.sha256))
        if let rejects {
            try await put(rejects.path, names.rejectsURI, DataFormat.csv.contentType)
            let fingerprint = try FileFingerprint(path: rejects.path)
            receipt.outputs.append(
                OutputFile(
                    uri: names.rejectsURI, format: "rejects", bytes: fingerprint.bytes, rows: receipt.counts.rejected,
                    sha256: fingerprint.sha256))
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
