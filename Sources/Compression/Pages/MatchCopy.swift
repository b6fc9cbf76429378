/// Copies a back reference of an LZ77 format: `count` bytes from `offset` bytes before `target`, in such a way that
/// bytes written are read again where the two overlap.
///
/// The caller has checked that `offset` bytes lie before `target` and `count` bytes of room after it, up to `end`.
@inline(__always)
func copyMatch(to target: UnsafeMutableRawPointer, offset: Int, count: Int, end: UnsafeMutableRawPointer) {
    let source = UnsafeRawPointer(target - offset)
    if offset >= 8, end - target >= count &+ 8 {
        // Eight bytes at a time, up to seven too many: the room for them is there.
        var at = 0
        while at < count {
            target.storeBytes(
                of: source.loadUnaligned(fromByteOffset: at, as: UInt64.self), toByteOffset: at, as: UInt64.self)
            at &+= 8
        }
    } else {
        var at = 0
        while at < count {
            target.storeBytes(of: source.load(fromByteOffset: at, as: UInt8.self), toByteOffset: at, as: UInt8.self)
            at &+= 1
        }
    }
}

/// Copies bytes that stand in the input: 16 at once where there is room on both sides, as most are short.
@inline(__always)
func copyLiteral(
    to target: UnsafeMutableRawPointer, from source: UnsafeRawPointer, count: Int,
    targetEnd: UnsafeMutableRawPointer, sourceEnd: UnsafeRawPointer
) {
    if count <= 16, targetEnd - target >= 16, sourceEnd - source >= 16 {
        let low = source.loadUnaligned(as: UInt64.self)
        let high = source.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        target.storeBytes(of: low, as: UInt64.self)
        target.storeBytes(of: high, toByteOffset: 8, as: UInt64.self)
    } else {
        target.copyMemory(from: source, byteCount: count)
    }
}

/// How many bytes from `at` equal those from `candidate`, up to `end`.
@inline(__always)
func matchLength(_ base: UnsafeRawPointer, _ candidate: Int, _ at: Int, end: Int) -> Int {
    var count = 0
    while at &+ count &+ 8 <= end {
        let difference =
            base.loadUnaligned(fromByteOffset: candidate &+ count, as: UInt64.self)
            ^ base.loadUnaligned(fromByteOffset: at &+ count, as: UInt64.self)
        if difference != 0 { return count &+ difference.trailingZeroBitCount >> 3 }
        count &+= 8
    }
    while at &+ count < end,
        base.load(fromByteOffset: candidate &+ count, as: UInt8.self)
            == base.load(fromByteOffset: at &+ count, as: UInt8.self)
    { count &+= 1 }
    return count
}
