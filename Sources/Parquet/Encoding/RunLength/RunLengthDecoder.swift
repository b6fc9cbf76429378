/// Reads levels, dictionary indices and truth values: runs of one value, and runs of bit-packed values
/// (Encodings.md, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)").
///
/// The bytes must outlive the decoder.
struct RunLengthDecoder {
    private var at: UnsafeRawPointer
    private let end: UnsafeRawPointer
    let bitWidth: Int

    private var repeatLeft = 0
    private var repeatValue: UInt32 = 0
    private var packedLeft = 0
    private var packedBit = 0
    private var packed: UnsafeRawPointer
    private var packedEnd: UnsafeRawPointer

    /// - Parameter bitWidth: 0 to 32.
    init(_ at: UnsafeRawPointer, end: UnsafeRawPointer, bitWidth: Int) throws {
        guard 0...32 ~= bitWidth else { throw ParquetError.page("values of \(bitWidth) bits: at most 32 are possible") }
        self.at = at
        self.end = end
        self.bitWidth = bitWidth
        packed = at
        packedEnd = at
    }

    /// The next values.
    mutating func decode(_ count: Int, into out: UnsafeMutablePointer<UInt32>) throws {
        var done = 0
        while done < count {
            if repeatLeft > 0 {
                let n = min(repeatLeft, count &- done)
                (out + done).update(repeating: repeatValue, count: n)
                repeatLeft &-= n
                done &+= n
            } else if packedLeft > 0 {
                let n = min(packedLeft, count &- done)
                BitPacking.unpack(packed, end: packedEnd, bit: packedBit, width: bitWidth, count: n, into: out + done)
                packedBit &+= n &* bitWidth
                packedLeft &-= n
                done &+= n
            } else {
                try nextRun()
            }
        }
    }

    /// Values of one bit as truth values.
    ///
    /// - Returns: how many are true.
    mutating func decodeFlags(_ count: Int, into out: UnsafeMutablePointer<Bool>) throws -> Int {
        var done = 0
        var set = 0
        while done < count {
            if repeatLeft > 0 {
                let n = min(repeatLeft, count &- done)
                (out + done).update(repeating: repeatValue == 1, count: n)
                if repeatValue == 1 { set &+= n }
                repeatLeft &-= n
                done &+= n
            } else if packedLeft > 0 {
                let n = min(packedLeft, count &- done)
                for i in 0..<n {
                    let bit = packedBit &+ i
                    let flag = packed.load(fromByteOffset: bit >> 3, as: UInt8.self) >> UInt8(bit & 7) & 1
                    out[done &+ i] = flag == 1
                    set &+= Int(flag)
                }
                packedBit &+= n
                packedLeft &-= n
                done &+= n
            } else {
                try nextRun()
            }
        }
        return set
    }

    private mutating func nextRun() throws {
        let header = try varint()
        if header & 1 == 1 {
            let groups = header >> 1
            // The last run may lack the bytes of the values that only fill it up.
            let size = min(groups &* bitWidth, end - at)
            packedLeft = bitWidth == 0 ? groups &* 8 : min(groups &* 8, size &* 8 / bitWidth)
            guard packedLeft > 0 || groups == 0 else { throw ParquetError.truncated("a run of bit-packed values") }
            packed = at
            packedBit = 0
            at += size
            packedEnd = at
        } else {
            let width = (bitWidth + 7) / 8
            guard end - at >= width else { throw ParquetError.truncated("a run of equal values") }
            var value: UInt32 = 0
            for i in 0..<width { value |= UInt32(at.load(fromByteOffset: i, as: UInt8.self)) << UInt32(8 * i) }
            guard bitWidth == 32 || value >> UInt32(bitWidth) == 0 else {
                throw ParquetError.page("a run repeats \(value), which has more than \(bitWidth) bits")
            }
            at += width
            repeatLeft = header >> 1
            repeatValue = value
        }
    }

    private mutating func varint() throws -> Int {
        var value = 0
        for shift in stride(from: 0, to: 35, by: 7) {
            guard at < end else { throw ParquetError.truncated("runs of levels or indices") }
            let byte = Int(at.load(as: UInt8.self))
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80 {
                guard value <= UInt32.max else { break }
                return value
            }
        }
        throw ParquetError.page("the header of a run has more than 32 bits")
    }
}

/// Reads levels of the deprecated encoding BIT_PACKED: from the most significant bit of each byte on, without runs
/// (Encodings.md, "Bit-packed (Deprecated) (BIT_PACKED = 4)").
struct BitPackedLevels {
    private let base: UnsafeRawPointer
    private let width: Int
    private var bit = 0

    /// - Parameter base: as many bytes as ``size(count:width:)`` says must be there.
    init(_ base: UnsafeRawPointer, width: Int) {
        self.base = base
        self.width = width
    }

    /// Bytes of `count` levels of `width` bits.
    static func size(count: Int, width: Int) -> Int { (count * width + 7) / 8 }

    /// The next level.
    mutating func next() -> Int {
        var level = 0
        for _ in 0..<width {
            let flag = base.load(fromByteOffset: bit >> 3, as: UInt8.self) >> UInt8(7 &- bit & 7) & 1
            level = level << 1 | Int(flag)
            bit &+= 1
        }
        return level
    }
}
