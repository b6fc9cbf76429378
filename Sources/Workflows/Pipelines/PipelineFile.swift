import Columns
import Jobs
import SQL
import SigV4
import Tabular

/// Reads a pipeline from its YAML file. Unknown keys are errors; what a later version will do is refused by name.
package enum PipelineFile {
    /// `file` is the name that messages show.
    package static func read(text: String, file: String) throws(Failure) -> Pipeline {
        var root = try YAMLMapping(text: text, file: file)
        // A mistyped key is a better hint than the missing one.
        try root.refuseUnknown(besides: keys)
        let name = try root.require(try root.string("name"), "name")
        guard isName(name) else {
            throw root.failure("name", "may hold letters, digits, '-', '_' and '.', at most 100, and begins with a letter or digit.")
        }
        let match = try match(&root)
        let workflowName = try root.require(
            try root.choice("workflow", Pipeline.Workflow.allCases.map(\.rawValue) + ["warehouse"]), "workflow")
        guard let workflow = Pipeline.Workflow(rawValue: workflowName) else {
            throw Failure(.permanent, "pipeline.unsupported", "\(file): workflow \(workflowName) is not supported yet.")
        }
        let input = try input(&root)
        let rows = try rows(&root)
        try root.refuse("transform", because: "filters, expressions and masks come with a later version.")
        let target = try target(&root)
        let output = try output(&root, workflow)
        let lineage = try lineage(&root)
        let resend = try root.choice("resend", LoadHistory.Resend.allCases.map(\.rawValue)).flatMap(LoadHistory.Resend.init)
        let duplicates = try root.choice("duplicates", ["accept", "reject"])
        try root.finish()
        if workflow == .loader, target == nil {
            throw Failure(.permanent, "settings.missing_key", "\(file): a loader needs target.postgres.table.")
        }
        if workflow == .loader, input.separatesMembers {
            throw Failure(
                .permanent, "pipeline.unsupported",
                "\(file): input.members: separate is for convertors, because a load has one table. Give each kind of member a pipeline, "
                    + "with input.member.")
        }
        var pipeline = Pipeline(
            name: name, match: match, workflow: workflow, input: input, rows: rows, target: target, output: output,
            lineage: lineage)
        pipeline.resend = resend ?? .append
        pipeline.refusesDuplicates = duplicates == "reject"
        pipeline.digest = SHA256.hexadecimal(text)
        return pipeline
    }

    private static let keys = [
        "name", "match", "workflow", "input", "columns", "schema", "rows", "transform", "target", "output", "lineage", "resend",
        "duplicates",
    ]

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 100 else { return false }
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        return isAlphanumeric(first) && name.utf8.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }

    private static func match(_ root: inout YAMLMapping) throws(Failure) -> Pipeline.Match {
        guard var section = try root.mapping("match") else { return Pipeline.Match() }
        var match = Pipeline.Match(bucket: try section.string("bucket"))
        if let text = try section.string("key") {
            guard let pattern = KeyPattern(text) else {
                throw section.failure("key", "is no pattern: \"\(text)\" has a brace without its other half, or too many alternatives.")
            }
            match.key = pattern
        }
        try section.finish()
        return match
    }

    private static func input(_ root: inout YAMLMapping) throws(Failure) -> InputOptions {
        var options = InputOptions()
        if var section = try root.mapping("input") {
            options.format = try section.choice("format", DataFormat.allCases.map(\.rawValue)).flatMap(DataFormat.init)
            try CSVKeys.read(&section, into: &options)
            options.member = try member(&section)
            options.separatesMembers = try section.choice("members", ["union", "separate"]) == "separate"
            options.path = try section.string("path").map(JSONLayout.path)
            options.keepsNested = try section.choice("nested", ["columns", "json"]) == "json"
            try section.finish()
        }
        try columns(&root, into: &options)
        return options
    }

    private static func member(_ section: inout YAMLMapping) throws(Failure) -> KeyPattern? {
        guard let text = try section.string("member") else { return nil }
        guard let pattern = KeyPattern(text) else { throw section.failure("member", "\"\(text)\" is no pattern.") }
        return pattern
    }

    /// Reads a file that holds only `columns` and perhaps `schema`: what `--schema` names.
    package static func readSchema(text: String, file: String) throws(Failure) -> InputOptions {
        var root = try YAMLMapping(text: text, file: file)
        var options = InputOptions()
        try columns(&root, into: &options)
        try root.finish()
        return options
    }

    private static func columns(_ root: inout YAMLMapping, into options: inout InputOptions) throws(Failure) {
        for var section in try root.mappings("columns") ?? [] {
            let name = try section.require(try section.string("name"), "name")
            var declaration = ColumnDeclaration(name: name, from: try section.string("from"))
            if let text = try section.string("type") {
                guard let type = ColumnType(text) else {
                    throw section.failure(
                        "type",
                        "\"\(text)\" is none of ours: bool int16 int32 int64 float32 float64 decimal(p,s) date time timestamp timestamptz text bytes uuid json."
                    )
                }
                declaration.type = type
            }
            declaration.required = try section.bool("required") ?? false
            declaration.format = try FormatKeys.read(&section, type: &declaration.type)
            try section.finish()
            guard !options.columns.contains(where: { $0.name == name }) else {
                throw section.failure("name", "\"\(name)\" is declared twice.")
            }
            options.columns.append(declaration)
        }
        if var section = try root.mapping("schema") {
            switch try section.choice("mode", ["infer", "evolve", "frozen"]) {
            case "frozen": options.unknown = .reject
            case "evolve":
                throw Failure(.permanent, "pipeline.unsupported", "schema.mode: evolve is not supported yet; leave it out, or use frozen.")
            default: break
            }
            if let unknown = try section.choice("unknown", ["add", "rescue", "drop", "reject"]) {
                guard let choice = InputOptions.Unknown(rawValue: unknown) else {
                    throw Failure(
                        .permanent, "pipeline.unsupported", "schema.unknown: \(unknown) is not supported yet; add, drop and reject are.")
                }
                options.unknown = choice
            }
            try section.finish()
        }
    }

    private static func rows(_ root: inout YAMLMapping) throws(Failure) -> RejectPolicy {
        guard var section = try root.mapping("rows") else { return RejectPolicy() }
        var policy = RejectPolicy()
        policy.rejects = try section.choice("on_error", ["abort", "reject"]) == "reject"
        policy.maxRejects = try section.integer("max_rejects", in: 0...Int.max).map(Int64.init)
        policy.maxRejectRatio = try section.number("max_reject_ratio", in: 0...1)
        try section.finish()
        return policy
    }

    private static func target(_ root: inout YAMLMapping) throws(Failure) -> Pipeline.Target? {
        guard var section = try root.mapping("target") else { return nil }
        try section.refuse("redshift", because: "it comes with a later version.")
        guard var postgres = try section.mapping("postgres") else {
            throw Failure(.permanent, "settings.missing_key", "target needs postgres.")
        }
        let table: TableName
        let text = try postgres.require(try postgres.string("table"), "table")
        do {
            table = try TableName(parsing: text)
        } catch {
            throw postgres.failure("table", error.message)
        }
        let key = try postgres.strings("key") ?? []
        let mode: LoadMode
        switch try postgres.choice("mode", ["append", "replace", "upsert", "replace_slice", "scd2"]) ?? "append" {
        case "append": mode = .append
        case "replace": mode = .replace
        case "upsert":
            guard !key.isEmpty else { throw postgres.failure("mode", "upsert needs key: [column, …].") }
            mode = .upsert(key: key)
        case let other:
            throw Failure(
                .permanent, "pipeline.unsupported", "target.postgres.mode: \(other) is not supported yet; append, replace and upsert are.")
        }
        try postgres.finish()
        try section.finish()
        return Pipeline.Target(table: table, mode: mode)
    }

    private static func output(_ root: inout YAMLMapping, _ workflow: Pipeline.Workflow) throws(Failure) -> Pipeline.Output {
        guard var section = try root.mapping("output") else { return Pipeline.Output(format: .parquet) }
        var output: Pipeline.Output?
        for format in DataFormat.allCases {
            let isNamedWithoutOptions = section.keys.contains(format.rawValue)
            var options = try section.mapping(format.rawValue)
            guard isNamedWithoutOptions else { continue }
            guard output == nil else { throw section.failure(format.rawValue, "is a second output; a pipeline writes one format.") }
            var made = Pipeline.Output(format: format)
            if var options {
                made.to = try options.string("to")
                made.options = try OutputKeys.read(&options, format)
                try options.finish()
            }
            options = nil
            output = made
        }
        try section.finish()
        guard let output else { return Pipeline.Output(format: .parquet) }
        if workflow == .loader, output.format != .parquet {
            throw section.failure(output.format.rawValue, "cannot be a loader's output; it writes Parquet.")
        }
        return output
    }

    private static func lineage(_ root: inout YAMLMapping) throws(Failure) -> LineageColumns {
        guard let isOn = try? root.bool("lineage") else {
            guard var section = try root.mapping("lineage") else { return LineageColumns() }
            let standard = LineageColumns()
            let lineage = LineageColumns(
                loadID: try section.string("load_id") ?? standard.loadID,
                source: try section.string("source") ?? standard.source, row: try section.string("row") ?? standard.row)
            try section.finish()
            return lineage
        }
        return isOn ? LineageColumns() : .none
    }
}
