import Columns
import Compression

/// Reads JSON lines into batches of typed columns: one object a line, its members by key.
///
/// A missing member is null. A line that is no object, is malformed, names a key twice or has a value that does not fit
/// its column becomes a ``Reject``.
package final class JSONLinesReader: BatchSource {
    /// The name of the rejects' one source column: the line as it was.
    package static let rejectColumn = "_json"

    package let schema: Schema
    private let chunker: RecordChunker
    private var builders: [ColumnBuilder]
    private let keys: [[UInt8]]
    private let places: [[UInt8]: Int]
    /// The row in which each column was last given a value, to find keys that are named twice.
    private var lastRow: [Int]
    private var record: Int64 = 0

    /// `keys` names the member for each column of the schema; the same as the column where it is nil.
    package init(source: any ByteSource, schema: Schema, keys: [String]? = nil, chunkBytes: Int = 1 << 20) throws {
        self.schema = schema
        self.keys = (keys ?? schema.names).map { Array($0.utf8) }
        chunker = try RecordChunker(source: source, dialect: JSONLines.dialect, chunkBytes: chunkBytes)
        builders = schema.columns.map(ColumnBuilder.init)
        places = Dictionary(zip(self.keys, 0...), uniquingKeysWith: { first, _ in first })
        lastRow = Array(repeating: -1, count: schema.columns.count)
    }

    package func next() throws -> ReadResult? {
        guard let chunk = try chunker.next(fieldsPerRecord: 1, maxRecords: ColumnBatch.maxRows) else { return nil }
        let newline = JSONLines.dialect.newline
        var numbers: [Int64] = []
        numbers.reserveCapacity(chunk.recordCount)
        var rejects: [Reject] = []
        var lines = LineCounter(chunk, newline: newline)
        for place in lastRow.indices { lastRow[place] = -1 }
        for index in 0..<chunk.recordCount {
            let line = chunk.field(index, 0, newline: newline)
            if JSONLines.isBlank(line) { continue }
            record += 1
            do throws(JSONLines.Fault) {
                try read(line, row: numbers.count)
                numbers.append(record)
            } catch {
                takeBack(toRow: numbers.count)
                rejects.append(
                    Reject(
                        record: record, line: lines.line(of: index, in: chunk),
                        byte: chunk.textOffset + Int64(chunk.starts[index]), column: error.column, code: error.code,
                        reason: error.reason, fields: [Array(line)]))
            }
        }
        let batch = ColumnBatch(
            schema: schema, columns: builders.indices.map { builders[$0].finish() }, recordNumbers: numbers)
        return ReadResult(batch: batch, rejects: rejects)
    }

    private func read(_ line: UnsafeBufferPointer<UInt8>, row: Int) throws(JSONLines.Fault) {
        var expected = 0
        try JSONLines.forEachMember(of: line) { key, kind, value throws(JSONLines.Fault) in
            let raw = UnsafeBufferPointer(rebasing: key[1..<(key.count - 1)])
            let place: Int
            if expected < keys.count, keys[expected].count == raw.count, keys[expected].elementsEqual(raw),
                !raw.contains(UInt8(ascii: "\\"))
            {
                place = expected
            } else if let known = places[try JSONLines.decoded(key)] {
                place = known
            } else {
                return
            }
            expected = place + 1
            guard lastRow[place] != row else {
                throw JSONLines.Fault(
                    code: "json.duplicate_key", reason: "the key is named twice", column: schema.columns[place].name)
            }
            lastRow[place] = row
            try append(kind, value, place)
        }
        for place in builders.indices where builders[place].count == row { builders[place].appendNull() }
        for (place, column) in schema.columns.enumerated() where !column.nullable && lastRow[place] != row {
            throw JSONLines.Fault(
                code: "value.missing", reason: "a value is required, found none", column: column.name)
        }
    }

    private func append(
        _ kind: JSONScanner.Kind, _ value: UnsafeBufferPointer<UInt8>, _ place: Int
    ) throws(JSONLines.Fault) {
        let column = schema.columns[place]
        let fits: Bool
        switch kind {
        case .null:
            guard column.nullable else {
                throw JSONLines.Fault(
                    code: "value.missing", reason: "a value is required, found null", column: column.name)
            }
            builders[place].appendNull()
            fits = true
        case .string where column.type != .json:
            let inner = UnsafeBufferPointer(rebasing: value[1..<(value.count - 1)])
            if inner.contains(UInt8(ascii: "\\")) {
                let text = try JSONLines.decoded(value)
                fits = text.withUnsafeBufferPointer { builders[place].append($0) }
            } else {
                fits = builders[place].append(inner)
            }
        default: fits = builders[place].append(value)
        }
        guard fits else {
            throw JSONLines.Fault(
                code: column.type.faultCode, reason: "expected \(column.type), found \(shown(value))", column: column.name)
        }
    }

    /// Takes back what a broken line has left in the builders.
    private func takeBack(toRow row: Int) {
        for place in builders.indices {
            if builders[place].count > row { builders[place].removeLast() }
            if lastRow[place] == row { lastRow[place] = -1 }
        }
    }
}
