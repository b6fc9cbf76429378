/// Decompresses an LZ4 block (lz4/lz4, doc/lz4_Block_format.md).
///
/// - Returns: false where the input is no block that fills the output exactly.
func lz4Decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    guard let inputBase = input.baseAddress else { return output.isEmpty }
    guard let outputBase = output.baseAddress else { return input.count <= 1 }
    var at = inputBase
    let end = inputBase + input.count
    var out = outputBase
    let outEnd = outputBase + output.count

    while at < end {
        let token = Int(at.load(as: UInt8.self))
        at += 1
        guard let literals = lz4Length(token >> 4, &at, end), end - at >= literals, outEnd - out >= literals
        else { return false }
        copyLiteral(to: out, from: at, count: literals, targetEnd: outEnd, sourceEnd: end)
        at += literals
        out += literals
        // The last sequence has literals only.
        if at == end { return out == outEnd }

        guard end - at >= 2 else { return false }
        let offset = Int(UInt16(littleEndian: at.loadUnaligned(as: UInt16.self)))
        at += 2
        guard let length = lz4Length(token & 15, &at, end), offset > 0, offset <= out - outputBase,
            length &+ 4 <= outEnd - out
        else { return false }
        copyMatch(to: out, offset: offset, count: length &+ 4, end: outEnd)
        out += length &+ 4
    }
    return false
}

/// A length of four bits, continued in bytes of 255 where it is 15.
@inline(__always)
private func lz4Length(_ nibble: Int, _ at: inout UnsafeRawPointer, _ end: UnsafeRawPointer) -> Int? {
    guard nibble == 15 else { return nibble }
    var length = 15
    while at < end {
        let byte = Int(at.load(as: UInt8.self))
        at += 1
        length &+= byte
        if byte < 255 { return length }
    }
    return nil
}
