import Columns

@testable import Tabular

/// All that a reader has said of a text, apart from how it was cut into batches.
struct Reading: Equatable {
    var rows: [[String?]] = []
    /// The record number of each row.
    var numbers: [Int64] = []
    var rejects: [Reject] = []
    var error: TabularError?

    init() {}

    /// Reads all of a source; an error ends the reading and is kept.
    init(_ open: () throws -> any BatchSource) throws {
        do {
            let source = try open()
            while let result = try source.next() {
                let batch = result.batch
                for row in 0..<batch.rowCount { rows.append(batch.columns.map { $0.text(row: row) }) }
                numbers += batch.recordNumbers
                rejects += result.rejects
            }
        } catch let error as TabularError {
            self.error = error
        }
    }

    /// `record line byte column code` of each reject, `-` for no column.
    var rejected: [String] {
        rejects.map { "\($0.record) \($0.line) \($0.byte.map(String.init) ?? "?") \($0.column ?? "-") \($0.code)" }
    }

    /// The first respect in which two readings differ.
    func difference(from other: Reading) -> String? {
        if rows != other.rows { return "rows \(rows) instead of \(other.rows)" }
        if numbers != other.numbers { return "record numbers \(numbers) instead of \(other.numbers)" }
        if rejects != other.rejects { return "rejects \(rejects) instead of \(other.rejects)" }
        if error != other.error { return "error \(String(describing: error)) instead of \(String(describing: other.error))" }
        return nil
    }
}

/// Ways to read one CSV text, which must all come to the same.
enum CSVPaths {
    /// Reads in one piece, with the scan that suits the text.
    static func whole(_ text: [UInt8], _ dialect: Dialect, _ columns: [Column], formats: [ValueFormat?] = []) throws -> Reading {
        try read(text, dialect, columns, formats, chunkBytes: max(1, text.count + 1), pieceBytes: .max, exactScanOnly: false)
    }

    /// The first way that comes to something else than `expected`; nil where all agree.
    static func disagreement(
        _ text: [UInt8], _ dialect: Dialect, _ columns: [Column], with expected: Reading,
        chunks: some Sequence<Int>, threads: [Int] = [1, 2, 3, 4]
    ) throws -> String? {
        // Pieces of one byte with one thread, then whole ones with each number of threads.
        let ways = [(1, 1)] + threads.map { ($0, Int.max) }
        for exactScanOnly in [false, true] {
            for chunkBytes in chunks {
                for (threads, pieceBytes) in ways {
                    let found = try read(
                        text, dialect, columns, chunkBytes: chunkBytes, pieceBytes: pieceBytes, exactScanOnly: exactScanOnly,
                        threads: threads)
                    if let difference = found.difference(from: expected) {
                        return "chunkBytes \(chunkBytes), pieces of \(pieceBytes), exactScanOnly \(exactScanOnly), "
                            + "\(threads) threads: \(difference)"
                    }
                }
            }
        }
        return nil
    }

    static func read(
        _ text: [UInt8], _ dialect: Dialect, _ columns: [Column], _ formats: [ValueFormat?] = [], chunkBytes: Int, pieceBytes: Int,
        exactScanOnly: Bool, threads: Int = 1
    ) throws -> Reading {
        let mapping = FieldMapping(
            columns: columns, fields: Array(columns.indices), fieldNames: columns.map(\.name), formats: formats)
        return try Reading {
            try CSVReader(
                source: TextSource(text, pieceBytes: pieceBytes), dialect: dialect, mapping: mapping, threads: threads,
                chunkBytes: chunkBytes, exactScanOnly: exactScanOnly)
        }
    }

    /// Columns `a`, `b`, … of one type.
    static func columns(_ count: Int, _ type: ColumnType = .text) -> [Column] {
        (0..<count).map { Column(name: String(UnicodeScalar(UInt8(97 + $0 % 26))) + ($0 < 26 ? "" : "\($0)"), type: type) }
    }
}
