/// Copies the texts of cells, most of which are short: in steps of a few bytes, which may read and write beyond the end.
enum TextCopy {
    /// What must be readable behind a text, and writable behind its copy.
    static let stepBytes = 16
    /// From here on a call is cheaper than steps.
    private static let longBytes = 128

    @inline(__always)
    static func copy(_ text: UnsafePointer<UInt8>, _ count: Int, to out: UnsafeMutablePointer<UInt8>) {
        if count > longBytes {
            UnsafeMutableRawPointer(out).copyMemory(from: text, byteCount: count)
            return
        }
        var at = 0
        repeat {
            let step = UnsafeRawPointer(text + at).loadUnaligned(as: SIMD16<UInt8>.self)
            UnsafeMutableRawPointer(out + at).storeBytes(of: step, as: SIMD16<UInt8>.self)
            at &+= stepBytes
        } while at < count
    }

    /// Copies what stands between quotes, doubled quotes made one; returns how many bytes that has, nil where a quote stands
    /// alone.
    @inline(__always)
    static func unquote(_ text: UnsafePointer<UInt8>, _ count: Int, quote: UInt8, to out: UnsafeMutablePointer<UInt8>) -> Int? {
        var at = 0
        var end = 0
        while at < count {
            let word = DigitWord.load(text + at)
            UnsafeMutableRawPointer(out + end).storeBytes(of: word.littleEndian, as: UInt64.self)
            let quotes = DigitWord.matches(word, quote)
            let span = quotes == 0 ? 8 : quotes.trailingZeroBitCount >> 3
            if span >= count &- at { return end &+ count &- at }
            at &+= span
            end &+= span
            guard quotes != 0 else { continue }
            guard at &+ 1 < count, text[at &+ 1] == quote else { return nil }
            at &+= 2
            end &+= 1
        }
        return end
    }
}
