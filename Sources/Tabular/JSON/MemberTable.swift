import Columns

/// The members of the objects of a JSON-lines file: their keys, in the order in which they first appear, and what their
/// values have in common.
struct MemberTable {
    private(set) var keys: [String] = []
    private var evidence: [TypeEvidence] = []
    /// In how many records each member has a value.
    private var present: [Int64] = []
    /// The record in which each key was last met, to find keys that stand twice in one.
    private var lastRecord: [Int64] = []
    private var places: [[UInt8]: Int] = [:]
    /// The members of the line at hand.
    private var members: [(place: Int, kind: JSONScanner.Kind, value: UnsafeBufferPointer<UInt8>)] = []

    /// Takes in one line.
    ///
    /// Its values count once the whole line is read: a line with a fault is a reject, and has no say in the types. The keys
    /// of a faulty line that is an object are kept, so that it is a reject when it is read, too.
    mutating func take(_ line: UnsafeBufferPointer<UInt8>, record: Int64) {
        let known = keys.count
        do throws(JSONLines.Fault) {
            let isSound = try gather(line, record)
            while evidence.count < keys.count {
                evidence.append(TypeEvidence())
                present.append(0)
            }
            guard isSound else { return }
            for (place, kind, value) in members {
                try Self.observe(kind, value, record, &evidence[place])
                if kind != .null { present[place] += 1 }
            }
        } catch {
            for key in keys[known...] { places[Array(key.utf8)] = nil }
            keys.removeSubrange(known...)
            lastRecord.removeSubrange(known...)
        }
    }

    /// The columns after `records` records; one that lacks a value in some record is nullable.
    func columns(records: Int64) -> [Column] {
        zip(ColumnNames.unique(keys), keys.indices).map { name, place in
            let (type, reason) = evidence[place].verdict()
            return Column(name: name, type: type, nullable: present[place] < records, reason: reason)
        }
    }

    /// Finds the members of a line; false where one of them makes it a reject.
    private mutating func gather(_ line: UnsafeBufferPointer<UInt8>, _ record: Int64) throws(JSONLines.Fault) -> Bool {
        members.removeAll(keepingCapacity: true)
        var isSound = true
        var expected = 0
        try JSONLines.forEachMember(of: line) { key, kind, value throws(JSONLines.Fault) in
            let place = try place(of: key, expected)
            expected = place + 1
            isSound = isSound && lastRecord[place] != record && !Self.hasLoneSurrogate(kind, value)
            lastRecord[place] = record
            members.append((place, kind, value))
        }
        return isSound
    }

    /// The place of a key; `expected` is where it most likely is.
    private mutating func place(of key: UnsafeBufferPointer<UInt8>, _ expected: Int) throws(JSONLines.Fault) -> Int {
        let raw = UnsafeBufferPointer(rebasing: key[1..<(key.count - 1)])
        if expected < keys.count, keys[expected].utf8.elementsEqual(raw), !raw.contains(UInt8(ascii: "\\")) {
            return expected
        }
        let name = try JSONLines.decoded(key)
        if let known = places[name] { return known }
        places[name] = keys.count
        keys.append(String(decoding: name, as: UTF8.self))
        lastRecord.append(0)
        return keys.count - 1
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
