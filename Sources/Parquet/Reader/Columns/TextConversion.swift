import Columns

/// Values that none of our other types can hold without loss, as exact text.
enum TextConversion {
    /// A date and time with nanoseconds since the epoch: `2026-01-31T13:05:09.000000001`.
    static func appendTimestamp(nanos: Int64, isUTC: Bool, to out: inout [UInt8]) {
        let (days, rest) = nanos.flooredDivision(by: 86_400_000_000_000)
        ValueText.appendDate(days: days, to: &out)
        out.append(UInt8(ascii: "T"))
        appendTime(nanos: rest, to: &out)
        if isUTC { out.append(UInt8(ascii: "Z")) }
    }

    /// A time of day, whose fraction has nine digits, or six or none where those are enough.
    static func appendTime(nanos: Int64, to out: inout [UInt8]) {
        let (micros, rest) = nanos.flooredDivision(by: 1000)
        guard rest > 0 else { return ValueText.appendTime(micros: micros, to: &out) }
        ValueText.appendTime(micros: micros - micros % 1_000_000, to: &out)
        out.append(UInt8(ascii: "."))
        ValueText.appendDigits(UInt64(micros % 1_000_000 * 1000 + rest), minimum: 9, to: &out)
    }

    /// Nanoseconds since midnight and the Julian day (``BytesConversion/int96(_:into:)``).
    static func appendInt96(_ value: UnsafeRawPointer, to out: inout [UInt8]) throws {
        let nanos = Int64(littleEndian: value.loadUnaligned(as: Int64.self))
        let day = Int64(UInt32(littleEndian: value.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
        let (days, rest) = nanos.flooredDivision(by: 86_400_000_000_000)
        ValueText.appendDate(days: day - BytesConversion.julianEpoch + days, to: &out)
        out.append(UInt8(ascii: "T"))
        appendTime(nanos: rest, to: &out)
    }

    /// Big-endian two's complement of any length, as a decimal number.
    static func appendDecimal(_ value: UnsafeRawBufferPointer, scale: Int, to out: inout [UInt8]) {
        let isNegative = (value.first ?? 0) >= 0x80
        // The magnitude in limbs of 32 bits, the highest first.
        var limbs = [UInt32](repeating: isNegative ? .max : 0, count: (value.count + 3) / 4)
        for (index, byte) in value.reversed().enumerated() {
            let limb = limbs.count - 1 - index / 4
            let shift = UInt32(index % 4 * 8)
            limbs[limb] = limbs[limb] & ~(0xFF << shift) | UInt32(byte) << shift
        }
        if isNegative {
            var carry = true
            for index in limbs.indices.reversed() {
                limbs[index] = ~limbs[index]
                if carry { (limbs[index], carry) = limbs[index].addingReportingOverflow(1) }
            }
        }
        var digits: [UInt8] = []
        while limbs.contains(where: { $0 != 0 }) {
            var rest: UInt64 = 0
            for index in limbs.indices {
                let part = rest << 32 | UInt64(limbs[index])
                limbs[index] = UInt32(part / 10)
                rest = part % 10
            }
            digits.append(UInt8(48 + rest))
        }
        while digits.count <= scale { digits.append(48) }
        if isNegative { out.append(UInt8(ascii: "-")) }
        out.append(contentsOf: digits[scale...].reversed())
        guard scale > 0 else { return }
        out.append(UInt8(ascii: "."))
        out.append(contentsOf: digits[..<scale].reversed())
    }
}
