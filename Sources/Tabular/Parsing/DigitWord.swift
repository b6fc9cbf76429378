/// Up to eight characters at once, as the bytes of one word, the first in the lowest byte: how digits are checked and read
/// without a step for each.
enum DigitWord {
    /// Each byte's highest bit.
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    /// `00000000`.
    private static let zeros: UInt64 = 0x3030_3030_3030_3030
    /// What makes every byte above 9 show in its highest bit.
    private static let aboveNine: UInt64 = 0x7676_7676_7676_7676

    @inline(__always)
    static func load(_ text: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(text).loadUnaligned(as: UInt64.self))
    }

    /// The value of eight decimal digits; nil where one is none.
    @inline(__always)
    static func eightDigits(_ text: UnsafePointer<UInt8>) -> UInt64? {
        let digits = load(text) ^ zeros
        return areDigits(digits) ? value(digits) : nil
    }

    /// The value of 1 to 8 decimal digits; nil where one is none. Eight bytes must be readable.
    @inline(__always)
    static func digits(_ text: UnsafePointer<UInt8>, count: Int) -> UInt64? {
        // What stands behind is pushed out; zeros come before.
        let shift = UInt64(truncatingIfNeeded: 64 &- count &* 8)
        let digits = (load(text) &<< shift) ^ (zeros &<< shift)
        return areDigits(digits) ? value(digits) : nil
    }

    @inline(__always)
    private static func areDigits(_ word: UInt64) -> Bool {
        ((word &+ aboveNine) | word) & highBits == 0
    }

    /// Pairs, fours and then all eight are put together, side by side in one multiplication each.
    @inline(__always)
    private static func value(_ digits: UInt64) -> UInt64 {
        let pairs = digits &* 10 &+ (digits >> 8)
        let mask: UInt64 = 0x0000_00FF_0000_00FF
        let low = (pairs & mask) &* (100 &+ 1_000_000 << 32)
        let high = ((pairs >> 16) & mask) &* (1 &+ 10_000 << 32)
        return (low &+ high) >> 32
    }

    /// Three numbers of two digits in `text`, which must look like `pattern`: digits where it has `0`, and otherwise the same
    /// bytes. `limits` is what makes any other byte show in its highest bit.
    @inline(__always)
    static func fields(_ text: UnsafePointer<UInt8>, _ shape: Shape) -> UInt64? {
        let word = load(text) ^ shape.pattern
        guard ((word &+ shape.limits) | word) & highBits == 0 else { return nil }
        return word &* 10 &+ (word >> 8)
    }

    /// What eight characters must look like.
    struct Shape {
        let pattern: UInt64
        /// 0x76 where a digit stands, which shows whatever is above 9; 0x7F where it must be the pattern's byte.
        let limits: UInt64

        /// `YYYY-MM-`: the pairs stand in bytes 0, 2 and 5 of ``DigitWord/fields(_:_:)``.
        static let yearAndMonth = Shape(pattern: 0x2D30_302D_3030_3030, limits: 0x7F76_767F_7676_7676)
        /// `HH:MM:SS`: the pairs stand in bytes 0, 3 and 6.
        static let clock = Shape(pattern: 0x3030_3A30_303A_3030, limits: 0x7676_7F76_767F_7676)
    }

    /// One byte of a word, from the lowest.
    @inline(__always)
    static func byte(_ word: UInt64, _ index: UInt64) -> Int {
        Int(truncatingIfNeeded: (word &>> (index &* 8)) & 0xFF)
    }

    /// Marks the lowest byte of a word that equals `byte`, in its highest bit; bytes above it may be marked wrongly.
    @inline(__always)
    static func matches(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (UInt64(byte) &* 0x0101_0101_0101_0101)
        return (difference &- 0x0101_0101_0101_0101) & ~difference & highBits
    }
}
