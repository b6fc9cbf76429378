import ArgumentParser
import FoundationEssentials
import Jobs
import Tabular
import Workflows

/// How an input is to be read, as flags.
struct InputFlags: ParsableArguments {
    @Option(help: "The input's format: csv, json, jsonl or parquet. Left out: by its content.") var from: String?
    @Option(help: ArgumentHelp("Column declarations, as in a pipeline's columns.", valueName: "file")) var schema: String?
    @OptionGroup var csv: CSVFlags
    @Option(help: ArgumentHelp("Which members of an archive to read, like '*.csv'. Left out: all.", valueName: "glob")) var member: String?
    @Option(help: ArgumentHelp("JSON: where in one document the rows stand, like data.items.", valueName: "keys")) var path: String?
    @Option(help: "JSON: objects within rows become columns (a.b), or json.") var nested: String?
    @Option(help: "CSV: threads that read at a time; default 1.") var threads: Int?
    @Option(help: "Memory for data buffers: bytes, or like 512MiB.") var memory: String?

    /// `base`: what holds where no flag says otherwise.
    func options(over base: InputOptions = InputOptions()) throws -> InputOptions {
        var options = base
        if let schema {
            guard let bytes = FileManager.default.contents(atPath: schema), let text = String(validating: bytes, as: UTF8.self)
            else { throw Failure(.permanent, "input.not_found", "The schema file \(schema) cannot be read as UTF-8 text.") }
            let declared = try PipelineFile.readSchema(text: text, file: schema)
            (options.columns, options.unknown) = (declared.columns, declared.unknown)
        }
        if let from {
            guard let format = DataFormat.named(from) else {
                throw Failure(.permanent, "usage.format", "--from must be csv, json, jsonl or parquet, found \"\(from)\".")
            }
            options.format = format
        }
        try csv.apply(to: &options)
        if let member {
            guard let pattern = KeyPattern(member) else {
                throw Failure(.permanent, "usage.member", "--member must be a pattern like '*.csv', found \"\(member)\".")
            }
            options.member = pattern
        }
        if let path { options.path = JSONLayout.path(path) }
        if let nested {
            guard ["columns", "json"].contains(nested) else {
                throw Failure(.permanent, "usage.nested", "--nested must be columns or json, found \"\(nested)\".")
            }
            options.keepsNested = nested == "json"
        }
        if let threads {
            guard (1...CSVReader.maxThreads).contains(threads) else {
                throw Failure(.permanent, "usage.threads", "--threads must be from 1 to \(CSVReader.maxThreads).")
            }
            options.threads = threads
        }
        if let memory {
            guard let bytes = try? Settings.bytes(memory) else {
                throw Failure(.permanent, "usage.memory", "--memory must be bytes, or like 512MiB or 2GiB, found \"\(memory)\".")
            }
            options.memoryBytes = Int64(bytes)
        }
        return options
    }
}

/// How an output is to be written, as flags.
struct OutputFlags: ParsableArguments {
    @Option(help: "The output's format: csv, json, jsonl or parquet. Left out: by its name.") var to: String?
    @Option(help: "zstd, gzip, snappy, lz4, brotli or none.") var compression: String?
    @Option(name: .customLong("compression-level"), help: "1 to 22; default 3 (gzip: 6).") var compressionLevel: Int?
    @Option(name: .customLong("row-group-rows"), help: "Rows in a Parquet row group.") var rowGroupRows: Int?
    @OptionGroup var parquet: ParquetFlags
    @Option(
        name: .customLong("partition-by"),
        help: ArgumentHelp("Columns that name folders, day=2026-01-31; separated by commas.", valueName: "columns"))
    var partitionBy: String?
    @Option(name: .customLong("file-bytes"), help: "Begin another file where one has about this size: bytes, or like 128MiB.")
    var fileBytes: String?
    @Option(name: .customLong("file-rows"), help: "Begin another file where one has so many rows.") var fileRows: Int64?

