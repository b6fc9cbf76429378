/// Compresses to LZ4 blocks (lz4/lz4, doc/lz4_Block_format.md): greedy matches found by a hash table of four-byte
/// sequences.
final class LZ4Encoder {
    private static let tableBits = 14
    private static let maxOffset = 65_535
    /// A match may not begin in the last 12 bytes, and the last 5 bytes are literals ("End of block restrictions").
    private static let lastMatchStart = 12
    private static let lastLiterals = 5
    /// Where a sequence with some hash was last seen; 0 where it was not.
    private let table = UnsafeMutablePointer<UInt32>.allocate(capacity: 1 << tableBits)

    deinit {
        table.deallocate()
    }

    static func bound(_ count: Int) -> Int { count + count / 255 + 16 }

    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        guard let outputBase = output.baseAddress else { return 0 }
        var out = outputBase
        guard let base = input.baseAddress else {
            out.storeBytes(of: 0, as: UInt8.self)
            return 1
        }
        let table = self.table
        table.update(repeating: 0, count: 1 << Self.tableBits)
        let count = input.count
        let limit = count &- Self.lastMatchStart
        let matchEnd = count &- Self.lastLiterals
        var emitted = 0
        var at = 1
        var misses = 64
        while at < limit {
            let sequence = base.loadUnaligned(fromByteOffset: at, as: UInt32.self)
            let slot = Int((sequence &* 2_654_435_761) >> (32 - UInt32(Self.tableBits)))
            let candidate = Int(table[slot])
            table[slot] = UInt32(truncatingIfNeeded: at)
            guard candidate < at, at &- candidate <= Self.maxOffset,
                base.loadUnaligned(fromByteOffset: candidate, as: UInt32.self) == sequence
            else {
                at &+= misses >> 6
                misses &+= 1
                continue
            }
            misses = 64
            let length = matchLength(base, candidate &+ 4, at &+ 4, end: matchEnd)
            out = Self.emit(base + emitted, literals: at &- emitted, match: length, to: out)
            out.storeBytes(of: UInt16(truncatingIfNeeded: at &- candidate).littleEndian, as: UInt16.self)
            out = Self.emitLength(length, to: out + 2)
            at &+= length &+ 4
            emitted = at
        }
        out = Self.emit(base + emitted, literals: count &- emitted, match: 0, to: out)
        return out - outputBase
    }

    /// The token and the literals of a sequence.
    @inline(__always)
    private static func emit(
        _ source: UnsafeRawPointer, literals: Int, match: Int, to output: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        output.storeBytes(of: UInt8(truncatingIfNeeded: min(15, literals) << 4 | min(15, match)), as: UInt8.self)
        let out = emitLength(literals, to: output + 1)
        out.copyMemory(from: source, byteCount: literals)
        return out + literals
    }

    /// The rest of a length that does not fit into the token.
    @inline(__always)
    private static func emitLength(_ length: Int, to output: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        guard length >= 15 else { return output }
        var out = output
        var rest = length &- 15
        while rest >= 255 {
            out.storeBytes(of: 255, as: UInt8.self)
            out += 1
            rest &-= 255
        }
        out.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
        return out + 1
    }
}
