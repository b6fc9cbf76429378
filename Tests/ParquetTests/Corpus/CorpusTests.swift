import Columns
import Compression
import Foundation
import Testing

@testable import Parquet

/// Files of other projects: every one must be read with the values that pyarrow reads, or refused with a code.
///
/// `Corpus/verdicts.tsv` says of every file what we do with it and what pyarrow does; a file that behaves otherwise, better
/// or worse, fails. `LANDFALL_REGENERATE=1` writes the table again.
@Suite("The corpus of Parquet files", .enabled(if: Corpus.folder != nil))
struct CorpusTests {
    private static let table = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "verdicts.tsv")

    @Test("every file is read with the values of the oracle or refused with its code, as the table of verdicts says")
    func everyFile() throws {
        let corpus = try Corpus()
        var lines = ["file\tlandfall\tpyarrow"]
        var tally: [String: Int] = [:]
        for file in corpus.files {
            let outcome = Self.read(file, against: try file.rows())
            if case .wrong(let problem) = outcome { Issue.record("\(file.name): \(problem)") }
            lines.append("\(file.name)\t\(outcome.verdict)\t\(file.pyarrow == "ok" ? "ok" : "refused")")
            tally["\(outcome.verdict), pyarrow \(file.pyarrow == "ok" ? "reads it" : "refuses it")", default: 0] += 1
        }
        for (verdict, count) in tally.sorted(by: { $0.value > $1.value }) { print("  \(count)\t\(verdict)") }
        guard ProcessInfo.processInfo.environment["LANDFALL_REGENERATE"] == nil else {
            return try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: Self.table)
        }
        let known = try String(contentsOf: Self.table, encoding: .utf8).split(separator: "\n").map(String.init)
        for (found, expected) in zip(lines, known) { #expect(found == expected) }
        #expect(lines.count == known.count)
    }

    @Test("all rows of the files that pyarrow reads are those that it reads now", .enabled(if: Python.isReady))
    func allRows() throws {
        let folder = try TestFolder()
        let files = try Corpus().files.filter { $0.pyarrow == "ok" && !$0.name.contains("/fuzzing/") }
        let list = folder.path("files.txt")
        try Data(files.map(\.path).joined(separator: "\n").utf8).write(to: URL(filePath: list))
        try Python.run(Self.dumpRows, [list, folder.path])
        var rows = 0
        for (index, file) in files.enumerated() {
            guard let text = try? String(contentsOfFile: folder.path("\(index).ndjson"), encoding: .utf8) else { continue }
            let expected = try Corpus.rows(of: text)
            let outcome = Self.read(file, against: expected)
            if case .wrong(let problem) = outcome { Issue.record("\(file.name): \(problem)") }
            if outcome.verdict == "read" { rows += expected.count }
        }
        print("  \(rows) rows compared")
        #expect(rows > 100_000)
    }

    enum Outcome {
        case read
        case refused(String)
        case wrong(String)

        var verdict: String {
            switch self {
            case .read: "read"
            case .refused(let code): code
            case .wrong: "WRONG"
            }
        }
    }

    static func read(_ file: Corpus.File, against rows: [[OracleValue]]) -> Outcome {
        do {
            let reader = try ParquetReader(path: file.path)
            return try compare(reader, file, rows).map { .wrong($0) } ?? .read
        } catch let error as ParquetError {
            return .refused(error.code)
        } catch let error as CompressionError {
            return .refused(error.code)
        } catch {
            return .wrong("no coded error: \(error)")
        }
    }

    /// Reads to the end, or as far as any honest file of the corpus goes.
    private static func compare(_ reader: ParquetReader, _ file: Corpus.File, _ rows: [[OracleValue]]) throws -> String? {
        let maxRows = 2_000_000
        var row = 0
        var difference: String?
        while row < maxRows, let batch = try reader.nextBatch(maxRows: 1000) {
            for index in 0..<batch.rowCount {
                if row < rows.count, difference == nil { difference = compare(batch, index, file, row, rows[row]) }
                row += 1
            }
        }
        if difference == nil, row < rows.count { difference = "\(row) rows where there are \(rows.count)" }
        if difference == nil, let expected = file.rowCount, expected != row, row < maxRows, file.pyarrow == "ok" {
            difference = "\(row) rows where there are \(expected)"
        }
        return difference
    }

    private static func compare(
        _ batch: ColumnBatch, _ index: Int, _ file: Corpus.File, _ row: Int, _ expected: [OracleValue]
    ) -> String? {
        for (column, vector) in zip(batch.schema.columns, batch.columns) {
            guard let value = file.expected(column.name, expected), !value.equals(vector, index) else { continue }
            return "row \(row + 1), column \"\(column.name)\" (\(column.type)): "
                + "found \(vector.text(row: index) ?? "null"), expected \(value)"
        }
        return nil
    }

    /// Writes the rows of the files of a list as the corpus's oracle does, into a folder: 0.ndjson, 1.ndjson, …
    private static let dumpRows = """
        import sys, json, datetime, decimal, math, pyarrow as pa, pyarrow.parquet as pq
        def plain(v):
            if isinstance(v, bytes): return {'$hex': v.hex()}
            if isinstance(v, decimal.Decimal): return {'$dec': str(v)}
            if isinstance(v, float) and not math.isfinite(v): return {'$float': str(v)}
            if isinstance(v, (list, tuple)): return [plain(x) for x in v]
            if isinstance(v, dict): return {k: plain(x) for k, x in v.items()}
            if isinstance(v, datetime.datetime):
                if v.tzinfo: v = v.astimezone(datetime.timezone.utc)
                return str(v) if hasattr(v, 'nanosecond') else v.isoformat()
            if v is None or isinstance(v, (bool, int, float, str)): return v
            return v.isoformat() if hasattr(v, 'isoformat') else str(v)
        for index, path in enumerate(open(sys.argv[1]).read().split('\\n')):
            try:
                file = pq.ParquetFile(path)
                if file.metadata.num_rows * file.metadata.num_columns > 400_000: continue
                table = file.read()
                columns = [[plain(v) for v in table.column(i).to_pylist()] for i in range(table.num_columns)]
                with open(f'{sys.argv[2]}/{index}.ndjson', 'w') as out:
                    for row in zip(*columns): out.write(json.dumps(row) + '\\n')
            except Exception: pass
        """
}
