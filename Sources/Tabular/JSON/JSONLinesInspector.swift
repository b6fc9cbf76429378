import Columns
import Compression

/// What a JSON-lines file is: the columns of its objects, over the whole file.
package struct JSONLinesInspection: Sendable {
    package var columns: [Column]
    package var records: Int64
}

/// Reads a JSON-lines file once to learn its columns, in the order in which keys first appear, and their types.
package struct JSONLinesInspector {
    /// The most different keys that the objects of a file may have.
    static let maxColumns = 10_000

    private let source: any ByteSource

    package init(source: any ByteSource) {
        self.source = source
    }

    package func inspect() throws -> JSONLinesInspection {
        let chunker = try RecordChunker(source: source, dialect: JSONLines.dialect)
        var names: [String] = []
        var evidence: [TypeEvidence] = []
        var places: [[UInt8]: Int] = [:]
        var present: [Int64] = []
        // The record in which each column was last met, to find keys that stand twice in one.
        var lastRecord: [Int64] = []
        // The members of one line. They count once the whole line is read: a line with a fault is a reject, and has no say
        // in the types. Only its keys are kept where it is an object, so that it is a reject when it is read, too.
        var members: [(place: Int, kind: JSONScanner.Kind, value: UnsafeBufferPointer<UInt8>)] = []
        var records: Int64 = 0
        while let chunk = try chunker.next(fieldsPerRecord: 1) {
            try Task.checkCancellation()
            for index in 0..<chunk.recordCount {
                let line = chunk.field(index, 0, newline: JSONLines.dialect.newline)
                if JSONLines.isBlank(line) { continue }
                records += 1
                if records == 1, line.first(where: { $0 > 32 }) == UInt8(ascii: "[") {
                    throw TabularError(
                        "json.array_unsupported",
                        "The file is one JSON array; only JSON lines (one object a line) are read so far.")
                }
                let record = records
                let known = names.count
                var isFaulty = false
                members.removeAll(keepingCapacity: true)
                do throws(JSONLines.Fault) {
                    var expected = 0
                    try JSONLines.forEachMember(of: line) { key, kind, value throws(JSONLines.Fault) in
                        let place: Int
                        let raw = UnsafeBufferPointer(rebasing: key[1..<(key.count - 1)])
                        if expected < names.count, names[expected].utf8.elementsEqual(raw), !raw.contains(UInt8(ascii: "\\")) {
                            place = expected
                        } else {
                            let name = try JSONLines.decoded(key)
                            if let known = places[name] {
                                place = known
                            } else {
                                place = names.count
                                places[name] = place
                                names.append(String(decoding: name, as: UTF8.self))
                                lastRecord.append(0)
                            }
                        }
                        expected = place + 1
                        isFaulty = isFaulty || lastRecord[place] == record || Self.hasLoneSurrogate(kind, value)
                        lastRecord[place] = record
                        members.append((place, kind, value))
                    }
                    while evidence.count < names.count {
                        evidence.append(TypeEvidence())
                        present.append(0)
                    }
                    for (place, kind, value) in members where !isFaulty {
                        try Self.observe(kind, value, record, &evidence[place])
                        if kind != .null { present[place] += 1 }
                    }
                } catch {
                    for name in names[known...] { places[Array(name.utf8)] = nil }
                    names.removeSubrange(known...)
                    lastRecord.removeSubrange(known...)
                    continue
                }
                guard names.count <= Self.maxColumns else {
                    throw TabularError(
                        "json.too_many_columns",
                        "Record \(records): the objects have more than \(Self.maxColumns) different keys so far.")
                }
            }
        }
        guard records > 0 else { throw TabularError("input.empty", "The file holds no records.") }
        let columns = names.indices.map { place in
            let (type, reason) = evidence[place].verdict()
            return Column(name: names[place], type: type, nullable: present[place] < records, reason: reason)
        }
        return JSONLinesInspection(columns: columns, records: records)
    }

    private static func hasLoneSurrogate(_ kind: JSONScanner.Kind, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        guard kind == .string, value.contains(UInt8(ascii: "\\")) else { return false }
        var text: [UInt8] = []
        return !JSONScanner.appendDecoded(value, to: &text)
    }

    private static func observe(
        _ kind: JSONScanner.Kind, _ value: UnsafeBufferPointer<UInt8>, _ record: Int64, _ evidence: inout TypeEvidence
    ) throws(JSONLines.Fault) {
        switch kind {
        case .null: evidence.observeNull()
        case .bool: evidence.observe(value, record: record)
        case .number: evidence.observeNumber(value, record: record)
        case .object, .array: evidence.observeNested()
        case .string:
            let inner = UnsafeBufferPointer(rebasing: value[1..<(value.count - 1)])
            if inner.contains(UInt8(ascii: "\\")) {
                let text = try JSONLines.decoded(value)
                text.withUnsafeBufferPointer { evidence.observeString($0, record: record) }
            } else {
                evidence.observeString(inner, record: record)
            }
        }
    }
}
