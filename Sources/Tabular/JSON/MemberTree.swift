import Columns

/// The members of the records of a JSON text: their keys, in the order in which they first appear, and what their values
/// have in common. Objects are taken apart into their members, unless they are to be kept.
struct MemberTree: JSONRecordVisitor {
    /// The most different keys that all objects of a text may have.
    static let maxMembers = 10_000
    /// The most different keys of an object within a record; one that has more is a map, and kept as JSON.
    static let maxKeysWithin = 1_000

    private struct Member {
        var key: [UInt8]
        var parent: Int
        var depth: Int
        var children: [Int] = []
        var places: [[UInt8]: Int] = [:]
        var evidence = TypeEvidence()
        /// In how many records it has a value.
        var present: Int64 = 0
        /// In how many of them that is an object, which was taken apart.
        var objects: Int64 = 0
        /// The record in which it was last met, to find keys that stand twice in one.
        var lastAttempt: Int64 = 0
        var isKept = false
    }

    /// A value of the record at hand.
    private struct Found {
        var member: Int
        var kind: JSONScanner.Kind
        var value: UnsafeBufferPointer<UInt8>
        var hasEscape: Bool
    }

    /// What a column comes from.
    struct Leaf {
        var path: [String]
        var type: ColumnType
        var nullable: Bool
        var reason: String
    }

    private let nesting: JSONNesting
    private var members = [Member(key: [], parent: -1, depth: 0)]
    private var found: [Found] = []
    private var isSound = true
    private var attempt: Int64 = 0
    /// How many members there were before the record at hand.
    private var known = 1
    private var recordStart = 0
    /// Whether the first record was no object, so that whole records are the values of one column.
    private(set) var isWhole: Bool?
    private var sawWhole = false

    init(nesting: JSONNesting) {
        self.nesting = nesting
    }

    var count: Int { members.count }

    mutating func take(_ scanner: inout JSONScanner) throws(JSONFault) {
        attempt += 1
        recordStart = scanner.at
        known = members.count
        found.removeAll(keepingCapacity: true)
        isSound = true
        let isObject = scanner.peek() == UInt8(ascii: "{")
        sawWhole = isWhole ?? !isObject
        if sawWhole {
            try take(value: 0, &scanner)
        } else {
            guard isObject else {
                let start = scanner.at
                guard scanner.value() != nil else { throw .malformed(scanner, from: start) }
                throw .notAnObject(scanner.bytes(from: start))
            }
            try object(0, &scanner)
        }
    }

    mutating func takeBack() {
        for member in known..<members.count {
            let parent = members[member].parent
            if parent < known {
                members[parent].places[members[member].key] = nil
                members[parent].children.removeAll { $0 >= known }
            }
        }
        members.removeSubrange(known...)
        found.removeAll(keepingCapacity: true)
    }

    /// Counts the record taken last.
    ///
    /// A record that will be a reject when it is read (a key stands twice, a lone surrogate) has no say in the types, but its
    /// keys are kept, so that it is.
    mutating func keep(_ record: Int64) {
        if isWhole == nil { isWhole = sawWhole }
        guard isSound else { return }
        for value in found { observe(value, record) }
    }

    // MARK: Walking

    private mutating func object(_ member: Int, _ scanner: inout JSONScanner) throws(JSONFault) {
        scanner.move(to: scanner.at + 1)
        if scanner.peek() == UInt8(ascii: "}") { return scanner.move(to: scanner.at + 1) }
        var expected = 0
        while true {
            guard let start = scanner.key() else { throw .malformed(scanner, from: recordStart) }
            let child = try child(of: member, scanner.bytes(from: start), scanner.hasEscape, expected)
            guard scanner.take(UInt8(ascii: ":"), "':'") else { throw .malformed(scanner, from: recordStart) }
            expected += 1
            if let child {
                let isRepeated = members[child].lastAttempt == attempt
                members[child].lastAttempt = attempt
                let before = found.count
                try take(value: child, &scanner)
                if isRepeated { takeBackRepeated(child, from: before) }
            } else if scanner.value(depth: members[member].depth + 1) == nil {
                throw .malformed(scanner, from: recordStart)
            }
            let byte = scanner.peek()
            if byte == UInt8(ascii: ",") {
                scanner.move(to: scanner.at + 1)
                continue
            }
            guard byte == UInt8(ascii: "}") else {
                scanner.fail("',' or '}'")
                throw .malformed(scanner, from: recordStart)
            }
            return scanner.move(to: scanner.at + 1)
        }
    }

    /// A key that stands twice says nothing new with the same value, and with another one the record is no row.
    private mutating func takeBackRepeated(_ member: Int, from place: Int) {
        let first = found[..<place].first { $0.member == member }
        guard let first, found.count == place + 1, first.value.baseAddress != nil, found[place].value.baseAddress != nil,
            first.value.elementsEqual(found[place].value)
        else {
            isSound = false
            return
        }
        found.removeLast()
    }

