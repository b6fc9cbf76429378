import Columns
import Compression
import SQL
import Tabular

/// A rejects file, as it was written or after someone has mended it: the source's columns, and where each row stood and why
/// it was set aside.
package struct RejectsFile: Sendable {
    /// One row of it, without its values.
    package struct Entry: Hashable, Sendable, Codable {
        package var row: Int64
        package var line: Int64?
        package var byte: Int64?
        package var column: String?
        package var code: String?
        package var reason: String?
    }

    /// The most rows that are replayed from one file.
    static let maxRows = 10_000_000

    package let path: String
    /// The source's columns.
    package let names: [String]
    let dialect: Dialect

    /// Reads the header. Throws `rows.not_rejects` for a file that is none.
    package init(path: String) throws {
        self.path = path
        let delimiter = try Self.delimiter(of: path)
        let inspector = CSVInspector(hints: DialectHints(delimiter: delimiter, quote: UInt8(ascii: "\""), header: true)) {
            try openByteSource(path: path).source
        }
        let head = try inspector.head()
        guard head.names.suffix(RejectsWriter.extraColumns.count) == RejectsWriter.extraColumns[...] else { throw Self.isNone(path) }
        names = head.names.dropLast(RejectsWriter.extraColumns.count)
        dialect = Dialect(delimiter: delimiter)
    }

    private static func isNone(_ path: String) -> TabularError {
        TabularError(
            "rows.not_rejects",
            "\(path) is no rejects file: its header does not end in \(RejectsWriter.extraColumns.joined(separator: ", ")).")
    }

    /// What stands between the names `_row` and `_line`.
    private static func delimiter(of path: String) throws -> UInt8 {
        let source = try openByteSource(path: path).source
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { bytes.deallocate() }
        var count = 0
        while count < bytes.count {
            let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
            if got == 0 { break }
            count += got
        }
        let (row, line) = (Array("_row".utf8), Array("_line".utf8))
        let size = row.count + 1 + line.count
        guard count >= size else { throw isNone(path) }
        for at in 0...(count - size) where bytes[at] == row[0] {
            if bytes[at..<at + row.count].elementsEqual(row), bytes[(at + row.count + 1)..<at + size].elementsEqual(line) {
                return bytes[at + row.count]
            }
        }
        throw isNone(path)
    }

    /// Whether the rows are the records of a JSON text, each in one field.
    var isJSON: Bool { names == [JSONReader.rejectColumn] }

    private var allNames: [String] { names + RejectsWriter.extraColumns }

    /// Reads some of the file's columns as text; by their place.
    func reader(_ columns: [Column], fields: [Int]) throws -> CSVReader {
        let mapping = FieldMapping(columns: columns, fields: fields, fieldNames: allNames)
        return try CSVReader(source: try openByteSource(path: path).source, dialect: dialect, mapping: mapping)
    }

    /// Goes over all rows.
    package func forEach(_ body: (Entry) throws -> Void) throws {
        let types: [ColumnType] = [.int64, .int64, .int64, .text, .text, .text]
        let columns = zip(RejectsWriter.extraColumns, types).map { Column(name: $0, type: $1, nullable: $0 != "_row") }
        let reader = try reader(columns, fields: columns.indices.map { names.count + $0 })
        while let next = try reader.next() {
            if let reject = next.rejects.first {
                throw TabularError("rows.not_rejects", "\(path) \(reject.location): \(reject.reason).")
            }
            for row in 0..<next.batch.rowCount {
                let cells = next.batch.columns.map { $0.text(row: row) }
                try body(
                    Entry(
                        row: cells[0].flatMap(Int64.init) ?? 0, line: cells[1].flatMap(Int64.init), byte: cells[2].flatMap(Int64.init),
                        column: cells[3], code: cells[4], reason: cells[5]))
            }
        }
    }

    /// The number of each row in the source it came from, in the file's order; none stands twice.
    func numbers() throws -> [Int64] {
        var numbers: [Int64] = []
        var seen: Set<Int64> = []
        try forEach { entry in
            guard seen.insert(entry.row).inserted else {
                throw TabularError("rows.duplicate_row", "\(path): row \(entry.row) (_row) stands twice. Leave one of them.")
            }
            guard numbers.count < Self.maxRows else {
                throw TabularError(
                    "rows.too_many_rejects", "\(path) has more than \(Self.maxRows) rows; mend the source and send it again.")
            }
            numbers.append(entry.row)
        }
        return numbers
    }
}

/// The records in a rejects file of JSON, as JSON lines.
final class RejectedJSONSource: ByteSource {
    private let reader: CSVReader
    private var text: [UInt8] = []
    private var taken = 0

    init(_ file: RejectsFile) throws {
        reader = try file.reader([Column(name: JSONReader.rejectColumn, type: .text)], fields: [0])
    }

    var fileBytesRead: Int64 { 0 }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
        while taken == text.count {
            guard let more = try next() else { return 0 }
            (text, taken) = (more, 0)
        }
        let count = min(buffer.count, text.count - taken)
        buffer.copyBytes(from: text[taken..<taken + count])
        taken += count
        return count
    }

    private func next() throws(CompressionError) -> [UInt8]? {
        let result: ReadResult?
        do {
            result = try reader.next()
        } catch let error as CompressionError {
            throw error
        } catch {
            throw CompressionError(code: "rows.not_rejects", message: "\(error)")
        }
        guard let result else { return nil }
        var lines: [UInt8] = []
        for row in 0..<result.batch.rowCount {
            // Newlines stand only between the parts of JSON; an empty field stays a (broken) line, so that rows are counted.
            let value = result.batch.columns[0].text(row: row) ?? "-"
            lines += value.utf8.map { $0 == 10 || $0 == 13 ? 32 : $0 }
            lines.append(10)
        }
        return lines
    }
}

/// Which rows of a rejects file are brought in: those of a load, but for the ones that were brought in before.
package struct ReplayedRows: Hashable, Sendable {
    package var replay: Replay
    package var done: Set<Int64>

    package init(replay: Replay, done: Set<Int64>) {
        self.replay = replay
        self.done = done
    }
}

/// The rows of a rejects file under the numbers they had in their source, without those that were brought in before.
final class ReplaySource: BatchSource {
    private let source: any BatchSource
    private let numbers: [Int64]
    private let done: Set<Int64>

    init(_ source: any BatchSource, numbers: [Int64], done: Set<Int64>) {
        self.source = source
        self.numbers = numbers
        self.done = done
    }

    var schema: Schema { source.schema }

    func next() throws -> ReadResult? {
        guard var result = try source.next() else { return nil }
        result.batch.recordNumbers = result.batch.recordNumbers.map(number)
        let keep = result.batch.recordNumbers.map { !done.contains($0) }
        let filtered = keep.count { !$0 }
        if filtered > 0 { result.batch = result.batch.filtered(keep: keep) }
        result.filtered += filtered
        var rejects: [Reject] = []
        for var reject in result.rejects {
            reject.record = number(reject.record)
            if done.contains(reject.record) { result.filtered += 1 } else { rejects.append(reject) }
        }
        result.rejects = rejects
        return result
    }

    private func number(_ record: Int64) -> Int64 {
        numbers.indices.contains(Int(record) - 1) ? numbers[Int(record) - 1] : record
    }
}
