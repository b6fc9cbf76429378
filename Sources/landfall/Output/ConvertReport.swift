import Jobs
import Tabular
import Workflows

/// What `convert` says: the proof of a conversion, or of a check.
struct ConvertReport: Encodable {
    /// A bad row, where no file keeps it.
    struct BadRow: Encodable {
        var row, line: Int64
        var byte: Int64?
        var column: String?
        var code, reason: String

        init(_ reject: Reject) {
            (row, line, byte) = (reject.record, reject.line, reject.byte)
            (column, code, reason) = (reject.column, reject.code, reject.reason)
        }
    }

    var input: String
    var output: String?
    var format: DataFormat
    var source: Receipt.Source
    var outputs: [OutputFile] = []
    var bytes: Int64?
    var rowsRead, rowsWritten, rowsRejected: Int64
    var columns: [Receipt.ColumnReceipt]
    var validated = false
    var validation: Receipt.Validation?
    var isCheck = false
    var rejects: String?
    var firstRejects: [BadRow]?
    /// What was decided about the input that its owner may want to know.
    var notes: [String]
    var seconds = 0.0

    private enum CodingKeys: String, CodingKey {
        case rowsRead = "rows_read", rowsWritten = "rows_written", rowsRejected = "rows_rejected", isCheck = "check"
        case firstRejects = "first_rejects"
        case input, output, format, source, outputs, bytes, columns, validated, validation, rejects, notes, seconds
    }

    init(
        input: String, output: String?, format: DataFormat, source: Receipt.Source, result: Conversion.Result, notes: [String]
    ) {
        self.input = input
        self.output = output
        self.format = format
        self.source = source
        rowsRead = result.counts.read
        rowsWritten = result.files.isEmpty ? 0 : result.counts.written
        rowsRejected = result.counts.rejected
        columns = result.columnReceipts
        self.notes = notes
    }

    /// For people.
    func say() {
        if isCheck {
            Terminal.say(
                "\(input): \(rowsRead) rows of \(source.format), \(rowsRejected) of them bad; nothing was written"
                    + (output.map { "; \($0) holds them all" } ?? ""))
        } else {
            Terminal.say(
                "\(output ?? ""): \(rowsWritten) rows, \(bytes ?? 0) bytes of \(format.rawValue)"
                    + (outputs.count == 1 ? "" : " in \(outputs.count) files")
                    + (validated ? ", proven by reading it back" : ", not validated"))
        }
        for note in notes { Terminal.say("note: \(note)") }
        for reject in firstRejects ?? [] {
            Terminal.say("bad row \(reject.row), line \(reject.line)\(reject.column.map { ", column \"\($0)\"" } ?? ""): \(reject.reason)")
        }
        if let rejects { Terminal.say("\(rowsRejected) bad rows are in \(rejects)") }
    }
}
