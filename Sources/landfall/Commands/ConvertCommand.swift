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
        discussion: """
            The output appears under its name only when it is complete and proven. With --file-bytes, --file-rows or \
            --partition-by, OUTPUT is a folder, which must be new or empty. --check writes nothing: it reads all of INPUT, and \
            where OUTPUT is given, holds it against INPUT.
            """)

    @Argument(
        help: "A CSV, JSON or Parquet file; CSV and JSON may be compressed (gzip, zstd, bzip2) or in an archive (zip, tar).")
    var input: String
    @Argument(help: "The file to write; its ending says the format.") var output: String?
    @OptionGroup var inputFlags: InputFlags
    @OptionGroup var outputFlags: OutputFlags
    @OptionGroup var rejectFlags: RejectFlags
    @Flag(name: .customLong("no-validate"), help: "Do not read the result back.") var noValidate = false
    @Flag(help: "Read everything, write nothing; an OUTPUT that is there must hold INPUT's rows.") var check = false
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        if output == nil, !check { throw ValidationError("Missing expected argument '<output>'") }
        if check, noValidate { throw ValidationError("--check and --no-validate exclude each other.") }
    }

    func run() async throws {
        let started = WallClock.system.now()
        _ = try Settings(defaultBackend: .local)
        var report = try check ? checked() : converted()
        report.seconds = WallClock.system.now().seconds(since: started)
        if json { try Terminal.say(json: report) } else { report.say() }
    }

    // MARK: Converting

    private func converted() throws -> ConvertReport {
        let name = output ?? ""
        let format = try outputFlags.format(of: name)
        let options = try outputOptions(format, name)
        let file =
            try options.split.isSet
            ? OutputPath(folder: name, flag: "OUTPUT", apartFrom: [input]) : OutputPath(name, flag: "OUTPUT", apartFrom: [input])
        let rejectsName = rejectFlags.rejects ?? name + ".rejects.csv"
        let rejects = try OutputPath(rejectsName, flag: "--rejects", apartFrom: [input, file.path])
        defer {
            file.discard()
            rejects.discard()
        }
        let conversion = try self.conversion(format, options)
        let source = try SourceFile(input)
        let ending = "." + format.rawValue + (options.compression == "gzip" ? ".gz" : options.compression == "zstd" ? ".zst" : "")
        let place: OutputPlace =
            options.split.isSet
            ? .folder(path: file.part, stem: "", ending: format == .parquet ? ".parquet" : ending) : .file(path: file.part)
        let result = try conversion.write(to: place, rejectsPath: rejects.part)
        let validation = try noValidate ? nil : conversion.prove(result, in: place)
        try source.checkUnchanged()
        let outputs = try result.files.map { part in
            let fingerprint = try FileFingerprint(path: place.path(of: part))
            let path = try Assembly.absolute(options.split.isSet ? "\(name)/\(part.name)" : name)
            return OutputFile(
                uri: SourceURI.file(path), format: format.rawValue, bytes: fingerprint.bytes, rows: part.rows,
                sha256: fingerprint.sha256, partition: part.partition.isEmpty ? nil : part.partition)
        }
        // Rejects of an earlier run would belong to no output that there is.
        if result.hasRejects { try rejects.publish() } else if rejectFlags.rejects == nil { unlink(rejects.path) }
        try file.publish()

        var report = ConvertReport(
            input: input, output: name, format: format, source: source.receipt(conversion.plan), result: result,
            notes: conversion.plan.reasons.notes + result.notes)
        report.outputs = outputs
        report.bytes = outputs.reduce(0) { $0 + $1.bytes }
        report.validated = validation != nil
        report.validation = validation
        report.rejects = result.hasRejects ? rejectsName : nil
        return report
    }

    private func outputOptions(_ format: DataFormat, _ name: String) throws -> OutputOptions {
        var options = try outputFlags.options()
        if format != .parquet, !["zstd", "gzip", "none", nil].contains(options.compression) {
            throw Failure(.permanent, "usage.compression", "--compression: text files can be compressed with zstd or gzip.")
        }
        if options.compression == nil, format != .parquet {
            // The file is written under another name first, which does not say how it is compressed.
            options.compression = DataFormat.named(by: name).compression.rawValue
        }
        if name.lowercased().contains(".tsv") { options.delimiter = UInt8(ascii: "\t") }
        return options
    }

    private func conversion(_ format: DataFormat, _ options: OutputOptions) throws -> Conversion {
        var inputOptions = try inputFlags.options().suited(to: format)
        // Parquet files have columns; text can be empty.
        inputOptions.allowsEmpty = format != .parquet && inputOptions.columns.isEmpty
        return Conversion(
            plan: try InputPlan(path: input, options: inputOptions), format: format, options: options,
            policy: try rejectFlags.policy(), sourceName: input,
            metadata: [
                "landfall.source": SourceURI.file(try Assembly.absolute(input)), "landfall.version": "landfall \(Landfall.version)",
            ])
    }

    // MARK: Checking

    private func checked() throws -> ConvertReport {
        let format = try output == nil && outputFlags.to == nil ? nil : outputFlags.format(of: output ?? "")
        let source = try SourceFile(input)
        var conversion = try self.conversion(format ?? .parquet, try outputOptions(format ?? .parquet, output ?? ""))
        conversion.options.split = OutputSplit()
        var bad: [Reject] = []
        var result = try conversion.check { bad.append($0) }
        var validation: Receipt.Validation?
        var outputs: [OutputFile] = []
        if let output {
            let fingerprint = try FileFingerprint(path: output)
            result.files = [WrittenFile(name: output, partition: [], rows: result.counts.written, columns: result.facts)]
            do {
                validation = try conversion.prove(result, in: .file(path: output))
            } catch let error as TabularError where error.code == "convert.not_proven" {
                throw Failure(.badInput, "check.differs", "\(output) does not hold the rows of \(input). \(error.message)")
            }
            outputs = [
                OutputFile(
                    uri: SourceURI.file(try Assembly.absolute(output)), format: conversion.format.rawValue, bytes: fingerprint.bytes,
                    rows: result.counts.written, sha256: fingerprint.sha256)
            ]
        }
        try source.checkUnchanged()
        var report = ConvertReport(
            input: input, output: output, format: format ?? conversion.plan.format, source: source.receipt(conversion.plan),
            result: result, notes: conversion.plan.reasons.notes + result.notes)
        report.isCheck = true
        report.outputs = outputs
        report.bytes = outputs.first?.bytes
        report.validated = validation != nil
        report.validation = validation
        report.firstRejects = bad.map(ConvertReport.BadRow.init)
        return report
    }
}

/// The input as it was before it was read.
private struct SourceFile {
    private let name: String
    private let mark: FileMark?
    private let fingerprint: FileFingerprint

    init(_ path: String) throws {
        guard !DataFormat.isPipeOrDevice(path) else {
            throw Failure(
                .badInput, "input.not_a_file", "\(path) is no regular file. Files are read more than once: save it first.")
        }
        name = path
        mark = FileMark(path: path)
        fingerprint = try FileFingerprint(path: path)
    }

    /// A file that was written to while it was read proves nothing.
    func checkUnchanged() throws(Failure) {
        guard FileMark(path: name) == mark else {
            throw Failure(.transient, "input.changed", "\(name) has changed while it was read. Try again when it is complete.")
        }
    }

    func receipt(_ plan: InputPlan) -> Receipt.Source {
        Receipt.Source(
            uri: SourceURI.file((try? Assembly.absolute(name)) ?? name), version: nil, bytes: fingerprint.bytes,
            sha256: fingerprint.sha256, format: plan.format.rawValue, compression: plan.packed.description)
    }
}
