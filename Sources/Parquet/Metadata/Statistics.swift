/// `Statistics` of a column chunk, in the order of its column (`TypeDefinedOrder`); values are encoded as in PLAIN, byte
/// strings without their length.
struct Statistics: Hashable, Sendable {
    var nullCount: Int64?
    var min: Bound?
    var max: Bound?
    /// The fields `min` and `max` of old writers, which compared all types as if they were signed; only read.
    var oldMin: [UInt8]?
    var oldMax: [UInt8]?

    /// A smallest or largest value, or for an inexact one, what lies beyond all values.
    struct Bound: Hashable, Sendable {
        var bytes: [UInt8]
        var isExact = true
    }

    static func read(_ reader: inout ThriftReader, _ field: ThriftField) throws -> Statistics {
        var statistics = Statistics()
        try reader.structure(field) { reader, field in
            switch field.id {
            case 1: statistics.oldMax = try reader.binary(field)
            case 2: statistics.oldMin = try reader.binary(field)
            case 3: statistics.nullCount = try reader.int64(field)
            case 5: statistics.max = Bound(bytes: try reader.binary(field))
            case 6: statistics.min = Bound(bytes: try reader.binary(field))
            default: try reader.skip(field)
            }
        }
        return statistics
    }

    func write(_ writer: inout ThriftWriter) {
        if let nullCount { writer.field(3, int64: nullCount) }
        if let max { writer.field(5, binary: max.bytes) }
        if let min { writer.field(6, binary: min.bytes) }
        if let max { writer.field(7, bool: max.isExact) }
        if let min { writer.field(8, bool: min.isExact) }
    }
}
