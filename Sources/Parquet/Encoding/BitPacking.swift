/// Numbers of a fixed width of bits, packed from the least significant bit of each byte on
/// (Encodings.md, "Run Length Encoding / Bit-Packing Hybrid").
enum BitPacking {
    /// The bits that a value needs.
    @inline(__always)
    static func width(_ value: UInt64) -> Int {
        64 &- value.leadingZeroBitCount
    }

    /// Unpacks numbers of up to 32 bits, the first of them at bit `bit` after `base`. They must all lie before `end`.
    @inline(__always)
    static func unpack(
        _ base: UnsafeRawPointer, end: UnsafeRawPointer, bit: Int, width: Int, count: Int,
        into out: UnsafeMutablePointer<UInt32>
    ) {
        let mask = width == 32 ? UInt64(UInt32.max) : (1 << UInt64(width)) &- 1
        var bit = bit
        var i = 0
        // Eight bytes at a time, as long as that many are there.
        let lastFullLoad = (end - base) &- 8
        while i < count, bit >> 3 <= lastFullLoad {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
            out[i] = UInt32(truncatingIfNeeded: word >> UInt64(bit & 7) & mask)
            bit &+= width
            i &+= 1
        }
        while i < count {
            out[i] = UInt32(truncatingIfNeeded: loadTail(base, end, bit) & mask)
            bit &+= width
            i &+= 1
        }
    }

    /// One number of up to 64 bits; what lies behind `end` counts as zero.
    @inline(__always)
    static func load(_ base: UnsafeRawPointer, end: UnsafeRawPointer, bit: Int, width: Int) -> UInt64 {
        guard width > 0 else { return 0 }
        let at = bit >> 3
        let shift = UInt64(bit & 7)
        let mask = UInt64.max >> UInt64(64 &- width)
        guard end - base >= at &+ 9 else {
            var word = loadTail(base, end, bit)
            if width &+ Int(shift) > 64, end - base > at &+ 8 {
                word |= UInt64(base.load(fromByteOffset: at &+ 8, as: UInt8.self)) << (64 &- shift)
            }
            return word & mask
        }
        var word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self)) >> shift
        if width &+ Int(shift) > 64 {
            word |= UInt64(base.load(fromByteOffset: at &+ 8, as: UInt8.self)) << (64 &- shift)
        }
        return word & mask
    }

    private static func loadTail(_ base: UnsafeRawPointer, _ end: UnsafeRawPointer, _ bit: Int) -> UInt64 {
        var word: UInt64 = 0
        let at = bit >> 3
        for i in 0..<max(0, min(8, (end - base) - at)) {
            word |= UInt64(base.load(fromByteOffset: at + i, as: UInt8.self)) << UInt64(8 * i)
        }
        return word >> UInt64(bit & 7)
    }

    /// Packs numbers of up to 32 bits and fills the last byte with zeros.
    ///
    /// - Returns: how many bytes were written. Four more are touched: the room must be there.
    @inline(__always)
    static func pack<Number: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafePointer<Number>, count: Int, width: Int, into out: UnsafeMutableRawPointer
    ) -> Int {
        var word: UInt64 = 0
        var bits = 0
        var written = 0
        for i in 0..<count {
            word |= UInt64(truncatingIfNeeded: values[i]) << UInt64(bits)
            bits &+= width
            if bits >= 32 {
                out.storeBytes(
                    of: UInt32(truncatingIfNeeded: word).littleEndian, toByteOffset: written, as: UInt32.self)
                written &+= 4
                word >>= 32
                bits &-= 32
            }
        }
        out.storeBytes(of: UInt32(truncatingIfNeeded: word).littleEndian, toByteOffset: written, as: UInt32.self)
        return written &+ (bits &+ 7) >> 3
    }

    /// Packs numbers of up to 64 bits; `count` is a multiple of 8, so that whole bytes come out.
    @inline(__always)
    static func packWide(
        _ values: UnsafePointer<UInt64>, count: Int, width: Int, into out: UnsafeMutableRawPointer
    ) -> Int {
        guard width > 32 else { return pack(values, count: count, width: width, into: out) }
        var word: UInt64 = 0
        var bits = 0
        var written = 0
        for i in 0..<count {
            var rest = values[i]
            var left = width
            while left > 0 {
                let part = min(left, 32)
                word |= (rest & 0xFFFF_FFFF & (UInt64.max >> UInt64(64 &- part))) << UInt64(bits)
                rest >>= 32
                left &-= part
                bits &+= part
                if bits >= 32 {
                    out.storeBytes(
                        of: UInt32(truncatingIfNeeded: word).littleEndian, toByteOffset: written, as: UInt32.self)
                    written &+= 4
                    word >>= 32
                    bits &-= 32
                }
            }
        }
        out.storeBytes(of: UInt32(truncatingIfNeeded: word).littleEndian, toByteOffset: written, as: UInt32.self)
        return written &+ (bits &+ 7) >> 3
    }
}
