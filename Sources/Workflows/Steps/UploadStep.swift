import FoundationEssentials
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
    let scratch: String

    /// `receipt` is complete but for its outputs.
    func run(
        data: FileMark, fingerprint: FileFingerprint, format: DataFormat, rejects: FileMark?, receipt: Receipt
    ) async throws -> Uploaded {
        var receipt = receipt
        try await services.store.upload(data.path, to: names.dataURI, contentType: format.contentType)
        receipt.outputs.append(
            OutputFile(
                uri: names.dataURI, format: format.rawValue, bytes: fingerprint.bytes, rows: receipt.counts.written,
                sha256: fingerprint.sha256))
        if let rejects {
            try await services.store.upload(rejects.path, to: names.rejectsURI, contentType: DataFormat.csv.contentType)
            let fingerprint = try FileFingerprint(path: rejects.path)
            receipt.outputs.append(
                OutputFile(
                    uri: names.rejectsURI, format: "rejects", bytes: fingerprint.bytes, rows: receipt.counts.rejected,
                    sha256: fingerprint.sha256))
        }
        // This attempt's own folder: what is uploaded may have been made by an earlier one.
        try Scratch.make("\(scratch)/out")
        let path = "\(scratch)/out/\(names.receipt)"
        try Scratch.write(try receipt.jsonText(), to: path)
        try await services.store.upload(path, to: names.receiptURI, contentType: "application/json")
        return Uploaded(receipt: receipt, receiptURI: names.receiptURI)
    }
}
