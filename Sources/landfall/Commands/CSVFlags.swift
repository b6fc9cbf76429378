import ArgumentParser
import Jobs
import Tabular
import Workflows

/// How CSV and fixed-width text is spelled, as flags.
struct CSVFlags: ParsableArguments {
    @Flag(name: .customLong("no-header"), help: "The first record is data.") var noHeader = false
    @Option(help: "One or more characters, like ';', '\\t' or '+|'. Left out: detected.") var delimiter: String?
    @Option(help: "One character.") var quote: String?
    @Option(help: "What makes the next character literal. Left out: quotes are doubled.") var escape: String?
    @Option(name: .customLong("row-end"), help: "What ends a record, like '&|\\n'. Left out: detected.") var rowEnd: String?
    @Option(help: "Lines that begin with this character are left out.") var comment: String?
    @Option(name: .customLong("skip-lines"), help: "Lines to leave out at the beginning.") var skipLines: Int?
    @Option(
        name: .customLong("fixed-width"),
        help: "Fields by position: widths (8,22,10) or positions from 1, perhaps with names (id:1-8,name:9-30).")
    var fixedWidth: String?
    @Option(help: "The text's encoding, as iconv knows it: windows-1252, utf-16, … Left out: detected.") var encoding: String?
    @Option(name: .customLong("encoding-errors"), help: "fail, or replace bytes that are no character by U+FFFD.")
    var encodingErrors: String?
    @Option(name: .customLong("null"), help: "An unquoted text that means null, besides the empty one. Repeatable.")
    var nulls: [String] = []
    @Flag(help: "Detect the dialect from the whole file, not just from its beginning.") var full = false

    func apply(to options: inout InputOptions) throws {
        if noHeader { options.hints.header = false }
        if let delimiter { options.hints.setDelimiter(try bytes(delimiter, "--delimiter")) }
        if let quote = try byte(quote, "--quote") { options.hints.quote = quote }
        if let escape = try byte(escape, "--escape") { options.hints.escape = escape }
        if let comment = try byte(comment, "--comment") { options.hints.comment = comment }
        if let rowEnd, !options.hints.setRowEnd(try bytes(rowEnd, "--row-end")) {
            throw Failure(.permanent, "usage.row_end", "--row-end must end in \\n, found \"\(rowEnd)\".")
        }
        if let skipLines {
            guard (0...DialectHints.maxSkipLines).contains(skipLines) else {
                throw Failure(.permanent, "usage.skip_lines", "--skip-lines must be from 0 to \(DialectHints.maxSkipLines).")
            }
            options.hints.skipLines = skipLines
        }
        if !nulls.isEmpty { options.hints.nullMarkers = nulls }
        if full { options.hints.usesWholeFile = true }
        do {
            if let encoding { options.encoding = try TextEncoding(named: encoding) }
        } catch {
            throw Failure(.permanent, "usage.encoding", "--encoding: \(error.message)")
        }
        if let encodingErrors {
            guard ["fail", "replace"].contains(encodingErrors) else {
                throw Failure(
                    .permanent, "usage.encoding_errors", "--encoding-errors must be fail or replace, found \"\(encodingErrors)\".")
            }
            options.replacesInvalid = encodingErrors == "replace"
        }
        do {
            if let fixedWidth { options.setLayout(try FixedWidthLayout(fixedWidth)) }
        } catch {
            throw Failure(.permanent, "usage.fixed_width", "--fixed-width: \(error.message)")
        }
        if let delimiter = options.hints.delimiter, delimiter == options.hints.quote ?? UInt8(ascii: "\"") {
            throw Failure(.permanent, "usage.delimiter", "--delimiter and --quote must be different characters.")
        }
    }

    private func byte(_ text: String?, _ flag: String) throws(Failure) -> UInt8? {
        guard let text else { return nil }
        guard let byte = InputOptions.byte(named: text) else {
            throw Failure(.permanent, "usage.\(flag.dropFirst(2))", "\(flag) must be one ASCII character or \\t, found \"\(text)\".")
        }
        return byte
    }

    private func bytes(_ text: String, _ flag: String) throws(Failure) -> [UInt8] {
        guard let bytes = InputOptions.bytes(named: text) else {
            let code = "usage.\(flag.dropFirst(2).map { $0 == "-" ? "_" : String($0) }.joined())"
            throw Failure(
                .permanent, code,
                "\(flag) must be 1 to \(InputOptions.maxDelimiterBytes) ASCII characters, \\t and \\n among them, found \"\(text)\".")
        }
        return bytes
    }
}
