import Jobs

/// What a job's files are called, and where they go.
///
/// Data lies directly under the output's prefix; receipts and rejects lie in `_landfall/` below it, which query engines
/// pass over. Names are made from the source's name and the job's id, so that another attempt writes the same names.
struct OutputNames {
    /// How many digits of the job's id a name carries.
    private static let idDigits = 12

    /// The only data file's name.
    let data: String
    /// What the names of several begin and end with.
    private let stem: String
    private let ending: String
    let rejects: String
    let receipt: String
    private let prefix: String
    private let rejectsPrefix: String

    /// Throws where neither the pipeline nor the settings say where outputs go.
    init(pipeline: Pipeline, arrival: Arrival, jobID: String, services: JobServices) throws(Failure) {
        let base = "\(Scratch.safeName(DataFormat.stem(of: arrival.fileName))).\(jobID.prefix(Self.idDigits))"
        let format = pipeline.output.format
        stem = base + "."
        ending = "." + format.rawValue + (format == .parquet ? "" : Self.ending(pipeline.output.options))
        data = base + ending
        rejects = "\(base).rejects.csv"
        receipt = "\(base).receipt.json"
        if let to = pipeline.output.to {
            prefix = Self.trimmed(to)
        } else if let output = services.defaultOutput {
            prefix = Self.trimmed(output) + "/" + pipeline.name
        } else {
            throw Failure(
                .permanent, "settings.no_output",
                "Pipeline \(pipeline.name) does not say where its output goes, and there is no default. Set its output's "
                    + "\"to\", or LANDFALL_OUTPUT.")
        }
        rejectsPrefix = services.rejectsOutput.map { Self.trimmed($0) + "/" + pipeline.name } ?? prefix + "/_landfall"
    }

    /// Where the data files are written first.
    func place(in folder: String, _ split: OutputSplit) -> OutputPlace {
        split.isSet ? .folder(path: folder, stem: stem, ending: ending) : .file(path: "\(folder)/\(data)")
    }

    /// - Parameter name: as in ``WrittenFile/name``.
    func dataURI(_ name: String) -> String { Self.uri(prefix, name) }
    var rejectsURI: String { Self.uri(rejectsPrefix, rejects) }
    var receiptURI: String { Self.uri(prefix + "/_landfall", receipt) }

    private static func ending(_ options: OutputOptions) -> String {
        switch options.compression {
        case "gzip": ".gz"
        case "zstd": ".zst"
        default: ""
        }
    }

    private static func trimmed(_ prefix: String) -> String {
        var prefix = prefix
        while prefix.hasSuffix("/"), prefix != "/" { prefix.removeLast() }
        return prefix
    }

    /// `s3://…` stays as it is; a folder becomes a `file://` URI.
    private static func uri(_ prefix: String, _ name: String) -> String {
        prefix.hasPrefix("s3://") || prefix.hasPrefix("file://")
            ? "\(prefix)/\(name)" : SourceURI.file("\(prefix)/\(name)")
    }
}
