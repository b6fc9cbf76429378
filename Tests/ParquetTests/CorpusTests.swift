import Columns
import Compression
import Foundation
import Testing

@testable import Parquet

/// Files of other projects: every one must be read with the values that pyarrow reads, or refused with a code.
@Suite("The corpus of Parquet files", .enabled(if: Corpus.folder != nil))
struct CorpusTests {
    /// Codes with which a file that pyarrow reads may be refused: what we do not support and say so.
    static let allowed: Set<String> = [
        "parquet.nested_column", "parquet.unsupported_codec", "parquet.unsupported_type", "parquet.nanos",
        "parquet.invalid_utf8", "parquet.value_out_of_range", "parquet.duplicate_column", "parquet.encrypted",
        "parquet.external_column",
    ]

    @Test("no file crashes the reader; values are those of the oracle; refusals have codes")
    func everyFile() throws {
        let corpus = try Corpus()
        var tally: [String: Int] = [:]
        var listed: [String] = []
        for file in corpus.files {
            let outcome = Self.read(file)
            tally[outcome.summary, default: 0] += 1
            // A fuzzer's files may be refused whoever else reads them.
            let pyarrow = file.path.contains("/fuzzing/") ? "fuzzed" : file.pyarrow
            if let problem = outcome.problem(pyarrow: pyarrow) { Issue.record("\(file.path): \(problem)") }
            if outcome.summary != "read" { listed.append("\(outcome.summary)\t\(file.pyarrow.prefix(40))\t\(file.path)") }
        }
        print("Parquet corpus: \(corpus.files.count) files")
        for (summary, count) in tally.sorted(by: { $0.value > $1.value }) { print("  \(count)\t\(summary)") }
        if ProcessInfo.processInfo.environment["LANDFALL_CORPUS_LIST"] != nil {
            print(listed.sorted().joined(separator: "\n"))
        }
    }

    enum Outcome {
        case read(columns: Int, of: Int, difference: String?)
        case refused(code: String, message: String)
        case failed(String)

        var summary: String {
            switch self {
            case .read(let columns, let all, let difference):
                difference != nil ? "read, with other values" : columns == all ? "read" : "read but for nested columns"
            case .refused(let code, _): code
            case .failed: "no coded error"
            }
        }

        func problem(pyarrow: String) -> String? {
            switch self {
            case .read(_, _, let difference): difference
            case .refused(let code, let message):
                pyarrow == "ok" && !CorpusTests.allowed.contains(code) ? "refused: \(message)" : nil
            case .failed(let error): error
            }
        }
    }

    static func read(_ file: Corpus.File) -> Outcome {
        do {
            var reader: ParquetReader
            var names: [String]?
            do {
                reader = try ParquetReader(path: file.path)
            } catch let error as ParquetError where error.code == "parquet.nested_column" {
                names = try flatColumns(file.path)
                reader = try ParquetReader(path: file.path, columns: names)
            }
            let difference = try compare(reader, file)
            return .read(columns: names?.count ?? 0, of: names == nil ? 0 : -1, difference: difference)
        } catch let error as ParquetError {
            return .refused(code: error.code, message: error.message)
        } catch let error as CompressionError {
            return .refused(code: error.code, message: error.message)
        } catch {
            return .failed("\(error)")
        }
    }

    /// The names of the columns that are no groups and not repeated.
    private static func flatColumns(_ path: String) throws -> [String] {
        let (footer, _) = try Footer.read(try RandomAccessFile(path: path))
        return try Leaf.leaves(of: footer.schema).filter(\.isFlat).map(\.name)
    }

    /// Reads to the end, or as far as any honest file of the corpus goes.
    private static func compare(_ reader: ParquetReader, _ file: Corpus.File) throws -> String? {
        let maxRows = 2_000_000
        var row = 0
        var difference: String?
        while row < maxRows, let batch = try reader.nextBatch(maxRows: 1000) {
            for index in 0..<batch.rowCount {
                if row < file.rows.count, difference == nil { difference = compare(batch, index, file, row) }
                row += 1
            }
        }
        if difference == nil, row < file.rows.count { difference = "\(row) rows where there are \(file.rows.count)" }
        if difference == nil, let expected = file.rowCount, expected != row, row < maxRows, file.pyarrow == "ok" {
            difference = "\(row) rows where there are \(expected)"
        }
        return difference
    }

