import CChecksum

/// A cyclic redundancy check whose bits are reflected and whose register begins and ends inverted, as S3's three are.
///
/// How this works: where the processor multiplies polynomials, it folds long stretches into 16 bytes of the same sum
/// (`CChecksum`). What is left, and everything on other machines, goes by tables: eight of them tell what each of the
/// next eight bytes does to the register, so that a step takes eight bytes at once ("slicing by 8"). Sums of two
/// neighbouring stretches combine into the sum of both by moving the first past as many zero bytes as the second has:
/// a multiplication of polynomials (zlib's `crc32_combine`).
struct CRC: Sendable {
    let width: Int
    private let polynomial: UInt64
    private let tables: [UInt64]
    /// Nil where the processor cannot fold, or must not.
    private var powers: checksum_fold_powers?

    static let crc32 = CRC(width: 32, polynomial: 0xEDB8_8320)
    static let crc32c = CRC(width: 32, polynomial: 0x82F6_3B78)
    /// NVM Express, NVM command set specification, "64b CRC".
    static let crc64nvme = CRC(width: 64, polynomial: 0x9A6C_9329_AC4B_C9B5)

    /// - Parameters:
    ///   - polynomial: without its highest term, bits reflected.
    ///   - folds: whether the processor's own instruction is used, where there is one.
    init(width: Int, polynomial: UInt64, folds: Bool = true) {
        self.width = width
        self.polynomial = polynomial
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt64(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 255)]
        }
        self.tables = tables
        if folds, checksum_can_fold() != 0 { powers = foldPowers }
    }

    /// What moves the two halves of a block by 16, 32 … 128 bytes.
    private var foldPowers: checksum_fold_powers {
        var powers = checksum_fold_powers()
        let seventh: UInt64 = 1 << UInt64(width - 8)
        withUnsafeMutableBytes(of: &powers) { bytes in
            let multipliers = bytes.bindMemory(to: UInt64.self)
            for step in 0..<multipliers.count / 2 {
                let moved = Int64(step + 1) * 16
                multipliers[2 * step] = product(power(ofBytes: moved + 7), seventh) << UInt64(64 - width)
                multipliers[2 * step + 1] = product(power(ofBytes: moved - 1), seventh) << UInt64(64 - width)
            }
        }
        return powers
    }

    private var ones: UInt64 { width == 64 ? .max : 1 << UInt64(width) - 1 }

    /// From this many bytes on, four lanes run side by side, because one would wait for its own tables' look-ups.
    static let lanesFromBytes = 4096

    /// From this many bytes on folding is worth its beginning and end.
    static let foldFromBytes = 256

    /// The sum of what `sum` was the sum of, followed by `bytes`; the sum of nothing is 0.
    func extended(_ sum: UInt64, by bytes: UnsafeRawBufferPointer) -> UInt64 {
        tables.withUnsafeBufferPointer { table in
            var register = sum ^ ones
            var place = 0
            if var powers, bytes.count >= Self.foldFromBytes, let start = bytes.baseAddress {
                place = bytes.count / checksum_fold_step * checksum_fold_step
                register = withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) { folded in
                    checksum_fold(start, place, register, &powers, folded.baseAddress)
                    let half = step(word(UnsafeRawBufferPointer(folded), 0), table)
                    return step(half ^ word(UnsafeRawBufferPointer(folded), 8), table)
                }
            } else if bytes.count >= Self.lanesFromBytes {
                let lane = bytes.count / 32 * 8
                register = fourLanes(register, bytes, lane: lane, table)
                place = lane * 4
            }
            while place &+ 8 <= bytes.count {
                register = step(register ^ word(bytes, place), table)
                place &+= 8
            }
            while place < bytes.count {
                register = register >> 8 ^ table[Int((register ^ UInt64(bytes[place])) & 255)]
                place &+= 1
            }
            return register ^ ones
        }
    }

    private func fourLanes(
        _ register: UInt64, _ bytes: UnsafeRawBufferPointer, lane: Int, _ table: UnsafeBufferPointer<UInt64>
    ) -> UInt64 {
        var (first, second, third, fourth) = (register, UInt64(0), UInt64(0), UInt64(0))
        var place = 0
        while place < lane {
            first = step(first ^ word(bytes, place), table)
            second = step(second ^ word(bytes, place &+ lane), table)
            third = step(third ^ word(bytes, place &+ 2 &* lane), table)
            fourth = step(fourth ^ word(bytes, place &+ 3 &* lane), table)
            place &+= 8
        }
        let shift = power(ofBytes: Int64(lane))
        return product(shift, product(shift, product(shift, first) ^ second) ^ third) ^ fourth
    }

    @inline(__always)
    private func word(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
    }

    @inline(__always)
    private func step(_ word: UInt64, _ table: UnsafeBufferPointer<UInt64>) -> UInt64 {
        let low =
            table[1792 &+ Int(word & 255)] ^ table[1536 &+ Int(word >> 8 & 255)]
            ^ table[1280 &+ Int(word >> 16 & 255)] ^ table[1024 &+ Int(word >> 24 & 255)]
        let high =
            table[768 &+ Int(word >> 32 & 255)] ^ table[512 &+ Int(word >> 40 & 255)]
            ^ table[256 &+ Int(word >> 48 & 255)] ^ table[Int(word >> 56)]
        return low ^ high
    }

    /// The sum of two stretches, one after the other, from the sums of both.
    func combined(_ first: UInt64, _ second: UInt64, secondBytes: Int64) -> UInt64 {
        product(power(ofBytes: secondBytes), first) ^ second
    }

    /// What moves a sum past so many zero bytes when it is multiplied with it.
    private func power(ofBytes count: Int64) -> UInt64 {
        var shift: UInt64 = 1 << UInt64(width - 1)
        var power: UInt64 = 1 << UInt64(width - 9)
        var left = count
        while left > 0 {
            if left & 1 == 1 { shift = product(power, shift) }
            power = product(power, power)
            left >>= 1
        }
        return shift
    }

    /// Of two polynomials, modulo ours.
    private func product(_ one: UInt64, _ other: UInt64) -> UInt64 {
        var other = other
        var sum: UInt64 = 0
        var bit: UInt64 = 1 << UInt64(width - 1)
        while bit > 0 {
            if one & bit != 0 { sum ^= other }
            other = other & 1 == 1 ? other >> 1 ^ polynomial : other >> 1
            bit >>= 1
        }
        return sum
    }
}
