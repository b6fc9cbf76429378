/// Whether bytes are well-formed UTF-8 (Unicode 15, table 3-7).
enum UTF8Check {
    static func isValid(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        firstInvalid(text) == nil
    }

    /// The offset of the first byte that begins no well-formed sequence.
    static func firstInvalid(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let base = text.baseAddress else { return nil }
        let count = text.count
        var at = 0
        while at < count {
            let byte = text[at]
            if byte < 0x80 {
                at &+= 1
                // Eight at a time while they are ASCII.
                while at &+ 8 <= count,
                    UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    at &+= 8
                }
                continue
            }
            let length: Int
            var low: UInt8 = 0x80
            var high: UInt8 = 0xBF
            switch byte {
            case 0xC2...0xDF: length = 2
            case 0xE0: (length, low) = (3, 0xA0)
            case 0xED: (length, high) = (3, 0x9F)
            case 0xE1...0xEF: length = 3
            case 0xF0: (length, low) = (4, 0x90)
            case 0xF4: (length, high) = (4, 0x8F)
            case 0xF1...0xF3: length = 4
            default: return at
            }
            guard at &+ length <= count, text[at &+ 1] >= low, text[at &+ 1] <= high else { return at }
            for next in 2..<max(2, length) where text[at &+ next] & 0xC0 != 0x80 { return at }
            at &+= length
        }
        return nil
    }
}
