import Jobs

/// What a job's files are called, and where they go.
///
/// Data lies directly under the output's prefix; receipts and rejects lie in `_landfall/` below it, which query engines
/// pass over. Names are made from the source's name and the job's id, so that another attempt writes the same names.
struct OutputNames {
    /// How many digits of the job's id a name carries.
    private static let idDigits = 12

    /// What the names of data and rejects begin with, and those of data end with.
    private var base: String
    private let ending: String
    let receipt: String
    private let prefix: String
    private let rejectsPrefix: String

    /// Throws where neither the pipeline nor the settings say where outputs go.
    init(pipeline: Pipeline, arrival: Arrival, jobID: String, services: JobServices) throws(Failure) {
        base = "\(Scratch.safeName(DataFormat.stem(of: arrival.fileName))).\(jobID.prefix(Self.idDigits))"
        let format = pipeline.output.format
        ending = "." + format.rawValue + (format == .parquet ? "" : Self.ending(pipeline.output.options))
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

    /// The only data file's name.
    var data: String { base + ending }
    var rejects: String { "\(base).rejects.csv" }

    private static let memberDigits = 5

    /// The names of an archive's member that is a data set of its own; `number` is its place among them, from 0.
    func of(member: String, number: Int) -> OutputNames {
        var names = self
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, Self.memberDigits - digits.utf8.count)) + digits
        names.base += ".member-\(padded).\(Scratch.safeName(DataFormat.stem(of: member)))"
        return names
    }

    /// Where the data files are written first.
    func place(in folder: String, _ split: OutputSplit) -> OutputPlace {
        split.isSet ? .folder(path: folder, stem: base + ".", ending: ending) : .file(path: "\(folder)/\(data)")
    }

    /// - Parameter name: as in ``WrittenFile/name``.
    func dataURI(_ name: String) -> String { Self.uri(prefix, name) }
    /// - Parameter name: as in ``rejects``.
    func rejectsURI(_ name: String) -> String { Self.uri(rejectsPrefix, name) }
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