    func options() throws(Failure) -> OutputOptions {
        if let compression, !OutputOptions.compressions.contains(compression) {
            throw Failure(
                .permanent, "usage.compression",
                "--compression must be one of \(OutputOptions.compressions.joined(separator: ", ")), found \"\(compression)\".")
        }
        if let compressionLevel, !(1...22).contains(compressionLevel) {
            throw Failure(.permanent, "usage.compression_level", "--compression-level must be from 1 to 22.")
        }
        if let rowGroupRows, !(1...10_000_000).contains(rowGroupRows) {
            throw Failure(.permanent, "usage.row_group_rows", "--row-group-rows must be from 1 to 10000000.")
        }
        var options = OutputOptions(compression: compression, compressionLevel: compressionLevel, rowGroupRows: rowGroupRows)
        do {
            try options.checkLevel("--compression-level")
        } catch {
            throw Failure(.permanent, "usage.compression_level", error.message)
        }
        options.split = try split()
        options.parquet = try parquet.options()
        return options
    }

    private func split() throws(Failure) -> OutputSplit {
        var split = OutputSplit()
        split.partitionBy = (partitionBy ?? "").split(separator: ",").map { String($0.trimmingPrefix { $0 == " " }) }
        if let fileBytes {
            guard let bytes = try? Settings.bytes(fileBytes), bytes > 0 else {
                throw Failure(.permanent, "usage.file_bytes", "--file-bytes must be bytes, or like 128MiB, found \"\(fileBytes)\".")
            }
            split.fileBytes = Int64(bytes)
        }
        if let fileRows {
            guard fileRows > 0 else { throw Failure(.permanent, "usage.file_rows", "--file-rows must be 1 or more.") }
            split.fileRows = fileRows
        }
        return split
    }

    /// The format that a flag or a file's name says.
    func format(of path: String) throws(Failure) -> DataFormat {
        if let to {
            guard let format = DataFormat.named(to) else {
                throw Failure(.permanent, "usage.format", "--to must be csv, json, jsonl or parquet, found \"\(to)\".")
            }
            return format
        }
        guard let format = DataFormat.named(by: path).format else {
            throw Failure(
                .permanent, "usage.format",
                "The output's name \"\(path)\" does not say its format. End it in .csv, .json, .jsonl or .parquet, or give --to.")
        }
        return format
    }
}

/// What becomes of bad records, as flags.
struct RejectFlags: ParsableArguments {
    @Option(name: .customLong("on-error"), help: "abort (the first bad row ends it) or reject (bad rows are set aside).")
    var onError: String?
    @Option(name: .customLong("max-rejects"), help: "More bad rows than this end it.") var maxRejects: Int64?
    @Option(name: .customLong("max-reject-ratio"), help: "A larger share of bad rows (0 to 1) ends it.")
    var maxRejectRatio: Double?
    @Option(help: ArgumentHelp("Where bad rows go.", valueName: "file")) var rejects: String?

    func policy() throws(Failure) -> RejectPolicy {
        if let onError, onError != "abort", onError != "reject" {
            throw Failure(.permanent, "usage.on_error", "--on-error must be abort or reject, found \"\(onError)\".")
        }
        if let maxRejectRatio, !(0...1).contains(maxRejectRatio) {
            throw Failure(.permanent, "usage.max_reject_ratio", "--max-reject-ratio must be from 0 to 1.")
        }
        if let maxRejects, maxRejects < 0 {
            throw Failure(.permanent, "usage.max_rejects", "--max-rejects must be 0 or more.")
        }
        return RejectPolicy(rejects: onError == "reject", maxRejects: maxRejects, maxRejectRatio: maxRejectRatio)
    }
}

extension DataFormat {
    /// A format as flags spell it: its name, or a usual other one.
    static func named(_ text: String) -> DataFormat? {
        switch text.lowercased() {
        case "csv", "tsv": .csv
        case "json": .json
        case "jsonl", "ndjson": .jsonl
        case "parquet": .parquet
        default: nil
        }
    }
}