    private mutating func take(value member: Int, _ scanner: inout JSONScanner) throws(JSONFault) {
        let depth = members[member].depth
        let isTakenApart =
            member > 0 && nesting != .json && !members[member].isKept && depth <= JSONFields.maxDepth
            && scanner.peek() == UInt8(ascii: "{")
        if isTakenApart {
            found.append(Found(member: member, kind: .object, value: UnsafeBufferPointer(start: nil, count: 0), hasEscape: false))
            return try object(member, &scanner)
        }
        guard let (kind, start) = scanner.value(depth: depth) else { throw .malformed(scanner, from: recordStart) }
        let value = scanner.bytes(from: start)
        let hasEscape = kind == .string && scanner.hasEscape
        if hasEscape {
            var text: [UInt8] = []
            if !JSONString.appendDecoded(value, to: &text) { isSound = false }
        }
        found.append(Found(member: member, kind: kind, value: value, hasEscape: hasEscape))
    }

    /// The child with a key, made where it is new; `expected` is which one it most likely is. Nil where there are too many.
    private mutating func child(
        of member: Int, _ quoted: UnsafeBufferPointer<UInt8>, _ hasEscape: Bool, _ expected: Int
    ) throws(JSONFault) -> Int? {
        let raw = UnsafeBufferPointer(rebasing: quoted[1..<(quoted.count - 1)])
        var key: [UInt8]
        if hasEscape {
            key = try JSONString.decoded(quoted)
        } else {
            if expected < members[member].children.count {
                let child = members[member].children[expected]
                if members[child].key.elementsEqual(raw) { return child }
            }
            key = Array(raw)
        }
        if let known = members[member].places[key] { return known }
        if member > 0, members[member].children.count >= Self.maxKeysWithin {
            members[member].isKept = true
            return nil
        }
        guard members.count <= Self.maxMembers else { return nil }
        members.append(Member(key: key, parent: member, depth: members[member].depth + 1))
        if member == 0, case .columns(let kept) = nesting, !kept.isEmpty, kept.contains(String(decoding: key, as: UTF8.self)) {
            members[members.count - 1].isKept = true
        }
        members[member].places[key] = members.count - 1
        members[member].children.append(members.count - 1)
        return members.count - 1
    }

    private mutating func observe(_ value: Found, _ record: Int64) {
        let member = value.member
        switch value.kind {
        case .null: return members[member].evidence.observeNull()
        case .object where value.value.baseAddress == nil: members[member].objects += 1
        case .bool: members[member].evidence.observe(value.value, record: record)
        case .number: members[member].evidence.observeNumber(value.value, record: record)
        case .object, .array: members[member].evidence.observeNested()
        case .string:
            if value.hasEscape {
                var text: [UInt8] = []
                _ = JSONString.appendDecoded(value.value, to: &text)
                text.withUnsafeBufferPointer { members[member].evidence.observeString($0, record: record) }
            } else {
                let inner = UnsafeBufferPointer(rebasing: value.value[1..<(value.value.count - 1)])
                members[member].evidence.observeString(inner, record: record)
            }
        }
        members[member].present += 1
    }

    // MARK: Verdict

    /// The columns after `records` records; one that lacks a value in some record is nullable. A text of no objects, or of
    /// empty ones, has one column that takes whole records: its path is empty.
    func leaves(records: Int64) -> [Leaf] {
        var leaves: [Leaf] = []
        if isWhole != true { for child in members[0].children { collect(child, [], records, &leaves) } }
        guard leaves.isEmpty else { return leaves }
        let (type, reason) = members[0].evidence.verdict()
        guard isWhole == true else {
            return [Leaf(path: [], type: .json, nullable: false, reason: "the records have no members and are kept as JSON")]
        }
        // A null record is a value of a json column, and a null of any other.
        return [Leaf(path: [], type: type, nullable: members[0].present < records && type != .json, reason: reason)]
    }

    private func collect(_ index: Int, _ parents: [String], _ records: Int64, _ leaves: inout [Leaf]) {
        let member = members[index]
        let path = parents + [String(decoding: member.key, as: UTF8.self)]
        let hasOthers = member.present > member.objects
        if member.objects > 0, !hasOthers, !member.isKept, !member.children.isEmpty {
            for child in member.children { collect(child, path, records, &leaves) }
            return
        }
        var (type, reason) = member.evidence.verdict()
        if member.isKept {
            let isMap = member.children.count >= Self.maxKeysWithin
            (type, reason) = (.json, isMap ? "objects with more than \(Self.maxKeysWithin) different keys, kept as JSON" : Column.declared)
        } else if member.objects > 0 {
            (type, reason) = (
                .json, hasOthers ? "objects in some records and other values in others, kept as JSON" : "empty objects, kept as JSON"
            )
        }
        leaves.append(Leaf(path: path, type: type, nullable: member.present < records, reason: reason))
    }
}
