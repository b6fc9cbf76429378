@testable import Tabular

/// A second reader of CSV, written from the rules alone and as simply as possible, to hold the real one against.
///
/// It reads text columns only and gives what ``CSVReader`` must: rows, their record numbers and rejects.
struct NaiveCSV {
    enum Field: Equatable {
        case null, text([UInt8]), broken
    }

    private let text: [UInt8]
    private let dialect: Dialect
    private var at = 0

    init(_ text: [UInt8], _ dialect: Dialect) {
        self.text = text
        self.dialect = dialect
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    }

    static func reading(_ text: [UInt8], _ dialect: Dialect, columns: [String]) -> Reading {
        var parser = NaiveCSV(text, dialect)
        var reading = Reading()
        var number: Int64 = dialect.header ? -1 : 0
        while parser.at < text.count {
            let start = parser.at
            guard let fields = parser.record() else {
                reading.error = TabularError("csv.unclosed_quote", "")
                return reading
            }
            let raw = text[start..<parser.at]
            let isBlank = raw.elementsEqual([dialect.newline]) || (dialect.newline == 10 && [[13, 10], [13]].contains(Array(raw)))
            if isBlank, columns.count > 1 || number < 0 { continue }
            number += 1
            if number == 0 { continue }
            let line = 1 + text[..<start].count { $0 == dialect.newline }
            func reject(_ column: String?, _ code: String) {
                reading.rejects.append(
                    Reject(
                        record: number, line: Int64(line), byte: Int64(start), column: column, code: code, reason: "", fields: []))
            }
            if fields.count != columns.count {
                reject(nil, "csv.field_count")
            } else if let bad = fields.firstIndex(of: .broken) {
                reject(columns[bad], "csv.text_after_quote")
            } else {
                reading.numbers.append(number)
                reading.rows.append(
                    fields.map { field in
                        guard case .text(let bytes) = field else { return nil }
                        return String(decoding: bytes, as: UTF8.self)
                    })
            }
        }
        return reading
    }

    /// The fields up to the next record end; nil where a quote stays open.
    private mutating func record() -> [Field]? {
        var fields: [Field] = []
        while true {
            guard let field = self.field() else { return nil }
            fields.append(field)
            if at == text.count { return fields }
            at += 1
            if text[at - 1] == dialect.newline { return fields }
        }
    }

    /// The next field; `at` then stands on the separator behind it, or at the end.
    private mutating func field() -> Field? {
        guard let quote = dialect.quote, at < text.count, text[at] == quote else {
            let (bytes, isEmpty) = unquoted()
            return isEmpty || dialect.nullMarkers.contains(bytes) ? .null : .text(bytes)
        }
        var bytes: [UInt8] = []
        var isBroken = false
        at += 1
        while true {
            guard at < text.count else { return nil }
            if !dialect.doublesQuotes, text[at] == dialect.escape, at + 1 < text.count {
                bytes.append(text[at + 1])
                at += 2
            } else if text[at] == quote {
                at += 1
                guard at < text.count, text[at] == quote else { break }
                // Where there is an escape, a doubled quote is none.
                isBroken = isBroken || !dialect.doublesQuotes
                bytes.append(quote)
                at += 1
            } else {
                bytes.append(text[at])
                at += 1
            }
        }
        let rest = unquoted()
        return isBroken || !rest.isEmpty ? .broken : .text(bytes)
    }

    /// Text up to a separator, without the carriage return of a CRLF.
    private mutating func unquoted() -> (bytes: [UInt8], isEmpty: Bool) {
        var bytes: [UInt8] = []
        let start = at
        while at < text.count, text[at] != dialect.delimiter, text[at] != dialect.newline {
            if !dialect.doublesQuotes, text[at] == dialect.escape, at + 1 < text.count { at += 1 }
            bytes.append(text[at])
            at += 1
        }
        var end = at
        if dialect.newline == 10, end > start, text[end - 1] == 13, at == text.count || text[at] == 10 {
            end -= 1
            bytes.removeLast()
        }
        return (bytes, end == start)
    }
}
