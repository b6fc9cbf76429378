/// Writes Thrift's compact protocol (apache/thrift, doc/specs/thrift-compact-protocol.md).
struct ThriftWriter {
    private(set) var bytes: [UInt8] = []
    /// The last field id of each structure that is open.
    private var lastIDs: [Int16] = []

    mutating func structure(_ body: (inout ThriftWriter) -> Void) {
        lastIDs.append(0)
        body(&self)
        lastIDs.removeLast()
        bytes.append(0)
    }

    mutating func field(_ id: Int16, structure body: (inout ThriftWriter) -> Void) {
        header(id, .structure)
        structure(body)
    }

    mutating func field(_ id: Int16, bool value: Bool) {
        header(id, value ? .boolTrue : .boolFalse)
    }

    mutating func field(_ id: Int16, int8 value: Int8) {
        header(id, .int8)
        bytes.append(UInt8(bitPattern: value))
    }

    mutating func field(_ id: Int16, int32 value: Int32) {
        header(id, .int32)
        zigzag(Int64(value))
    }

    mutating func field(_ id: Int16, int64 value: Int64) {
        header(id, .int64)
        zigzag(value)
    }

    mutating func field(_ id: Int16, binary value: some Collection<UInt8>) {
        header(id, .binary)
        binary(value)
    }

    mutating func field(_ id: Int16, string value: String) {
        field(id, binary: Array(value.utf8))
    }

    mutating func field(_ id: Int16, int32s values: [Int32]) {
        listHeader(id, values.count, .int32)
        for value in values { zigzag(Int64(value)) }
    }

    mutating func field(_ id: Int16, int64s values: [Int64]) {
        listHeader(id, values.count, .int64)
        for value in values { zigzag(value) }
    }

    mutating func field(_ id: Int16, bools values: [Bool]) {
        listHeader(id, values.count, .boolTrue)
        for value in values { bytes.append(value ? 1 : 2) }
    }

    mutating func field(_ id: Int16, binaries values: [[UInt8]]) {
        listHeader(id, values.count, .binary)
        for value in values { binary(value) }
    }

    mutating func field(_ id: Int16, strings values: [String]) {
        listHeader(id, values.count, .binary)
        for value in values { binary(Array(value.utf8)) }
    }

    /// A list of structures; `body` writes the fields of one.
    mutating func field<Element>(
        _ id: Int16, list values: [Element], _ body: (inout ThriftWriter, Element) -> Void
    ) {
        listHeader(id, values.count, .structure)
        for value in values { structure { writer in body(&writer, value) } }
    }

    /// A list of structures that are encoded already.
    mutating func field(_ id: Int16, encoded values: [[UInt8]]) {
        listHeader(id, values.count, .structure)
        for value in values { bytes.append(contentsOf: value) }
    }

    private mutating func header(_ id: Int16, _ type: ThriftType) {
        let last = lastIDs[lastIDs.count - 1]
        lastIDs[lastIDs.count - 1] = id
        if id > last, id - last <= 15 {
            bytes.append(UInt8(id - last) << 4 | type.rawValue)
        } else {
            bytes.append(type.rawValue)
            zigzag(Int64(id))
        }
    }

    private mutating func listHeader(_ id: Int16, _ count: Int, _ type: ThriftType) {
        header(id, .list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | type.rawValue)
        } else {
            bytes.append(0xF0 | type.rawValue)
            varint(UInt64(count))
        }
    }

    private mutating func binary(_ value: some Collection<UInt8>) {
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    private mutating func zigzag(_ value: Int64) {
        varint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
