/// Searches bytes eight at a time.
///
/// How this works: for a word `x` and a bound n <= 128, `(x - n·0x0101…) & ~x & 0x8080…` is not zero exactly when some
/// byte of `x` is below n (Bit Twiddling Hacks, "Determine if a word has a byte less than n").
enum ByteScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// True where a byte is a control character below 14 or a backslash: COPY text may have to escape it.
    static func containsSpecial(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let backslashes = ones &* 0x5C
        return contains(bytes) { word in
            let other = word ^ backslashes
            return (((word &- ones &* 14) & ~word) | ((other &- ones) & ~other)) & highs != 0
        } byte: {
            $0 < 14 || $0 == 0x5C
        }
    }

    static func containsZero(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        contains(bytes) {
            ($0 &- ones) & ~$0 & highs != 0
        } byte: {
            $0 == 0
        }
    }

    @inline(__always)
    private static func contains(
        _ bytes: UnsafeBufferPointer<UInt8>, word: (UInt64) -> Bool, byte: (UInt8) -> Bool
    ) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        let wordEnd = raw.count & ~7
        var at = 0
        while at < wordEnd {
            if word(raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)) { return true }
            at &+= 8
        }
        while at < raw.count {
            if byte(raw[at]) { return true }
            at &+= 1
        }
        return false
    }
}