    private static func compare(_ batch: ColumnBatch, _ index: Int, _ file: Corpus.File, _ row: Int) -> String? {
        for (column, vector) in zip(batch.schema.columns, batch.columns) {
            guard let place = file.columnNames.firstIndex(of: column.name), place < file.rows[row].count else { continue }
            let expected = file.rows[row][place]
            if !expected.equals(vector, index) {
                return "row \(row + 1), column \"\(column.name)\" (\(column.type)): "
                    + "found \(vector.text(row: index) ?? "null"), expected \(expected)"
            }
        }
        return nil
    }
}

/// The corpus with its manifest, in the folder of the shared data.
struct Corpus {
    static let folder = ProcessInfo.processInfo.environment["LANDFALL_SHARED"]

    struct File {
        var path: String
        /// `ok`, or what pyarrow said.
        var pyarrow: String
        var rowCount: Int?
        var columnNames: [String]
        /// The first rows as pyarrow reads them.
        var rows: [[OracleValue]]
    }

    var files: [File]

    init() throws {
        let root = (Self.folder ?? "") + "/corpora/1-parquet/"
        let manifest = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: root + "manifest.json")))
        files = try (manifest as? [[String: Any]] ?? []).compactMap { entry in
            guard let path = entry["path"] as? String else { return nil }
            var rows: [[OracleValue]] = []
            if let oracle = entry["oracle_rows"] as? String {
                let lines = try String(contentsOfFile: root + oracle, encoding: .utf8).split(separator: "\n")
                rows = try lines.map { try JSONDecoder().decode([OracleValue].self, from: Data($0.utf8)) }
            }
            let columns = entry["columns"] as? [[String: Any]] ?? []
            return File(
                path: root + path, pyarrow: entry["pyarrow"] as? String ?? "", rowCount: entry["rows_read"] as? Int,
                columnNames: columns.map { $0["name"] as? String ?? "" }, rows: rows)
        }
    }
}

/// A value as the corpus's oracle spells it.
enum OracleValue: Decodable {
    case null
    case bool(Bool)
    case integer(Int64)
    case large(UInt64)
    case double(Double)
    case text(String)
    /// Bytes, decimals and numbers that JSON does not have: `$hex`, `$dec`, `$float`.
    case tagged([String: String])
    /// Of a nested column, which is not compared.
    case nested

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .large(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([String: String].self) {
            self = .tagged(value)
        } else {
            self = .nested
        }
    }

    func equals(_ vector: ColumnVector, _ row: Int) -> Bool {
        guard vector.valid[row] else { if case .null = self { return true } else { return false } }
        let text = vector.text(row: row) ?? ""
        var float: Double?
        if case .float64(let values) = vector.values { float = values[row] }
        switch self {
        case .null, .nested: return false
        case .bool(let expected): return text == String(expected)
        case .integer(let expected): return float == nil ? text == String(expected) : float == Double(expected)
        case .large(let expected): return text == String(expected)
        case .double(let expected): return float == expected
        case .text(let expected):
            if vector.type.isText || vector.type == .uuid { return text == expected }
            return Self.plain(text) == Self.plain(expected)
        case .tagged(let tagged):
            if let hex = tagged["$hex"] {
                guard case .bytes(let values) = vector.values else { return false }
                return values[row].map { String(Int($0) + 256, radix: 16).suffix(2) }.joined() == hex
            }
            if let decimal = tagged["$dec"] { return Self.sameNumber(text, decimal) }
            let expected = Double(tagged["$float"] ?? "")
            return float == expected || (float?.isNaN == true && expected?.isNaN == true)
        }
    }

    private static func sameNumber(_ a: String, _ b: String) -> Bool {
        a == b || Decimal(string: a) == Decimal(string: b)
    }

    /// A time without what may be spelled in two ways: the T, the zone, zeros at the end of a fraction.
    private static func plain(_ time: String) -> String {
        var time = time.replacingOccurrences(of: " ", with: "T").replacingOccurrences(of: "+00:00", with: "")
        if time.hasSuffix("Z") { time.removeLast() }
        if time.contains(".") {
            while time.hasSuffix("0") { time.removeLast() }
            if time.hasSuffix(".") { time.removeLast() }
        }
        return time
    }
}
