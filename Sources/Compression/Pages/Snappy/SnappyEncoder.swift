/// Compresses to snappy blocks (google/snappy, format_description.txt): greedy matches found by a hash table of
/// four-byte sequences, in fragments of 64 KiB.
final class SnappyEncoder {
    private static let fragmentSize = 1 << 16
    private static let tableBits = 14
    /// Where a sequence with some hash was last seen in the fragment. 0 where it was not: position 0 is then compared
    /// in vain, which costs nothing.
    private let table = UnsafeMutablePointer<UInt16>.allocate(capacity: 1 << tableBits)

    deinit {
        table.deallocate()
    }

    static func bound(_ count: Int) -> Int { 32 + count + count / 6 }

    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        guard let outputBase = output.baseAddress else { return 0 }
        var out = outputBase
        var rest = input.count
        repeat {
            out.storeBytes(of: UInt8(truncatingIfNeeded: rest & 0x7F | (rest > 0x7F ? 0x80 : 0)), as: UInt8.self)
            out += 1
            rest >>= 7
        } while rest > 0
        guard let base = input.baseAddress else { return out - outputBase }
        var at = 0
        while at < input.count {
            let count = min(Self.fragmentSize, input.count - at)
            out = compressFragment(base + at, count, to: out)
            at += count
        }
        return out - outputBase
    }

    private func compressFragment(
        _ base: UnsafeRawPointer, _ count: Int, to output: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        let table = self.table
        table.update(repeating: 0, count: 1 << Self.tableBits)
        var out = output
        var emitted = 0
        // The last 15 bytes are not searched, so that loads of four bytes stay inside.
        let limit = count &- 15
        var at = 1
        var misses = 32
        while at < limit {
            let sequence = base.loadUnaligned(fromByteOffset: at, as: UInt32.self)
            let slot = Int((sequence &* 0x1E35_A7BD) >> (32 - UInt32(Self.tableBits)))
            let candidate = Int(table[slot])
            table[slot] = UInt16(truncatingIfNeeded: at)
            guard base.loadUnaligned(fromByteOffset: candidate, as: UInt32.self) == sequence, candidate < at else {
                // Input that does not compress is stepped over ever faster.
                at &+= misses >> 5
                misses &+= 1
                continue
            }
            misses = 32
            let length = 4 &+ matchLength(base, candidate &+ 4, at &+ 4, end: count)
            out = Self.emitLiteral(base + emitted, at &- emitted, to: out)
            out = Self.emitCopy(offset: at &- candidate, length, to: out)
            at &+= length
            emitted = at
        }
        return Self.emitLiteral(base + emitted, count - emitted, to: out)
    }

    @inline(__always)
    private static func emitLiteral(
        _ source: UnsafeRawPointer, _ count: Int, to output: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        guard count > 0 else { return output }
        var out = output
        let n = count &- 1
        if n < 60 {
            out.storeBytes(of: UInt8(truncatingIfNeeded: n << 2), as: UInt8.self)
            out += 1
        } else if n < 256 {
            out.storeBytes(of: 60 << 2, as: UInt8.self)
            out.storeBytes(of: UInt8(truncatingIfNeeded: n), toByteOffset: 1, as: UInt8.self)
            out += 2
        } else {
            // A fragment has at most 64 KiB: two bytes of length are enough.
            out.storeBytes(of: 61 << 2, as: UInt8.self)
            out.storeBytes(of: UInt16(truncatingIfNeeded: n).littleEndian, toByteOffset: 1, as: UInt16.self)
            out += 3
        }
        out.copyMemory(from: source, byteCount: count)
        return out + count
    }

    @inline(__always)
    private static func emitCopy(
        offset: Int, _ length: Int, to output: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        var out = output
        var rest = length
        // A copy with a two-byte offset holds 1 to 64 bytes; the last one keeps at least 4 for the short form.
        while rest > 64 {
            let part = rest >= 68 ? 64 : 60
            out = emitLongCopy(offset, part, to: out)
            rest &-= part
        }
        if rest < 12, offset < 2048 {
            let tag = 1 | (rest &- 4) << 2 | (offset >> 8) << 5
            out.storeBytes(of: UInt8(truncatingIfNeeded: tag), as: UInt8.self)
            out.storeBytes(of: UInt8(truncatingIfNeeded: offset), toByteOffset: 1, as: UInt8.self)
            return out + 2
        }
        return emitLongCopy(offset, rest, to: out)
    }

    @inline(__always)
    private static func emitLongCopy(
        _ offset: Int, _ count: Int, to out: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        out.storeBytes(of: UInt8(truncatingIfNeeded: 2 | (count &- 1) << 2), as: UInt8.self)
        out.storeBytes(of: UInt16(truncatingIfNeeded: offset).littleEndian, toByteOffset: 1, as: UInt16.self)
        return out + 3
    }
}
