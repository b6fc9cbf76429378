/// Decompresses a snappy block (google/snappy, format_description.txt).
///
/// - Returns: false where the input is no block that fills the output exactly.
func snappyDecompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    guard let (size, header) = snappyUncompressedSize(input), size == output.count else { return false }
    guard let inputBase = input.baseAddress, let outputBase = output.baseAddress else { return size == 0 }
    var at = inputBase + header
    let end = inputBase + input.count
    var out = outputBase
    let outEnd = outputBase + output.count

    while at < end {
        let tag = Int(at.load(as: UInt8.self))
        at += 1
        var count: Int
        var offset: Int
        switch tag & 3 {
        case 0:
            count = tag >> 2
            if count >= 60 {
                let extra = count &- 59
                guard end - at >= extra else { return false }
                count = 0
                for i in 0..<extra { count |= Int(at.load(fromByteOffset: i, as: UInt8.self)) << (8 &* i) }
                at += extra
            }
            count &+= 1
            guard end - at >= count, outEnd - out >= count else { return false }
            copyLiteral(to: out, from: at, count: count, targetEnd: outEnd, sourceEnd: end)
            at += count
            out += count
            continue
        case 1:
            guard end - at >= 1 else { return false }
            count = 4 &+ (tag >> 2) & 7
            offset = (tag >> 5) << 8 | Int(at.load(as: UInt8.self))
            at += 1
        case 2:
            guard end - at >= 2 else { return false }
            count = 1 &+ tag >> 2
            offset = Int(UInt16(littleEndian: at.loadUnaligned(as: UInt16.self)))
            at += 2
        default:
            guard end - at >= 4 else { return false }
            count = 1 &+ tag >> 2
            offset = Int(UInt32(littleEndian: at.loadUnaligned(as: UInt32.self)))
            at += 4
        }
        guard offset > 0, offset <= out - outputBase, count <= outEnd - out else { return false }
        copyMatch(to: out, offset: offset, count: count, end: outEnd)
        out += count
    }
    return out == outEnd
}

/// The preamble: the uncompressed size as a varint of at most 32 bits, and how many bytes it takes.
private func snappyUncompressedSize(_ input: UnsafeRawBufferPointer) -> (size: Int, header: Int)? {
    var size = 0
    for i in 0..<min(5, input.count) {
        size |= Int(input[i] & 0x7F) << (7 * i)
        if input[i] < 0x80 { return size <= UInt32.max ? (size, i + 1) : nil }
    }
    return nil
}
