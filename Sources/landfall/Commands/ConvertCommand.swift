import ArgumentParser
import Columns
import FoundationEssentials
import Glibc
import Jobs
import Tabular
import Workflows

/// `landfall convert INPUT OUTPUT`.
struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Converts a file, and proves it by converting back.",
        discussion: "The output appears under its name only when it is complete and proven.")

    @Argument(
        help: "A CSV, JSON-lines or Parquet file; CSV and JSON lines may be compressed (gzip, zstd, bzip2) or in an archive (zip, tar).")
    var input: String
    @Argument(help: "The file to write; its ending says the format.") var output: String
    @OptionGroup var inputFlags: InputFlags
    @OptionGroup var outputFlags: OutputFlags
    @OptionGroup var rejectFlags: RejectFlags
    @Flag(name: .customLong("no-validate"), help: "Do not read the result back.") var noValidate = false
    @Flag(help: "Print one JSON document.") var json = false

    private struct Report: Encodable {
        var input, output, format: String
        var rowsRead, rowsWritten, rowsRejected: Int64
        var columns: [Column]
        var validated: Bool
        var rejects: String?
        /// What was decided about the input that its owner may want to know.
        var notes: [String]
        var bytes: Int64
        var seconds: Double
    }

    func run() async throws {
        let started = WallClock.system.now()
        _ = try Settings(defaultBackend: .local)
        let format = try outputFlags.format(of: output)
        var outputOptions = try outputFlags.options()
        if format != .parquet, !["zstd", "gzip", "none", nil].contains(outputOptions.compression) {
            throw Failure(.permanent, "usage.compression", "--compression: text files can be compressed with zstd or gzip.")
        }
        let file = try OutputPath(output, flag: "OUTPUT", apartFrom: [input])
        let rejectsName = rejectFlags.rejects ?? output + ".rejects.csv"
        let rejects = try OutputPath(rejectsName, flag: "--rejects", apartFrom: [input, file.path])
        defer {
            file.discard()
            rejects.discard()
        }
        if outputOptions.compression == nil, format != .parquet {
            // The file is written under another name first, which does not say how it is compressed.
            outputOptions.compression = DataFormat.named(by: output).compression.rawValue
        }
        if output.lowercased().contains(".tsv") { outputOptions.delimiter = UInt8(ascii: "\t") }
        var inputOptions = try inputFlags.options().suited(to: format)
        // Parquet files have columns; text can be empty.
        inputOptions.allowsEmpty = format != .parquet && inputOptions.columns.isEmpty
        let plan = try InputPlan(path: input, options: inputOptions)
        let conversion = Conversion(
            plan: plan, format: format, options: outputOptions,
            policy: try rejectFlags.policy(), sourceName: input,
            metadata: ["landfall.source": SourceURI.file(try Assembly.absolute(input)), "landfall.version": "landfall \(Landfall.version)"])
        let result = try conversion.write(to: file.part, rejectsPath: rejects.part)
        let validated = try noValidate ? nil : conversion.prove(result, path: file.part)
        // Rejects of an earlier run would belong to no output that there is.
        if result.hasRejects { try rejects.publish() } else if rejectFlags.rejects == nil { unlink(rejects.path) }
        try file.publish()

        let report = Report(
            input: input, output: output, format: format.rawValue, rowsRead: result.counts.read,
            rowsWritten: result.counts.written, rowsRejected: result.counts.rejected, columns: result.columns,
            validated: validated != nil, rejects: result.hasRejects ? rejectsName : nil,
            notes: plan.reasons.notes + result.notes, bytes: FileMark(path: output)?.size ?? 0,
            seconds: WallClock.system.now().seconds(since: started))
        if json { try Terminal.say(report: report) } else { say(report) }
    }

    private func say(_ report: Report) {
        Terminal.say(
            "\(report.output): \(report.rowsWritten) rows, \(report.bytes) bytes of \(report.format)"
                + (report.validated ? ", proven by reading it back" : ", not validated"))
        for note in report.notes { Terminal.say("note: \(note)") }
        if let rejects = report.rejects { Terminal.say("\(report.rowsRejected) bad rows are in \(rejects)") }
    }
}
