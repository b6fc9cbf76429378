/// How many different values a column holds, about, in two kilobytes: HyperLogLog (Flajolet et al., 2007) over the values'
/// hashes. The same values give the same sketch, in any order and however often each occurs.
package struct DistinctSketch: Hashable, Sendable {
    /// Eleven bits of a hash choose the register: an error of about 2.3 % (1.04 / √2048).
    private static let indexBits = 11
    private static let registerCount = 1 << indexBits

    private var registers = [UInt8](repeating: 0, count: registerCount)

    package init() {}

    /// Hands the registers to a loop that calls ``note(_:in:)`` for each value.
    @inline(__always)
    mutating func withRegisters(_ body: (UnsafeMutablePointer<UInt8>) -> Void) {
        registers.withUnsafeMutableBufferPointer { registers in
            if let base = registers.baseAddress { body(base) }
        }
    }

    /// Notes a value's hash, all of whose bits must be as good as random.
    @inline(__always)
    static func note(_ hash: UInt64, in registers: UnsafeMutablePointer<UInt8>) {
        let index = Int(truncatingIfNeeded: hash >> UInt64(64 - indexBits))
        // The place of the first one among the other bits; a guard bit ends the search.
        let rank = UInt8(truncatingIfNeeded: (hash << UInt64(indexBits) | 1 << UInt64(indexBits - 1)).leadingZeroBitCount &+ 1)
        if rank > registers[index] { registers[index] = rank }
    }

    /// About how many different values were noted.
    package var estimate: Int64 {
        let count = Double(Self.registerCount)
        let empty = registers.count { $0 == 0 }
        let sum = registers.reduce(0.0) { $0 + 1 / Double(UInt64(1) << UInt64($1)) }
        let raw = 0.7213 / (1 + 1.079 / count) * count * count / sum
        guard raw <= 2.5 * count, empty > 0 else { return Int64(raw.rounded()) }
        // Few values: how many must be drawn, on the average, until so many registers are hit (the coupon collector's sum).
        let hit = Self.registerCount - empty
        let draws = (0..<hit).reduce(0.0) { $0 + count / (count - Double($1)) }
        return Int64(draws.rounded())
    }

    /// A digest of all registers.
    var fingerprint: UInt64 {
        registers.reduce(0) { ($0 &* 0x0000_0100_0000_01B3) ^ UInt64($1) &* 0x9E37_79B9_7F4A_7C15 }
    }
}
