/// `Statistics` of a column chunk, in the order of its column (`TypeDefinedOrder`); values are encoded as in PLAIN, byte
/// strings without their length.
struct Statistics: Hashable, Sendable {
    var nullCount: Int64
    var min: Bound?
    var max: Bound?

    /// A smallest or largest value, or for an inexact one, what lies beyond all values.
    struct Bound: Hashable, Sendable {
        var bytes: [UInt8]
        var isExact = true
    }

    func write(_ writer: inout ThriftWriter) {
        writer.field(3, int64: nullCount)
        if let max { writer.field(5, binary: max.bytes) }
        if let min { writer.field(6, binary: min.bytes) }
        if let max { writer.field(7, bool: max.isExact) }
        if let min { writer.field(8, bool: min.isExact) }
    }
}
