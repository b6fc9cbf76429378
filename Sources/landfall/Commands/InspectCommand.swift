import ArgumentParser
import Columns
import Jobs
import Tabular
import Workflows

/// `landfall inspect INPUT`.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Says what is in a file: format, dialect, columns with their types, and why.")

    @Argument(help: "A CSV, JSON-lines or Parquet file.") var input: String
    @OptionGroup var inputFlags: InputFlags
    @Flag(help: "Print one JSON document.") var json = false

    private struct DialectReport: Encodable {
        var delimiter: String
        var quote: String?
        var escape: String?
        var header: Bool
        var nullValues: [String]
        var newline: String
        var comment: String?
        /// Why each of these was taken for what it is.
        var reasons: [String: String]

        init(_ dialect: Dialect, _ why: DialectReasons) {
            func text(_ byte: UInt8) -> String { String(decoding: [byte], as: UTF8.self) }
            let pairs = [
                ("delimiter", why.delimiter), ("quote", why.quote), ("escape", why.escape), ("newline", why.newline),
                ("header", why.header),
            ]
            reasons = Dictionary(uniqueKeysWithValues: pairs.filter { !$0.1.isEmpty })
            newline = String(decoding: dialect.recordSuffix + [dialect.newline], as: UTF8.self)
            comment = dialect.comment.map(text)
            delimiter = String(decoding: [dialect.delimiter] + dialect.delimiterTail, as: UTF8.self)
            quote = dialect.quote.map(text)
            escape = dialect.escape.map(text)
            header = dialect.header
            nullValues = [""] + dialect.nullMarkers.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private struct Report: Encodable {
        var input, format, compression: String
        var encoding: String?
        var dialect: DialectReport?
        var columns: [Column]
        var rows: Int64?
        var bytes: Int64
        /// What else was noticed: a preamble, records that will be filled up.
        var notes: [String]
    }

    /// Counts the records where planning had no need to read them all.
    private static func count(_ plan: InputPlan) throws -> Int64 {
        let source = try plan.open()
        var records: Int64 = 0
        while let next = try source.next() { records += Int64(next.recordCount) }
        return records
    }

    func run() async throws {
        _ = try Settings(defaultBackend: .local)
        let plan = try InputPlan(path: input, options: try inputFlags.options())
        let report = Report(
            input: input, format: plan.format.rawValue, compression: plan.packed.description,
            encoding: plan.encoding?.name, dialect: plan.dialect.map { DialectReport($0, plan.reasons) },
            columns: plan.schema.columns, rows: try plan.records ?? Self.count(plan), bytes: FileMark(path: input)?.size ?? 0,
            notes: plan.reasons.notes)
        if json {
            try Terminal.say(report: report)
            return
        }
        Terminal.say("\(report.input): \(report.format), compression \(report.compression), \(report.bytes) bytes")
        if let dialect = report.dialect {
            Terminal.say(
                "delimiter \(dialect.delimiter.debugDescription), quote \(dialect.quote ?? "none"), "
                    + (dialect.header ? "with a header" : "without a header"))
        }
        for (part, reason) in (report.dialect?.reasons ?? [:]).sorted(by: { $0.key < $1.key }) { Terminal.say("  \(part): \(reason)") }
        for note in report.notes { Terminal.say("note: \(note)") }
        if let rows = report.rows { Terminal.say("\(rows) rows") }
        let rows = report.columns.map { [$0.name, $0.type.description, $0.nullable ? "null" : "", $0.reason ?? ""] }
        Terminal.say(Terminal.table([["column", "type", "", "why"]] + rows))
    }
}
